"""The package is what Debian expects, and comes and goes on a Debian without a trace."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import build
import deb
import pytest

from tests.line import PATIENCE, Line
from tests.packaging import stopwatch
from tests.packaging.conftest import EPOCH, ROOT
from tests.packaging.debian import Debian

SECRET = "hunter22"
OURS = (
    "find / -xdev -iname '*smtp*wizard*'"
    " -not -path '/root/*' -not -path '/srv/*'"  # the operator's
    " -not -path '/var/cache/man/cat*'"  # man's
)
"""Lists what is there of the package: all of its files have its name."""


@pytest.fixture(scope="module")
def package(built: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    (path,) = built.glob("*.deb")
    return path


@pytest.fixture(scope="module")
def successor(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a later version."""
    built = shutil.copytree(package.parent, tmp_path_factory.mktemp("later") / "dist")
    deb.make(built, "99.0.0", tmp_path_factory.mktemp("scratch"), EPOCH)
    return built / "smtp-wizard_99.0.0_all.deb"


def test_lintian_finds_no_error(package: Path) -> None:
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    done = subprocess.run(
        ["lintian", "--fail-on", "error", str(package)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_copyright_names_all_that_the_package_carries(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", str(package), str(tmp_path)], check=True)
    text = (tmp_path / "usr/share/doc/smtp-wizard/copyright").read_text()
    with zipfile.ZipFile(tmp_path / "usr/bin/smtp-wizard") as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    carried = {top.removesuffix(".dist-info") for top in tops if top.endswith(".dist-info")}
    ours = {each for each in carried if each.startswith("smtp_wizard-")}
    assert len(carried) > 20
    assert {each for each in carried if f"\n{each}: LICEN" not in text} == ours
    assert (ROOT / "LICENSE").read_text().strip() in text


def test_dpkg_takes_a_preview_for_older_than_its_release(built: Path, tmp_path: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    copy = shutil.copytree(built, tmp_path / "dist")
    deb.make(copy, "99.0.0rc1", tmp_path, EPOCH)
    version = "99.0.0~rc1"
    assert (copy / f"smtp-wizard_{version}_all.deb").exists()
    subprocess.run(["dpkg", "--compare-versions", version, "lt", "99.0.0"], check=True)


def test_build_goes_without_the_package_where_it_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    build.make_deb(tmp_path / "smtp_wizard-0.1.0-py3-none-any.whl", tmp_path, tmp_path, EPOCH)
    assert "dpkg-deb is not installed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def commands_work(debian: Debian) -> None:
    set_up = "smtp-wizard set --user me@example.org --endpoint mail.example.org --secret-stdin"
    assert debian.run("smtp-wizard --version").startswith("smtp-wizard ")
    debian.run(f"mkdir /srv/mail; cd /srv/mail; {set_up} --no-test", SECRET.encode())
    assert "me@example.org" in debian.run("cd /srv/mail; smtp-wizard show")
    with Line(debian.command("smtp-wizard demo"), cwd=Path("/")) as line:
        line.until(lambda received: b"Nothing of yours is" in received)  # Debian's cryptography
        line.send("\x11")
        line.process.wait(PATIENCE)


def shells_complete(debian: Debian) -> None:
    """Press Tab after a half command: only the whole one shows what is set."""
    debian.write("/root/.zshrc", b"autoload -Uz compinit && compinit\n")
    for shell in ("bash -il", "zsh -i"):
        with Line(debian.command(f"cd /srv/mail; exec {shell}"), cwd=Path("/")) as line:
            line.until(lambda received: b"# " in received)
            line.send("smtp-wizard sho\t\r")
            line.until(lambda received: b"me@example.org" in received)


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_package_comes_works_and_goes_on_debian(
    release: str,
    package: Path,
    successor: Path,
    tmp_path: Path,
    record_property: stopwatch.Record,
) -> None:
    """One Debian serves all questions: making it takes longer than the answers."""
    with Debian(release, tmp_path / "root") as debian:
        debian.write(f"/srv/dist/{package.name}", package.read_bytes())
        debian.write("/srv/later.deb", successor.read_bytes())
        install = debian.command(f"cd /srv/dist; {stopwatch.commands('deb')}")
        stopwatch.measure(f"deb on {release}", install, tmp_path, record_property)
        commands_work(debian)
        shells_complete(debian)
        assert "--secret-stdin" in debian.run("man smtp-wizard")
        assert debian.run("dpkg --verify smtp-wizard") == ""
        for way in ("remove", "purge"):
            debian.run("apt-get install -qy /srv/later.deb")  # the first time over the older one
            assert debian.run("dpkg-query -f '${Version}' -W smtp-wizard") == "99.0.0"
            assert "me@example.org" in debian.run("cd /srv/mail; smtp-wizard show")
            assert debian.run(OURS)
            debian.run(f"apt-get {way} -qy smtp-wizard")
            assert debian.run(OURS) == ""
            assert debian.run("dpkg-query -W smtp-wizard 2>&1 || true").startswith("dpkg-query: no")
        # What the operator has written is the operator's.
        assert SECRET in debian.run("cat /srv/mail/.env")

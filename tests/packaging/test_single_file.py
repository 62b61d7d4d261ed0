"""smtp-wizard.pyz does everything alone: in an empty directory, for an account without a home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pins
import pytest
import pyz
import sbom

from tests.cli.test_windows import SENTENCE, STAND_IN
from tests.files.accounts import ORDINARY, ROOT
from tests.line import Line
from tests.packaging.conftest import PACKAGING
from tests.secrets.session_bus import session_bus
from tests.terminal.test_in_tmux import Terminal
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.secrets.secret import Secret

PINS = pins.read(PACKAGING / "constraints.txt")
SECRET = "hunter22#1"
SUPPORTED = [f"python3.{minor}" for minor in range(11, 15)]
TOO_OLD = ["python2.7", "python3.6", "python3.9", "python3.10"]


def runs(python: str, account: int | None = None) -> bool:
    try:
        done = subprocess.run([python, "-c", ""], capture_output=True, check=False, user=account)
    except OSError:
        return False
    return done.returncode == 0


class Alone:
    """The archive in a directory of its own, whose name has blanks, run by another account."""

    def __init__(self, archive: Path, directory: Path) -> None:
        self.directory = directory
        self.archive = Path(shutil.copy(archive, directory))
        self.account = ORDINARY if ROOT else None
        if ROOT:
            os.chown(directory, ORDINARY, ORDINARY)

    def python(self, name: str) -> str:
        """Return a Python that this account can run; skip the test where there is none."""
        found = [shutil.which(name), f"/usr/bin/{name}", f"/usr/local/bin/{name}"]
        for each in found:
            if each and runs(each, self.account):
                return each
        pytest.skip(f"{name} is not installed for everybody")

    def __call__(
        self, python: str, *arguments: str, stdin: bytes = b"", environ: Mapping[str, str] = {}
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [python, self.archive.name, *arguments],
            cwd=self.directory, input=stdin, capture_output=True, check=False,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(self.directory),
                 **environ},
            user=self.account, group=self.account,
        )  # fmt: skip

    def write(self, name: str, text: str) -> None:
        """Write a file of the account's own."""
        path = self.directory / name
        path.write_text(text)
        if ROOT:
            os.chown(path, ORDINARY, ORDINARY)

    def names(self) -> set[str]:
        return {path.name for path in self.directory.iterdir()} - {self.archive.name}


@pytest.fixture
def alone(built: Path, place: Path) -> Alone:
    directory = place / "with some blanks"
    directory.mkdir()
    return Alone(built / "smtp-wizard.pyz", directory)


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer(DEMO_USER, Secret(SECRET)) as running:
        yield running


@pytest.mark.parametrize("name", SUPPORTED)
def test_every_command_works_without_a_home(name: str, alone: Alone) -> None:
    python = alone.python(name)
    assert alone(python, "--version").stdout.startswith(b"smtp-wizard ")
    assert alone.names() == set()
    values = ["--user", "me@example.org", "--endpoint", "mail.example.org", "--secret-stdin"]
    done = alone(python, "set", *values, "--no-test", "--json", stdin=SECRET.encode())
    assert json.loads(done.stdout)["changed"], done.stderr
    again = alone(python, "set", *values, "--no-test", "--json", stdin=SECRET.encode())
    assert not json.loads(again.stdout)["changed"]
    shown = json.loads(alone(python, "show", "--json").stdout)
    assert (shown["user"], shown["secret"]["effective"]) == ("me@example.org", "env-file")
    checked = alone(python, "check", "--json")
    assert checked.stdout, (checked.returncode, checked.stderr)
    found = json.loads(checked.stdout)["findings"]
    assert {each["code"] for each in found} == {"server-settings-missing"}
    started = alone(python, "exec", "--", "/bin/sh", "-c", 'printf %s "$SMTP_SECRET"')
    assert started.stdout.decode() == SECRET
    assert alone(python, "undo").returncode == 0
    # Without a home there is one private directory beside the configuration, and nothing else.
    assert alone.names() == {".smtp-wizard"}
    assert alone(python, "--print-completion", "bash").stdout.startswith(b"# ")


def test_on_windows_it_says_where_it_runs(built: Path) -> None:
    """On the stand-in for it that :mod:`tests.cli.test_windows` describes."""
    archive = str(built / "smtp-wizard.pyz")
    code = f"{STAND_IN}\nrunpy.run_path({archive!r}, run_name='__main__')"
    command = [sys.executable, "-I", "-c", code, "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", SENTENCE)


@pytest.mark.parametrize("name", SUPPORTED)
def test_live_test_works_with_encryption_and_reads_the_certificate(
    name: str, alone: Alone, server: MailServer
) -> None:
    python = alone.python(name)
    alone.write("authority.pem", server.authority_pem.decode())
    done = alone(
        python, "test", "--json", "--user", DEMO_USER, "--secret-stdin", "--endpoint",
        f"smtp://localhost:{server.ports.starttls}?tls=required", stdin=SECRET.encode(),
        environ={"SSL_CERT_FILE": str(alone.directory / "authority.pem")},
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report.get("verdict") == "pass", report
    details = {stage["stage"]: stage["detail"] for stage in report["stages"]}
    assert DEMO_HOST in details["starttls"]["names"]


def test_translations_are_found_inside_the_archive(alone: Alone) -> None:
    python = alone.python("python3.11")
    english, german = (
        alone(python, "undo", environ={"LC_ALL": locale}).stderr
        for locale in ("en_US.UTF-8", "de_DE.UTF-8")
    )
    assert b"There is no write that could be undone" in english
    assert b"There is no write" not in german
    assert german.startswith(b"smtp-wizard: ")


def test_compose_file_is_read_without_machine_code(alone: Alone) -> None:
    alone.write("compose.yaml", "services:\n  bomnipotent_server: [\n")
    alone.write("config.toml", '[smtp]\nuser = "a@x.example"\nendpoint = "x"\n')
    done = alone(alone.python("python3.11"), "check", "--json")
    found = {(each["code"], each["line"]) for each in json.loads(done.stdout)["findings"]}
    assert ("compose-invalid", 3) in found


def test_nothing_is_unpacked_where_everything_is_read_only(alone: Alone) -> None:
    python = alone.python("python3.11")
    alone.directory.chmod(0o555)
    done = alone(python, "show", "--json")
    alone.directory.chmod(0o755)
    assert json.loads(done.stdout)["user"] is None
    assert alone.names() == set()


def test_keyring_is_asked_from_inside_the_archive(alone: Alone) -> None:
    """Its child process finds what it needs there, and gets as far as there being no session."""
    done = alone(
        alone.python("python3.11"), "set", "--store", "keyring", "--user", "a@x.example",
        "--endpoint", "x.example", "--no-test", "--json",
    )  # fmt: skip
    assert done.returncode == 6
    assert json.loads(done.stdout)["error"]["code"] == "keyring-no-bus"


def test_keyring_needs_the_cryptography_of_the_system_and_says_so(alone: Alone) -> None:
    if shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("gnome-keyring is not installed")
    command = ["set", "--store", "keyring", "--secret-stdin", "--user", "a@x.example",
               "--endpoint", "x.example", "--no-test", "--json"]  # fmt: skip
    with session_bus() as bus:
        bus.keyring(unlocked=True)
        results = [
            subprocess.run(
                [sys.executable, *flags, str(alone.archive), *command], input=b"hunter22",
                cwd=alone.directory, env=bus.environ, capture_output=True, check=False,
            )
            for flags in (["-S"], [])  # without and with the packages of this Python
        ]  # fmt: skip
    without, beside = (json.loads(result.stdout) for result in results)
    assert without["error"]["code"] == "keyring-not-installed"
    assert "python3-cryptography" in without["error"]["remedy"]
    assert beside["secret"]["store"] == "keyring"


def test_demo_without_cryptography_says_what_to_do(alone: Alone) -> None:
    command = [sys.executable, "-S", str(alone.archive), "demo"]
    with Line(command, cwd=alone.directory) as line:
        line.until(lambda received: b"python3-cryptography" in received)
        assert line.process.wait(30) == 2


def test_demo_with_the_cryptography_of_the_system_starts(alone: Alone) -> None:
    with Line([sys.executable, str(alone.archive), "demo"], cwd=alone.directory) as line:
        line.until(lambda received: b"Demo:" in received)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_wizard_comes_up_on_the_full_screen_and_line_by_line(alone: Alone, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    try:
        terminal.run(f"{sys.executable} -S '{alone.archive}'; echo exit=$?")
        terminal.wait("nothing is written yet")
        terminal.press("C-q")
        terminal.wait("exit=130")
        terminal.run(f"clear; {sys.executable} -S '{alone.archive}' --plain; echo exit=$?")
        terminal.wait("Mail address (user):")
        terminal.type("quit")
        terminal.press("Enter")
        terminal.wait("exit=130")
    finally:
        terminal.close()


@pytest.mark.parametrize("name", TOO_OLD)
def test_python_that_is_too_old_is_told_so(name: str, alone: Alone) -> None:
    python = shutil.which(name)
    if python is None or not runs(python):
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([python, str(alone.archive)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("smtp-wizard: Python 3.11 or later is needed; this is ")


def test_archive_is_pure_and_has_every_pin_with_its_licence_but_what_is_left_out(
    alone: Alone,
) -> None:
    with zipfile.ZipFile(alone.archive) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.endswith((".so", ".pyd", ".dll"))]
    packages = {name.partition("/")[0] for name in names if ".dist-info/" in name}
    ours = {sbom.normal(package.partition("-")[0]) for package in packages} - {"smtp-wizard"}
    assert ours == {pin.name for pin in PINS} - pyz.LEFT_OUT.keys()
    assert len(ours) > 20
    for package in packages:
        files = [name for name in names if name.startswith(f"{package}/")]
        assert any("LICEN" in name.upper() or "COPYING" in name for name in files), package

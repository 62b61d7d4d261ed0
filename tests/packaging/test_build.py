"""What is published: complete, the same whenever it is built, and pinned."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.packaging.conftest import build


def test_everything_is_built(built: Path) -> None:
    names = {path.name for path in built.iterdir()}
    assert {"SHA256SUMS", "constraints.txt", "smtp-wizard.1", "smtp-wizard.bash",
            "smtp-wizard.cdx.json", "smtp-wizard.pyz", "smtp-wizard.zsh"} < names  # fmt: skip
    sums = dict(line.split()[::-1] for line in (built / "SHA256SUMS").read_text().splitlines())
    assert sums.keys() == names - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == digest


def test_wheel_is_the_package_with_man_page_and_completions(built: Path, tree: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert tops == {"wizard", "smtp_wizard"}
    ours = {
        path.relative_to(tree).as_posix()
        for path in tree.glob("wizard/**/*.*")
        if path.suffix != ".po" and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("wizard/")} == ours
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    assert shared == {
        "share/man/man1/smtp-wizard.1",
        "share/bash-completion/completions/smtp-wizard",
        "share/zsh/site-functions/_smtp-wizard",
    }


def test_sdist_has_all_that_a_build_takes(built: Path, tmp_path: Path) -> None:
    """Everything can be built once more from the sdist alone."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    again = build(tree, tmp_path / "again")
    (wheel,), (same,) = built.glob("*.whl"), again.glob("*.whl")
    assert same.read_bytes() == wheel.read_bytes()


def test_two_builds_give_the_same_bytes(built: Path, tree: Path, tmp_path: Path) -> None:
    """Whatever the directory, the time zone, the locale, the umask and the order of hashes are."""
    elsewhere = tmp_path / "else where"
    shutil.copytree(tree, elsewhere)
    (elsewhere / "README.md").touch()
    again = build(
        elsewhere, tmp_path / "again", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7",
        TMPDIR=str(tmp_path),
    )  # fmt: skip
    assert (again / "SHA256SUMS").read_text() == (built / "SHA256SUMS").read_text()


def test_man_page_that_is_published_is_valid(built: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        ["groff", "-man", "-Kutf8", "-Tutf8", "-ww", "-z", str(built / "smtp-wizard.1")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""

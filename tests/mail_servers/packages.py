"""Debian's packages, fetched but not installed: mail servers conflict, and would start."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lock import locked

TARGET = Path(__file__).parent / "target"


def fetch_packages(*packages: str) -> Path:
    """Return a directory with the archives of the packages and their dependencies.

    Those installed here already are left out. Skips the test where packages cannot be had.
    """
    for command in ("apt-get", "dpkg-deb"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    directory = TARGET / "_".join(packages)
    with locked(TARGET):
        if not directory.exists():
            scratch = directory.with_suffix(".unfinished")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            _download(scratch, packages)
            scratch.rename(directory)
    return directory


def _download(directory: Path, packages: tuple[str, ...]) -> None:
    needed = _needed(packages)
    if not needed:
        _apt("update")
        needed = _needed(packages)
    if not needed:
        pytest.skip(f"apt-get knows no {', '.join(packages)}")
    done = _apt("-o", "APT::Sandbox::User=root", "download", *needed, directory=directory)
    if done.returncode:
        pytest.skip(f"apt-get download: {done.stderr.strip().splitlines()[-1]}")


def _needed(packages: tuple[str, ...]) -> list[str]:
    """Return what would be installed, from a simulation."""
    done = _apt("install", "--simulate", "--reinstall", "--no-install-recommends", *packages)
    lines = done.stdout.splitlines()
    return [line.split()[1] for line in lines if line.startswith("Inst ")]


def _apt(*arguments: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["apt-get", "-q", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )

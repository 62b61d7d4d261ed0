"""Protected files, and file systems for one test."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Mount = Callable[..., Path]
Protect = Callable[[str, Path], None]


@pytest.fixture
def place(place: Path) -> Iterator[Path]:
    """Return the same directory, and let what is in it be removed."""
    yield place
    subprocess.run(["chattr", "-R", "-ia", str(place)], capture_output=True, check=False)


@pytest.fixture
def mount(place: Path) -> Iterator[Mount]:
    """Return a function that mounts something and returns where, or skips where it may not."""
    mounted: list[Path] = []

    def mount(target: Path, *arguments: str) -> Path:
        command = ["mount", *arguments, str(target)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount here")
        if done.returncode:
            pytest.skip("nothing can be mounted here")
        if target not in mounted:  # it may be mounted anew with other options
            mounted.append(target)
        return target

    yield mount
    for target in reversed(mounted):
        subprocess.run(["umount", str(target)], check=True)


@pytest.fixture
def protect() -> Protect:
    """Return a function that sets an attribute of ext4 and its like, such as ``+i``."""

    def protect(attribute: str, path: Path) -> None:
        try:
            done = subprocess.run(
                ["chattr", attribute, str(path)], capture_output=True, check=False
            )
        except FileNotFoundError:
            pytest.skip("there is no chattr here")
        if done.returncode:
            pytest.skip("this file system, or this account, cannot protect files")

    return protect

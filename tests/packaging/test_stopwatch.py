"""The commands of docs/packages.md lead an account that has nothing to the running wizard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.packaging import stopwatch
from tests.packaging.conftest import no_registry

_INSTALLERS = {"pipx": "pipx==1.18.4", "uvx": "uv==0.13.9"}
_REGISTRY = ("PIP_", "UV_", "SSL_CERT_")
"""The beginnings of variables that say where packages come from."""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return the directory of an account's programs, with Python alone."""
    directory = tmp_path / "home/.local/bin"
    directory.mkdir(parents=True)
    (directory / "python3").symlink_to(Path(sys.executable).resolve())
    return directory


def install(requirement: str, to: Path) -> None:
    """Install a program into an environment of its own."""
    venv.create(to, with_pip=True)
    done = subprocess.run(
        [to / "bin/pip", "install", "-q", requirement], capture_output=True, text=True, check=False
    )
    if no_registry(done.stderr):
        pytest.skip("the package registry is out of reach")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("way", ["pip", "pipx", "uvx", "pyz"])
def test_commands_of_the_page_lead_to_the_first_screen(
    way: str,
    built: Path,
    programs: Path,
    tmp_path: Path,
    record_property: stopwatch.Record,
) -> None:
    if way in _INSTALLERS:
        install(_INSTALLERS[way], tmp_path / "installer")
        for each in {way, way.removesuffix("x")}:  # uvx runs the uv beside it
            if (tmp_path / "installer/bin" / each).exists():
                (programs / each).symlink_to(tmp_path / "installer/bin" / each)
    directory = shutil.copytree(built, tmp_path / "dist")
    environ = {
        **{name: value for name, value in os.environ.items()
           if name.startswith(_REGISTRY) or name.lower().endswith("_proxy")},
        "HOME": str(tmp_path / "home"), "PATH": f"{programs}:/usr/bin:/bin",
        "LANG": "C.UTF-8", "TERM": "xterm-256color",
    }  # fmt: skip
    command = ["env", "-i", *(f"{name}={value}" for name, value in environ.items()),
               "sh", "-ec", stopwatch.commands(way)]  # fmt: skip
    stopwatch.measure(way, command, directory, record_property)

"""Programs that tests need, built from their published sources, and packages of npm.

A test is skipped where the toolchain is absent or its registry out of reach; that a program does
not compile is a failure. What is built stays in the ignored ``target`` directories.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.lock import locked

HERE = Path(__file__).parent
_CRATES = HERE / "lettre_rust" / "target"
"""What the crates have in common is compiled once."""


@cache
def built(name: str) -> Path:
    """Return the program of the crate in the directory ``name``."""
    directory = HERE / name
    download(directory, "cargo", "fetch", "--locked", refusals=("--locked",))
    _build(
        directory, "cargo", "build", "--locked", "--offline", f"--target-dir={_CRATES}",
        "--config=profile.dev.debug=false",
    )  # fmt: skip
    return _CRATES / "debug" / name


def go_program(directory: Path, package: str, *flags: str) -> Path:
    """Return the program of ``package`` in the versions that the go.mod in ``directory`` names."""
    program = directory / "target" / directory.name.removesuffix("_go")
    refusals = ("SECURITY ERROR", "updates to go.mod", "missing go.sum entry")
    with locked(program.parent):
        download(directory, "go", "mod", "download", refusals=refusals)
        _build(directory, "go", "build", "-mod=readonly", *flags, f"-o={program}", package)
    return program


def _run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=800)


def download(directory: Path, *command: str, refusals: tuple[str, ...]) -> None:
    """Run a command that needs the network; its refusals to use the lock file are failures."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = _run(directory, *command)
    if done.returncode and any(refusal in done.stderr for refusal in refusals):
        pytest.fail(done.stderr)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1]}")


def _build(directory: Path, *command: str) -> None:
    done = _run(directory, *command)
    if done.returncode:
        pytest.fail(done.stderr)


def node_modules(directory: Path, *options: str) -> Path:
    """Return the directory with what the lock file in ``directory`` lists.

    It is not touched where it is complete: another process may be running what is in it.
    """
    target, lock = directory / "target", "package-lock.json"
    modules = target / "node_modules"
    with locked(target):
        complete = (modules / ".package-lock.json").exists()
        if not complete or (target / lock).read_bytes() != (directory / lock).read_bytes():
            for name in ("package.json", lock):
                shutil.copy(directory / name, target)
            refusals = ("EUSAGE", "EINTEGRITY")
            download(target, "npm", "ci", "--no-audit", "--no-fund", *options, refusals=refusals)
    return modules

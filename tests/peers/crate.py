"""The programs in Rust that tests ask, built from their published sources when they are needed.

They share what they have in common. A test is skipped where Rust is absent or its registry out of
reach; that a program does not compile is a failure.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGET = HERE / "lettre_rust" / "target"


@cache
def built(name: str) -> Path:
    """Return the program of the crate in the directory ``name``."""
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed")
    fetched = _cargo(name, "fetch", "--locked")
    if fetched.returncode and "--locked" not in fetched.stderr:
        pytest.skip(f"cargo fetch: {fetched.stderr.strip().splitlines()[-1]}")
    made = _cargo(
        name, "build", "--locked", "--offline", f"--target-dir={TARGET}",
        "--config=profile.dev.debug=false",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return TARGET / "debug" / name


def _cargo(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cargo", *arguments], cwd=HERE / name, capture_output=True, text=True, timeout=800,
        check=False,
    )  # fmt: skip

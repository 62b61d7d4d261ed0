"""The programs that are measured beside ours, where this machine has them or can build them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import platformdirs
import pytest

from tests.peers.programs import built

GUM = "github.com/charmbracelet/gum@v0.17.0"
_BUILDING = 600
"""Seconds that gum may take; two minutes are usual."""


class Absent(Exception):
    """A program cannot be measured; the message says which one, and why."""


def installed(name: str) -> Path:
    """Return where a program of the system is; raise `Absent` without it."""
    found = shutil.which(name)
    if found is None:
        raise Absent(f"{name}: not installed")
    return Path(found)


def gum() -> Path:
    """Return gum: the system's, else one that Go builds once into the user's cache."""
    cache = platformdirs.user_cache_path("smtp-wizard-benchmarks") / GUM.rpartition("@")[2]
    program = cache / "gum"
    if found := shutil.which("gum"):
        return Path(found)
    if program.exists():
        return program
    if shutil.which("go") is None:
        raise Absent("gum: neither installed nor to be built, there is no Go")
    try:
        subprocess.run(
            ["go", "install", GUM],
            env={**os.environ, "GOBIN": str(cache)},
            capture_output=True,
            text=True,
            timeout=_BUILDING,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Absent(f"gum: not built within {_BUILDING} seconds") from None
    except subprocess.CalledProcessError as error:
        raise Absent(f"gum: {error.stderr.strip().splitlines()[-1]}") from None
    return program


def lettre() -> Path:
    """Return the program that tests settings with lettre, as the tests build it."""
    try:
        return built("lettre_rust")
    except pytest.skip.Exception as skipped:
        raise Absent(f"lettre: {skipped.msg}") from None


def say_skipped(reasons: Iterable[object]) -> None:
    """Name what is left out, and why."""
    for reason in reasons:
        sys.stdout.write(f"skipped: {reason}\n")

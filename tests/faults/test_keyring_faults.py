"""The same with a real keyring on a bus of its own: killed at just a few points."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.faults.test_faults import run_faults


def test_kill_while_the_secret_moves_to_or_from_the_keyring_loses_nothing(tmp_path: Path) -> None:
    for program in ("dbus-daemon", "dbus-send", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if importlib.util.find_spec("secretstorage") is None:
        pytest.skip("secretstorage is not installed")
    sample = ("--stride", "1000", "--least", "2")
    done = run_faults(tmp_path, "--keyring", "--fault", "killed after", *sample)
    assert [line for line in done.stdout.splitlines() if " x " in line] == []
    assert done.returncode == 0, done.stderr

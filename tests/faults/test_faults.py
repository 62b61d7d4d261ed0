"""Every system call of a save fails in every way: here a sample, all in -m tests.faults."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import shim
from tests.faults.scenario import SCENARIOS

ROOT = Path(__file__).parents[2]


def run_faults(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    if why := shim.missing():
        pytest.skip(why)
    return subprocess.run(
        [sys.executable, "-m", "tests.faults", "--directory", str(directory), *arguments],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("scenario", [each.name for each in SCENARIOS])
def test_fault_at_any_call_leaves_the_old_state_or_the_new(tmp_path: Path, scenario: str) -> None:
    done = run_faults(tmp_path, "--scenario", scenario, "--stride", "300", "--twice")
    assert [line for line in done.stdout.splitlines() if " x " in line] == []
    assert done.returncode == 0, done.stderr

"""Fifty runs at once: each succeeds or says why not, and the disk has one that succeeded."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wizard.cli import main
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.secrets.secret import Secret

RUNS = 50


def start(config: Path, number: int) -> subprocess.Popen[str]:
    values = ("--user", user(number), "--endpoint", "mail.example.org", "--secret-env", "GIVEN")
    command = (sys.executable, "-m", "wizard", "-c", str(config), "set", *values)
    return subprocess.Popen(
        [*command, "--no-test", "--json"],
        env={**os.environ, "GIVEN": secret(number), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def user(number: int) -> str:
    return f"user{number}@example.org"


def secret(number: int) -> str:
    return f"secret of {number}"


def on_disk(config: Path) -> int:
    """Return the number of the run whose values are on the disk, all of them."""
    settings = load_config(find_layout(config), environ={}).settings()
    number = int(settings.user.removeprefix("user").partition("@")[0])
    assert settings.secret == Secret(secret(number))
    return number


def test_fifty_runs_at_once_leave_the_state_of_one_that_succeeded(
    tmp_path: Path, state_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMTP_SECRET", raising=False)
    config = tmp_path / "new" / "directory" / "config.toml"
    runs = [start(config, number) for number in range(RUNS)]
    succeeded = set()
    for number, run in enumerate(runs):
        output, errors = run.communicate()
        document = json.loads(output)
        if run.returncode == 0:
            assert document["changed"] is True
            succeeded.add(number)
        else:
            assert run.returncode in (4, 5), errors
            assert document["error"]["code"] in ("locked", "file-changed")
            assert document["error"]["remedy"]
    assert on_disk(config) in succeeded
    assert sorted(path.name for path in config.parent.iterdir()) == [".env", "config.toml"]
    assert [path.suffix for path in (state_directory / "journal").iterdir()] == [".last"]
    for lock in (state_directory / "locks").iterdir():
        nobody_holds(lock)
    last = on_disk(config)
    if len(succeeded) > 1:
        assert main(["-c", str(config), "undo"]) == 0
        assert on_disk(config) in succeeded - {last}


def nobody_holds(lock: Path) -> None:
    descriptor = os.open(lock, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)

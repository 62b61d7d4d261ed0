"""There is one writer at a time; the others are told who it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG
from wizard.errors import FileRefused
from wizard.saving import lock
from wizard.saving.lock import lock_config

_HOLDER = """
import sys
from pathlib import Path
from wizard.saving.lock import lock_config
with lock_config(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(config: Path, **environ: str) -> Iterator[int]:
    """Let another process hold the lock; yield its number."""
    command = [sys.executable, "-c", _HOLDER, str(config)]
    environment = {**os.environ, **environ}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.stdin.close()


def test_second_writer_is_told_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with held_elsewhere(config) as number, pytest.raises(FileRefused) as caught:  # noqa: SIM117
        with lock_config(config, 0.1):
            pass
    assert caught.value.code == "locked"
    assert f"Process {number} (" in caught.value.message
    assert "running since" in caught.value.message


def test_accounts_with_their_own_state_directories_share_the_lock(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with held_elsewhere(config, XDG_STATE_HOME=str(tmp_path / "other")):  # noqa: SIM117
        with pytest.raises(FileRefused, match="is changing this"), lock_config(config, 0.1):
            pass


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with held_elsewhere(config) as number:
        os.kill(number, 9)
    with lock_config(config, 5):
        pass


def test_lock_waits_for_the_other_one_to_finish(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with held_elsewhere(config):
        pass
    with lock_config(config, 30):
        pass


def test_lock_leaves_no_file_behind(tmp_path: Path, state_directory: Path) -> None:
    with lock_config(tmp_path / "config.toml"):
        pass
    assert list(tmp_path.iterdir()) == []
    assert [path for path in state_directory.rglob("*") if path.is_file()] == []


def test_set_that_finds_the_lock_taken_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wizard.cli import main

    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    with held_elsewhere(config):
        arguments = ["set", "-c", str(config), "--user", "x@example.org", "--no-test", "--json"]
        assert main(arguments) == 4
    assert '"locked"' in capsys.readouterr().out
    assert config.read_text() == CONFIG

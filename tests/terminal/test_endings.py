"""How the wizard ends during and after writing, by a defect, and with its terminal."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.test_gone import Line
from tests.terminal.test_in_tmux import PATIENCE, children_of
from tests.terminal.test_life import (
    SECRET,
    LivingTerminal,
    Room,
    pytestmark,
    to_review,
    to_secret,
    to_user,
)
from wizard.saving.lock import lock_config

__all__ = ["pytestmark"]

BROKEN = """
import sys
import wizard.live_test.run
from wizard.cli import main

async def run_live_test(settings, **options):
    raise RuntimeError(settings.secret.reveal())
    yield

wizard.live_test.run.run_live_test = run_live_test
sys.exit(main(sys.argv[1:]))
"""


BROKEN_CHECK = """
import sys
import wizard.cli.check_command as check_command
from wizard.cli import main

def find_problems(place):
    raise RuntimeError(place.env_file.read_text())

check_command.find_problems = find_problems
sys.exit(main(sys.argv[1:]))
"""


PARENT = """
import subprocess, sys

sys.exit(subprocess.call([sys.executable, "-m", "wizard", *sys.argv[1:]]))
"""
"""Unlike a shell, it never takes the terminal away from a program that was stopped."""


@pytest.fixture
def room(tmp_path: Path, state_directory: Path) -> Iterator[Room]:
    directory = tmp_path / "server"
    directory.mkdir()
    terminal = LivingTerminal(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield Room(terminal, directory, state_directory, silent.getsockname()[1])
    terminal.close()


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone, or a zombie of another process."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the wizard outlives its terminal")


def test_what_was_written_is_reported_and_not_offered_again(room: Room) -> None:
    to_review(room)
    room.terminal.press("Right", "Enter")
    room.terminal.wait("What to do now")
    os.kill(room.pid(), signal.SIGTERM)
    shown = room.terminal.wait("exit=143")
    assert "new file" in shown
    assert "No changes" not in shown
    room.assert_restored()
    assert "smtp://127.0.0.1:1" in (room.directory / "config.toml").read_text()
    room.start()
    shown = room.terminal.wait("as stored")
    assert "This is what you entered" not in shown


def test_ending_waits_until_files_are_written(room: Room) -> None:
    to_review(room)
    with lock_config(room.directory / "config.toml"):
        pid = room.pid()
        room.terminal.press("Right", "Enter")
        time.sleep(0.5)  # it waits for the lock, or has written: both are to end well
        os.kill(pid, signal.SIGTERM)
    shown = room.terminal.wait("exit=143")
    written = (room.directory / "config.toml").exists()
    assert ("new file" in shown) == written
    assert ("No changes were made to any files." in shown) != written
    room.assert_restored()


def test_defect_is_one_sentence_and_a_report_without_the_secret(room: Room) -> None:
    (room.directory.parent / "broken.py").write_text(BROKEN)
    to_secret(room, program="broken.py")
    room.terminal.press("Enter")
    room.terminal.wait("exit=1")
    shown = " ".join(room.terminal.history().split())
    assert shown.count("Unexpected error (RuntimeError)") == 1
    assert "Traceback" not in shown
    assert "What you entered is kept" in shown
    assert SECRET not in shown
    room.assert_restored()
    room.assert_no_secret_is_kept()
    (report,) = (room.state / "reports").iterdir()
    text = report.read_text()
    assert str(report) in shown.replace(" ", "")
    assert "stage:       Account" in text
    assert "layout:      standalone" in text
    assert " in run_live_test" in text


def test_defect_in_the_background_shows_no_values(room: Room) -> None:
    (room.directory / ".env").write_text(f"SMTP_SECRET={SECRET}\n")
    (room.directory.parent / "broken.py").write_text(BROKEN_CHECK)
    room.start("broken.py")
    room.terminal.wait("How it goes")
    room.terminal.press("C-c")
    room.terminal.wait("exit=130")
    assert SECRET not in room.terminal.history()


def test_stopped_wizard_ends_with_its_terminal(room: Room) -> None:
    to_user(room)
    pid = room.pid()
    os.kill(pid, signal.SIGTSTP)
    room.terminal.wait("Stopped")
    room.terminal.close()
    wait_for_end(pid)
    assert room.files() == room.before
    assert "me@example.org" in room.kept()


def test_wizard_that_was_told_to_ignore_it_ends_with_its_terminal(room: Room) -> None:
    room.terminal.run("trap '' HUP")
    to_user(room)
    pid = room.pid()
    room.terminal.close()
    wait_for_end(pid)
    assert "me@example.org" in room.kept()


def test_key_in_another_encoding_is_skipped(tmp_path: Path) -> None:
    line = Line(tmp_path)
    try:
        line.wait("How it goes")
        line.type(b"\xfcx\xff")
        line.wait_until_read()
        line.type(b"me@example.org\r")
        line.wait("me@example.org")
        line.process.send_signal(signal.SIGTERM)
        assert line.process.wait(PATIENCE) == 128 + signal.SIGTERM
    finally:
        line.close()


def test_continued_after_an_unnoticed_stop(room: Room) -> None:
    (room.directory.parent / "parent.py").write_text(PARENT)
    to_user(room, "parent.py")
    (pid,) = children_of(room.pid())
    os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + PATIENCE
    while "me@example.orgx" not in room.terminal.text() and time.monotonic() < deadline:
        room.terminal.type("x")  # is dropped while the terminal is taken again
        time.sleep(1)
    room.terminal.wait("me@example.orgx")
    os.kill(pid, signal.SIGTERM)
    room.terminal.wait("exit=143")
    room.assert_restored()

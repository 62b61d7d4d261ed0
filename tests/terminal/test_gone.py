"""Terminals that vanish or stall: the wizard ends, and keeps what was entered."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui_textual.emulated import Emulated
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.ui.saved_draft import load_draft

PATIENCE = 30.0
"""Seconds until something must have happened; only a defect takes that long."""


class Line:
    """The wizard on a pseudo-terminal that is not the terminal of its session."""

    def __init__(self, directory: Path) -> None:
        self.near, self.far = os.openpty()
        termios.tcsetwinsize(self.far, (24, 80))
        self.before = termios.tcgetattr(self.far)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wizard", "--no-lookup"],
            stdin=self.far, stdout=self.far, stderr=self.far, start_new_session=True,
            cwd=directory,
            env={**os.environ, "HOME": str(directory), "LANG": "C.UTF-8", "TERM": "xterm"},
        )  # fmt: skip
        self._received = b""

    def wait(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self._screen() and time.monotonic() < deadline:
            if select.select([self.near], [], [], 0.1)[0]:
                self._received += os.read(self.near, 65536)
        assert text in self._screen()

    def _screen(self) -> str:
        """Return what is shown: only changes are sent, so a text need not come in one piece."""
        terminal = Emulated()
        terminal.feed(self._received.decode(errors="ignore"))
        return terminal.text()

    def type(self, text: bytes) -> None:
        os.write(self.near, text)

    def wait_until_read(self) -> None:
        """Wait until the wizard has read what was typed."""
        time.sleep(0.3)  # the system takes a moment to hand it on
        deadline = time.monotonic() + PATIENCE
        while any(fcntl.ioctl(self.far, termios.FIONREAD, bytes(4))):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def enter_a_user(self) -> None:
        self.wait("How it goes")
        self.type(b"me@example.org\r")
        self.wait("me@example.org")

    def hang_up(self) -> None:
        os.close(self.far)
        os.close(self.near)
        self.near = self.far = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for descriptor in (self.near, self.far):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    opened = Line(tmp_path)
    yield opened
    opened.close()


def kept_user(directory: Path) -> str:
    kept = load_draft(load_config(find_layout(directory / "config.toml"), environ={}))
    assert kept is not None
    return kept.draft.user


def test_hang_up_without_a_signal_ends_the_wizard(line: Line, tmp_path: Path) -> None:
    line.enter_a_user()
    line.hang_up()
    assert line.process.wait(PATIENCE) == 128 + signal.SIGHUP
    assert kept_user(tmp_path) == "me@example.org"


def test_stalled_connection_does_not_keep_the_wizard_from_ending(
    line: Line, tmp_path: Path
) -> None:
    line.enter_a_user()
    for _ in range(300):  # nobody reads what this makes the wizard draw
        if not select.select([], [line.near], [], 0)[1]:
            break
        line.type(b"\x1b[Z" * 3)
        time.sleep(0.01)
    line.process.send_signal(signal.SIGTERM)
    assert line.process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert termios.tcgetattr(line.far) == line.before
    assert kept_user(tmp_path) == "me@example.org"


@pytest.mark.parametrize("pause", [0, 0.05, 0.2, 0.5])
def test_hang_up_that_is_followed_by_sigcont_ends_the_wizard(line: Line, pause: float) -> None:
    """The system sends both when the leader of a session loses its terminal."""
    line.enter_a_user()
    line.process.send_signal(signal.SIGHUP)
    time.sleep(pause)
    line.process.send_signal(signal.SIGCONT)
    assert line.process.wait(PATIENCE) == 128 + signal.SIGHUP

"""The installed program in a real terminal, driven by keys and read from the screen."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from wizard.demo import stage
from wizard.demo.mail_server import DEMO_USER

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

PASSWORD = stage.PASSWORD.reveal()
PATIENCE = 30.0
"""Seconds until a text must have appeared; only a defect takes that long."""


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in listed.stdout.split()]


class Terminal:
    """A shell in tmux."""

    def __init__(self, directory: Path, size: str = "80x24") -> None:
        self._socket = f"wizard-{uuid.uuid4().hex}"
        columns, lines = size.split("x")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines,
                   "-c", str(directory), "env", "-i", f"PATH={os.environ['PATH']}",
                   f"HOME={directory}", f"XDG_STATE_HOME={os.environ['XDG_STATE_HOME']}",
                   "LANG=C.UTF-8", "PS1=$ ", "TERM=tmux-256color",
                   "sh")  # fmt: skip
        self.wait("$")

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-L", self._socket, *arguments], capture_output=True, text=True, check=True
        ).stdout

    def run(self, command: str) -> None:
        self.type(command)
        self.press("Enter")

    def wizard(self, arguments: str = "") -> None:
        self.run(f"{sys.executable} -m wizard --no-lookup {arguments}; echo exit=$?")

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def text(self) -> str:
        return self._tmux("capture-pane", "-p", "-J")

    def history(self) -> str:
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def wait(self, text: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            shown = self.text()
            if text in " ".join(shown.split()):
                return shown
            time.sleep(0.05)
        pytest.fail(f"{text!r} did not appear on:\n{self.text()}")

    def processes(self) -> list[int]:
        return children_of(int(self._tmux("list-panes", "-F", "#{pane_pid}")))

    def close(self) -> None:
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_demo_from_the_first_key_to_the_accepted_mail(terminal: Terminal) -> None:
    terminal.wizard("demo")
    terminal.wait("Nothing of yours is touched")
    terminal.type(DEMO_USER)
    terminal.press("Enter")
    terminal.wait("names it in its DNS")
    terminal.type("not-the-password")
    terminal.press("Enter")
    shown = terminal.wait("535 5.7.8")
    assert "The server cannot send mail: login refused" in shown
    terminal.type(PASSWORD)
    terminal.press("Enter")
    terminal.wait("The server can send mail")
    terminal.press("Enter")
    shown = terminal.wait("These lines will be written")
    assert "+ SMTP_SECRET=********" in shown
    terminal.press("Enter")
    terminal.wait("What to do now")
    terminal.press("Enter")
    terminal.wait("exit=0")
    shown = terminal.history()
    assert "sent this mail" in shown
    assert f"From: {DEMO_USER}" in " ".join(shown.split())
    assert "not-the-password" not in shown
    assert PASSWORD not in shown


def test_everything_typed_ahead_at_once_arrives(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wizard()
    terminal.wait("How it goes")
    terminal.press(*"a@b.example", "Enter", "Enter", *"smtp://127.0.0.1:1", "Enter")
    terminal.wait("nothing listens on port 1")
    terminal.press("Tab", "Tab", "Tab", "Tab", "Tab", "Enter")
    terminal.wait("Before you write: 1 error")
    terminal.press("Right", "Enter")
    terminal.wait("Written")
    terminal.press("Enter")
    terminal.wait("exit=0")
    written = (tmp_path / "config.toml").read_text()
    assert 'user = "a@b.example"' in written
    assert 'endpoint = "smtp://127.0.0.1:1"' in written


def test_leaving_writes_nothing_and_restores_the_terminal(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.run(f"stty -a > {tmp_path}/before")
    terminal.wizard()
    terminal.wait("How it goes")
    terminal.type("half")
    terminal.wait("half")
    terminal.press("C-c")
    terminal.wait("Leave?")
    terminal.press("C-c")
    shown = terminal.wait("exit=130")
    assert "No changes were made to any files." in shown
    terminal.run(f"stty -a > {tmp_path}/after; echo done=$?")
    terminal.wait("done=0")
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["after", "before"]


def test_closed_terminal_ends_the_wizard_without_a_trace(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.wizard()
    terminal.wait("How it goes")
    (pid,) = terminal.processes()
    terminal.press("Tab", "Tab", "Tab", "Tab", "Tab", "Right", "Enter")
    terminal.wait("These lines will be written")
    terminal.close()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        os.kill(pid, signal.SIGKILL)
        pytest.fail("the wizard outlives its terminal")
    assert list(tmp_path.iterdir()) == []


def test_too_small_terminal_is_refused(tmp_path: Path) -> None:
    small = Terminal(tmp_path, "39x12")
    try:
        small.wizard()
        shown = small.wait("exit=2")
        assert "39x12" in shown
    finally:
        small.close()


def test_screen_is_usable_at_forty_by_twelve(tmp_path: Path) -> None:
    small = Terminal(tmp_path, "40x12")
    try:
        small.wizard()
        small.wait("not written yet")
        small.press("Tab", "Tab", "Tab", "Tab", "Tab", "Right")
        small.wait("not verified")
        small.press("Up", "Right", "Enter")
        small.wait("These lines will be written")
        small.press("Enter")
        small.wait("Written")
        small.press("Enter")
        small.wait("exit=0")
    finally:
        small.close()
    assert "skip_verification = true" in (tmp_path / "config.toml").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_restores_the_terminal_and_leaves_no_trace(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    terminal.run(f"stty -a > {tmp_path}/before")
    terminal.wizard()
    terminal.wait("How it goes")
    (pid,) = terminal.processes()
    os.kill(pid, number)
    terminal.wait(f"exit={128 + number}")
    terminal.run(f"stty -a > {tmp_path}/after; echo done=$?")
    terminal.wait("done=0")
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()

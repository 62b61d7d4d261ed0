"""Ctrl+C, Ctrl+D, signals, and terminals in a strange state."""

from __future__ import annotations

import os
import signal
import socket
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from tests.ui_plain.test_line_by_line import up_to_the_secret
from wizard.demo.mail_server import DEMO_USER

RAW_BEFORE = "import sys, tty; tty.setraw(0); from wizard.cli import main; sys.exit(main())"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_ctrl_c_stops_a_running_test_and_nothing_else(
    start: Start, directory: Path, silent_port: int
) -> None:
    terminal = start("--plain")
    up_to_the_secret(terminal, f"smtp://127.0.0.1:{silent_port}")
    terminal.prompt("Password or API key")
    terminal.enter("hunter22")
    if "Where it is kept" in terminal.wait_for(r"Connection, |Where it is kept[^:]*: \Z"):
        terminal.enter()
        terminal.wait("Connection, ")
    terminal.type("\x03")
    shown = terminal.prompt("Number [2]")
    assert "The test was stopped; nothing is proven." in shown
    assert "1 Go on without a test" in shown
    terminal.type("\x03")
    assert "Leave the wizard?" in terminal.prompt("Number [1]")
    terminal.enter()  # stays
    terminal.prompt("Number [2]")
    terminal.enter("4")
    terminal.prompt("Number")
    assert list(directory.iterdir()) == []


def test_interrupts_by_kill_are_those_of_the_key(start: Start) -> None:
    terminal = start(staged=True)
    for _ in range(2):
        terminal.prompt()
        terminal.enter()
    terminal.prompt("User")
    terminal.enter(DEMO_USER)
    terminal.prompt("Mail server")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait("Leave the wizard?")
    terminal.prompt("Number")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130


@pytest.mark.parametrize("answers", [0, 1, 2, 3, 4])
def test_ctrl_d_ends_at_every_question_and_writes_nothing(
    start: Start, directory: Path, answers: int
) -> None:
    terminal = start(staged=True)
    for answer in ["", "", DEMO_USER, "mail.x.example"][:answers]:
        terminal.prompt()
        terminal.enter(answer)
    terminal.prompt()
    terminal.type("\x04")
    assert terminal.end() == 130
    assert "No changes were made to any files." in terminal.text
    assert list(directory.iterdir()) == []


def test_ctrl_d_ends_at_the_secret_too(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.prompt("Password or API key")
    terminal.type("\x04")
    assert terminal.end() == 130
    assert terminal.echoes()


def test_ctrl_d_after_text_does_not_end(start: Start) -> None:
    terminal = start(staged=True)
    for _ in range(2):
        terminal.prompt()
        terminal.enter()
    terminal.prompt("User")
    terminal.type("me@exam\x04ple.org\n")
    terminal.prompt("Mail server")
    terminal.enter("<")
    terminal.prompt("User [me@example.org]")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_keeps_what_was_entered_for_the_next_start(
    start: Start, directory: Path, number: signal.Signals
) -> None:
    terminal = start("--plain")
    for answer in ("", "", DEMO_USER):
        terminal.prompt()
        terminal.enter(answer)
    terminal.prompt("Mail server")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert "is kept without the secret" in terminal.text
    assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert list(directory.iterdir()) == []
    again = start("--plain")
    assert "Go on with it" in again.prompt("Number [1]")
    again.enter()
    for answer in ("", ""):
        again.prompt()
        again.enter(answer)
    again.prompt(f"User [{DEMO_USER}]")


def test_lost_terminal_ends_the_wizard(start: Start, directory: Path) -> None:
    terminal = start(staged=True)
    terminal.prompt("Press Enter")
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.process.wait(60)
    terminal.master, terminal.slave = os.pipe()
    assert list(directory.iterdir()) == []


def test_terminal_that_another_program_left_raw_is_usable_and_restored(
    directory: Path, tmp_path: Path
) -> None:
    terminal = PtyTerminal(
        ["-c", RAW_BEFORE, "--plain"],
        directory,
        {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        terminal.prompt("Press Enter")
        assert strange_bytes(terminal.wire) == []
        terminal.type("quit\r")
        assert terminal.end() == 130
        modes = termios.tcgetattr(terminal.slave)
        tty.setraw(terminal.slave)
        assert modes == termios.tcgetattr(terminal.slave)
    finally:
        terminal.close()

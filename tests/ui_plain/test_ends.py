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

from tests.scenarios.scenario import PASSWORD
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from tests.ui_plain.test_line_by_line import up_to_the_list, up_to_the_secret
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
    up_to_the_list(terminal, "hunter22", f"smtp://127.0.0.1:{silent_port}")
    terminal.enter()
    terminal.wait("✓ Connection.")
    terminal.type("\x03")
    assert "The test was stopped; nothing is proven." in terminal.prompt("Enter tests")
    terminal.type("\x03")
    assert "2 Leave, and keep it for next time" in terminal.prompt("Number [1]")
    terminal.enter()  # stays
    terminal.prompt("Enter tests")
    assert list(directory.iterdir()) == []


def test_what_cannot_be_kept_is_not_offered_to_be(start: Start) -> None:
    terminal = start("--plain", environ={"XDG_STATE_HOME": "/dev/null"})
    up_to_the_secret(terminal)
    terminal.type("\x03")
    asked = terminal.prompt("Number [1]")
    assert "2 Leave, and throw it away" in asked
    assert "keep it" not in asked


def test_interrupts_by_kill_are_those_of_the_key(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait("Leave?")
    terminal.prompt("Number")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130


@pytest.mark.parametrize("question", ["Mail address", "Password", "Mail server", "Enter tests"])
def test_ctrl_d_ends_at_every_question_and_writes_nothing(
    start: Start, directory: Path, question: str
) -> None:
    terminal = start(staged=True)
    answers = {"Mail address": DEMO_USER, "Password": PASSWORD, "Mail server": "mail.x.example"}
    for label, answer in answers.items():
        if label == question:
            break
        terminal.prompt(label)
        terminal.enter(answer)
    terminal.prompt(question)
    terminal.type("\x04")
    assert terminal.end() == 130
    assert terminal.echoes()
    assert "No changes were made to any files." in terminal.text
    assert list(directory.iterdir()) == []


def test_ctrl_d_after_text_does_not_end(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.type("me@exam\x04ple.org\n")
    terminal.prompt("Password")
    terminal.enter("<")
    terminal.prompt("Mail address (user) [me@example.org]")


@pytest.mark.parametrize(
    ("answer", "kept"), [("1", None), ("2", True), ("3", False), ("<", None), ("", None)]
)
def test_leaving_keeps_what_was_entered_if_asked_to(
    start: Start, answer: str, kept: bool | None
) -> None:
    terminal = start("--plain")
    up_to_the_secret(terminal)
    terminal.enter("quit")
    assert "No file has changed." in terminal.prompt("Number [1]")
    terminal.enter(answer)
    if kept is None:
        terminal.prompt("Password")
        return
    assert terminal.end() == 130
    assert ("is kept without the secret" in terminal.text) is kept
    again = start("--plain")
    shown = again.prompt("Password" if kept else "Mail address (user): ")
    assert ("What you entered on " in shown) is kept


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_keeps_what_was_entered_for_the_next_start(
    start: Start, directory: Path, number: signal.Signals
) -> None:
    terminal = start("--plain")
    up_to_the_secret(terminal)
    terminal.enter("hunter22")
    terminal.prompt("Mail server")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert "is kept without the secret" in terminal.text
    assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert list(directory.iterdir()) == []
    again = start("--plain")
    assert "What you entered on " in again.prompt("Password")
    again.enter("<")
    assert f"1 Mail address (user): {DEMO_USER}" in again.prompt("Enter goes on")
    assert not [
        path
        for path in directory.parent.rglob("*")
        if path.is_file() and "hunter22" in path.read_text(errors="replace")
    ]


def test_lost_terminal_ends_the_wizard(start: Start, directory: Path) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
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
        terminal.prompt("Mail address")
        assert strange_bytes(terminal.wire) == []
        terminal.type("quit\r")
        assert terminal.end() == 130
        modes = termios.tcgetattr(terminal.slave)
        tty.setraw(terminal.slave)
        assert modes == termios.tcgetattr(terminal.slave)
    finally:
        terminal.close()

"""The secret is typed without echo, and nothing before or after it counts as an answer."""

from __future__ import annotations

import os
import signal
import termios
from pathlib import Path

import pytest

from tests.scenarios.scenario import PASSWORD
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from tests.ui_plain.test_line_by_line import up_to_the_secret

PROMPT = "Password or API key"


def at_the_prompt(start: Start) -> PtyTerminal:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.prompt(PROMPT)
    assert not terminal.echoes()
    return terminal


@pytest.mark.parametrize("secret", ["quit", "?", "<", "back", "1"])
def test_command_is_an_ordinary_secret_here(start: Start, secret: str) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(secret)
    assert "rejects the login" in terminal.prompt("Number")
    assert terminal.echoes()


def test_way_out_is_said_and_works_everywhere(start: Start) -> None:
    terminal = at_the_prompt(start)
    assert "press Ctrl+C instead" in terminal.text
    terminal.type("\x03")
    shown = terminal.prompt("Number [1]")
    assert terminal.echoes()
    for label in ("Ask for it again", "Go back", "Explain the question", "Leave the wizard"):
        assert label in shown
    terminal.enter("3")
    assert "Many providers want an app password" in terminal.prompt(PROMPT)
    terminal.type("\x03")
    terminal.prompt("Number [1]")
    terminal.enter()
    terminal.prompt(PROMPT)
    terminal.type("\x03")
    terminal.prompt("Number [1]")
    terminal.enter("4")
    assert "Leave the wizard?" in terminal.prompt("Number [1]")
    terminal.enter("2")
    assert terminal.end() == 130


def test_blanks_around_it_are_removed_with_a_note(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(f" {PASSWORD}\t")
    shown = terminal.prompt("Number")
    assert "Blanks around it were left out." in shown
    assert "will be able to send" in shown


def test_invisible_character_stays_and_is_said(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(f"{PASSWORD}\u200b")
    shown = terminal.prompt("Number")
    assert "(U+200B)" in shown
    assert "rejects the login" in shown


@pytest.mark.parametrize("rest", ["\nmore\n", "\nmore", "\n1\n1\n1\n", "\n\nmore\n"])
def test_lines_that_follow_the_first_at_once_are_refused_and_forgotten(
    start: Start, rest: str
) -> None:
    terminal = at_the_prompt(start)
    terminal.type(f"hunter22{rest}")
    assert "several lines" in terminal.prompt(PROMPT)
    terminal.enter(PASSWORD)
    assert "will be able to send" in terminal.prompt("Number")
    assert "hunter22" not in terminal.text
    assert "more" not in terminal.text


def test_line_end_after_a_pasted_secret_is_not_a_second_line(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.type(f"{PASSWORD}\n\n")
    assert "will be able to send" in terminal.prompt("Number")


def test_what_was_typed_before_the_question_is_not_the_secret(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Press Enter")
    terminal.type("\n1\na@b.example\nmail.x.example\n1\n1\ntyped too early\n")
    terminal.prompt(PROMPT)
    terminal.enter()
    assert "choose No login" in terminal.prompt(PROMPT)


def test_secret_that_the_terminal_truncated_is_refused(start: Start) -> None:
    terminal = at_the_prompt(start)
    for _ in range(10):
        terminal.type("x" * 500)
    terminal.enter()
    assert "--secret-file" in terminal.prompt(PROMPT)
    assert strange_bytes(terminal.wire) == []


def test_bytes_that_are_not_text_are_refused(start: Start) -> None:
    terminal = at_the_prompt(start)
    os.write(terminal.master, b"a\xff\xfeb\n")
    assert "✗" in terminal.prompt(PROMPT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signal_restores_the_terminal(
    start: Start, directory: Path, number: signal.Signals
) -> None:
    terminal = at_the_prompt(start)
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert list(directory.iterdir()) == []


def test_stopped_process_restores_the_echo_and_disables_it_again(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert terminal.echoes()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.prompt(PROMPT)
    assert not terminal.echoes()
    terminal.enter(PASSWORD)
    assert "will be able to send" in terminal.prompt("Number")


def test_store_is_chosen_by_its_number_and_going_back_keeps_the_secret(start: Start) -> None:
    terminal = start(staged="keyring")
    up_to_the_secret(terminal)
    terminal.prompt(PROMPT)
    terminal.enter(PASSWORD)
    shown = terminal.prompt("Number [1]")
    assert "Where it is kept" in shown
    terminal.enter("<")
    terminal.prompt(f"{PROMPT} [********]")
    terminal.enter()
    shown = terminal.prompt("Number [1]")
    assert "2 The keyring of this login" in shown
    assert "systemd" not in shown
    terminal.enter("2")
    shown = terminal.prompt("Number")
    assert "smtp-wizard exec" in shown
    assert "will be able to send" in shown
    terminal.enter()
    assert "stored in the keyring and read back" in terminal.prompt("Number:")

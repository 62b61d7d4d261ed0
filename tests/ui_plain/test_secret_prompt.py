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
from wizard.demo.mail_server import DEMO_HOST

PROMPT = "Password"


def at_the_prompt(start: Start) -> PtyTerminal:
    """Ask for the password alone: everything else is there."""
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    assert not terminal.echoes()
    return terminal


def verdict(terminal: PtyTerminal) -> str:
    """Answer the rest, and test; return everything since the password."""
    shown = terminal.prompt("Mail server")
    assert terminal.echoes()
    terminal.enter(DEMO_HOST)
    shown += terminal.prompt("Enter tests")
    terminal.enter()
    return shown + terminal.prompt()


@pytest.mark.parametrize("secret", ["back", "1", "9", "QUIT", " < <"])
def test_only_the_commands_themselves_are_no_secret(start: Start, secret: str) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(secret)
    assert "login refused" in verdict(terminal)


def test_commands_work_although_nothing_is_shown(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.enter("?")
    assert "app password instead" in " ".join(terminal.prompt(PROMPT).split())
    assert not terminal.echoes()
    terminal.enter("<")
    terminal.prompt("Mail address")
    assert terminal.echoes()
    terminal.enter()
    terminal.prompt(PROMPT)
    terminal.type("\x03")
    assert "Leave?" in terminal.prompt("Number [1]")
    assert terminal.echoes()
    terminal.enter()
    terminal.prompt(PROMPT)
    terminal.enter("quit")
    terminal.prompt("Number [1]")
    terminal.enter("3")
    assert terminal.end() == 130


def test_blanks_around_it_are_removed_with_a_note(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(f" {PASSWORD}\t")
    shown = verdict(terminal)
    assert "Blanks around it were left out." in shown
    assert "The server can send mail." in shown


def test_invisible_character_stays_and_is_said(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.enter(f"{PASSWORD}\u200b")
    shown = verdict(terminal)
    assert "It contains an invisible character. Is that right?" in shown
    assert "login refused" in shown


@pytest.mark.parametrize("rest", ["\nmore\n", "\nmore", "\n1\n1\n1\n", "\n\nmore\n"])
def test_lines_that_follow_the_first_at_once_are_refused_and_forgotten(
    start: Start, rest: str
) -> None:
    terminal = at_the_prompt(start)
    terminal.type(f"hunter22{rest}")
    assert "several lines" in terminal.prompt(PROMPT)
    terminal.enter(PASSWORD)
    assert "The server can send mail." in verdict(terminal)
    assert "hunter22" not in terminal.text
    assert "more" not in terminal.text


def test_line_end_after_a_pasted_secret_is_not_a_second_line(start: Start) -> None:
    terminal = at_the_prompt(start)
    terminal.type(f"{PASSWORD}\n\n")
    assert "The server can send mail." in verdict(terminal)


def test_what_was_typed_before_the_question_is_not_the_secret(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.type("a@b.example\ntyped too early\n")
    terminal.prompt(PROMPT)
    terminal.enter()
    terminal.prompt("Mail server")
    terminal.enter("mail.x.example")
    terminal.prompt(PROMPT)
    terminal.enter()
    assert "Type the password" in terminal.prompt(PROMPT)


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
    assert "The server can send mail." in verdict(terminal)


def test_store_is_chosen_by_its_number_and_going_back_keeps_the_secret(start: Start) -> None:
    terminal = start(staged="keyring")
    up_to_the_secret(terminal)
    terminal.enter(PASSWORD)
    terminal.prompt("Mail server")
    terminal.enter(DEMO_HOST)
    terminal.prompt("Enter tests")
    terminal.enter("2")
    terminal.prompt(f"{PROMPT} (secret), typed unseen [********]")
    terminal.enter("<")
    assert "Password (secret): entered" in terminal.prompt("Enter tests")
    terminal.enter("5")
    shown = terminal.prompt("Secret kept in [1]")
    assert "1 .env  2 keyring  3 no login" in shown
    assert "systemd" not in shown
    terminal.enter("2")
    terminal.prompt("Enter tests")
    terminal.enter()
    assert "The server can send mail." in terminal.prompt("Enter reviews")
    terminal.enter()
    assert "will be stored in the keyring and read back" in terminal.prompt("Enter writes")

"""Suggestions line by line: they come before the question, or are skipped."""

from __future__ import annotations

import signal

from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER

SERVER = "Mail server (host name)"
LOOKING = "Looking for the mail server of demo.example, 3600 s at most. Ctrl+C goes on without.\n"


def to_user(terminal: PtyTerminal) -> None:
    terminal.prompt("Press Enter")
    terminal.enter()
    terminal.prompt("Number")
    terminal.enter()
    terminal.prompt("User")


def to_server(terminal: PtyTerminal, user: str = DEMO_USER) -> None:
    to_user(terminal)
    terminal.enter(user)


def test_list_comes_before_the_question_and_enter_takes_the_first(start: Start) -> None:
    terminal = start(staged="lookup")
    to_server(terminal)
    shown = terminal.prompt(SERVER)
    lines = shown[shown.index("Which mail server") :].splitlines()
    found = [line for line in lines if not line.startswith("Looking")]
    assert found[1:] == [
        f"1 {DEMO_HOST}, port 465, SMTPS",
        "Enter takes it over; or type another host name.",
        "demo.example names it in its DNS (SRV record).",
        f"{SERVER} [1]: ",
    ]
    terminal.enter()
    assert "2 STARTTLS" in terminal.prompt("Number [1]")
    terminal.enter("<")
    terminal.prompt(f"{SERVER} [{DEMO_HOST}]")
    assert strange_bytes(terminal.wire) == []


def test_ctrl_c_skips_a_search_that_hangs(start: Start) -> None:
    terminal = start(staged="silence")
    to_server(terminal)
    terminal.wait(LOOKING)
    terminal.type("\x03")
    assert "Skipped." in terminal.prompt(f"{SERVER}, for example")
    terminal.enter(DEMO_HOST)
    terminal.prompt("Number")
    terminal.enter("<")
    assert "Looking" not in terminal.prompt(SERVER)
    terminal.enter("quit")
    terminal.prompt("Number")
    terminal.enter("2")
    assert terminal.end() == 130


def test_host_typed_ahead_is_the_answer(start: Start) -> None:
    terminal = start(staged="lookup")
    terminal.prompt("Press Enter")
    terminal.type(f"\n1\n{DEMO_USER}\nmail.x.example\n2\n")
    shown = terminal.wait("Step 5 of 7")
    assert f"1 {DEMO_HOST}, port 465, SMTPS" in shown
    assert "mail.x.example, port 587, encrypted by STARTTLS" in shown


def test_signal_ends_a_search_that_hangs(start: Start) -> None:
    terminal = start(staged="silence")
    to_server(terminal)
    terminal.wait(LOOKING)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 143


def test_unusable_provider_is_reported_at_once(start: Start) -> None:
    terminal = start(staged=True)
    to_server(terminal, "me@outlook.com")
    shown = terminal.prompt(SERVER)
    assert shown.index("only accepts logins by OAuth") < shown.index("Step 4 of 7")


def test_what_the_provider_requires_is_said_before_the_secret_is_asked_for(start: Start) -> None:
    terminal = start(staged=True)
    to_server(terminal, "me@gmail.com")
    terminal.prompt(f"{SERVER} [1]")
    terminal.enter()
    terminal.prompt("Number [1]")
    terminal.enter()
    terminal.prompt("Number [1]")
    terminal.enter()
    assert "Google needs an app password" in terminal.prompt("Password or API key")


def test_nobody_is_asked_with_no_lookup(start: Start) -> None:
    # Every test here starts with it: nothing may leave this machine.
    terminal = start("--plain")
    to_server(terminal)
    assert "Looking" not in terminal.prompt(f"{SERVER}, for example")


def test_provider_of_the_list_is_known_with_no_lookup(start: Start) -> None:
    terminal = start("--plain")
    to_server(terminal, "me@gmail.com")
    assert "1 smtp.gmail.com, port 465, SMTPS" in terminal.prompt(f"{SERVER} [1]")

"""Suggestions line by line: they come before the question, or are skipped."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.held_records import CUSTOMER, GOOGLES_CUSTOMER
from tests.scenarios.scenario import PASSWORD
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from tests.ui_plain.test_line_by_line import configured, up_to_the_secret
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER

SERVER = "Mail server (endpoint)"
LOOKING = "Looking for the mail server of demo.example, 3600 s at most. Ctrl+C goes on\nwithout.\n"


def to_server(terminal: PtyTerminal, user: str = DEMO_USER) -> None:
    up_to_the_secret(terminal, user)
    terminal.enter(PASSWORD)


def test_server_that_the_domain_names_within_itself_is_filled_in(start: Start) -> None:
    terminal = start(staged="lookup")
    to_server(terminal)
    shown = terminal.prompt("Enter tests")
    assert "demo.example names it in its DNS (SRV record)." in shown
    assert f"Mail server (endpoint): {DEMO_HOST}" in shown
    assert strange_bytes(terminal.wire) == []


def test_what_is_found_is_offered_by_numbers_in_place_of_what_is_there(start: Start) -> None:
    terminal = start(staged="lookup")
    to_server(terminal)
    terminal.prompt("Enter tests")
    terminal.enter("3")
    shown = terminal.prompt(f"{SERVER} [{DEMO_HOST}]")
    lines = shown[shown.index("Which mail server") :].splitlines()
    assert lines[1:3] == [
        f"1 {DEMO_HOST}  SMTPS, port 465",
        "   demo.example names it in its DNS (SRV record).",
    ]
    terminal.enter("mail.x.example")
    assert f"{SERVER}: mail.x.example" in terminal.prompt("Enter tests")
    terminal.enter("3")
    terminal.prompt(SERVER)
    terminal.enter("1")
    assert f"{SERVER}: {DEMO_HOST}" in terminal.prompt("Enter tests")


def test_servers_outside_the_domain_are_only_offered_and_enter_takes_the_first(
    start: Start,
) -> None:
    terminal = start(staged="lookup")
    to_server(terminal, f"me@{CUSTOMER}")
    shown = terminal.prompt(f"{SERVER} [1]")
    assert "1 mail.hosting.example  SMTPS, port 465" in shown
    assert f"2 {DEMO_HOST}  STARTTLS, port 587" in shown
    assert f"! It is not part of {CUSTOMER}: take it only if you know it." in shown
    terminal.enter()
    assert f"{SERVER}: mail.hosting.example" in terminal.prompt("Enter tests")
    terminal.enter("3")
    terminal.prompt(f"{SERVER} [mail.hosting.example]")
    terminal.enter("2")
    assert f"{SERVER}: {DEMO_HOST}" in terminal.prompt("Enter tests")


def test_provider_that_receives_the_mail_of_the_domain_is_filled_in(start: Start) -> None:
    terminal = start(staged="lookup")
    to_server(terminal, f"me@{GOOGLES_CUSTOMER}")
    shown = terminal.prompt("Enter tests")
    assert "Google receives the mail of firm.example (MX record)." in shown
    assert f"{SERVER}: smtp.gmail.com" in shown


def test_mozillas_directory_is_asked_if_its_number_is_typed(start: Start) -> None:
    terminal = start(staged="lookup")
    to_server(terminal, "me@nothing.example")
    assert "1 Ask Mozilla's directory of mail servers" in terminal.prompt(f"{SERVER}: ")
    terminal.enter("1")
    shown = terminal.prompt(f"{SERVER}: ")
    assert "Mozilla's directory cannot be reached." in shown
    assert "1 Ask" not in shown


def test_ctrl_c_skips_a_search_that_hangs(start: Start) -> None:
    terminal = start(staged="silence")
    to_server(terminal)
    terminal.wait(LOOKING)
    terminal.type("\x03")
    assert "Skipped." in terminal.prompt(SERVER)
    terminal.enter(DEMO_HOST)
    terminal.prompt("Enter tests")
    terminal.enter("3")
    assert "Looking" not in terminal.prompt(SERVER)
    terminal.enter("quit")
    terminal.prompt("Number")
    terminal.enter("3")
    assert terminal.end() == 130


def test_signal_ends_a_search_that_hangs(start: Start) -> None:
    terminal = start(staged="silence")
    to_server(terminal)
    terminal.wait(LOOKING)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 143


def test_host_typed_ahead_is_the_answer(start: Start, directory: Path) -> None:
    configured(directory)
    terminal = start(staged="lookup")
    terminal.prompt("Enter tests")
    terminal.type("3\nmail.x.example\n4\n2\n")
    assert f"1 {DEMO_HOST}  SMTPS, port 465" in terminal.wait_for(r"● STARTTLS[^~]*: \Z")
    assert "● mail.x.example" in terminal.text


def test_unusable_provider_is_reported_before_the_password_is_asked_for(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter("me@outlook.com")
    shown = " ".join(terminal.prompt("Password").split())
    assert "Nothing can be sent through Outlook" in shown
    assert "only accepts logins by OAuth" in shown


def test_provider_that_is_known_is_filled_in_and_its_password_explained(start: Start) -> None:
    terminal = start("--plain")  # with --no-lookup
    terminal.prompt("Mail address")
    terminal.enter("me@gmail.com")
    shown = terminal.prompt("Password")
    assert "Google: the rest is filled in." in shown
    assert "https://myaccount.google.com/apppasswords" in shown
    terminal.enter("abcd efgh ijkl mnop")
    shown = terminal.prompt("Enter tests")
    assert "3 blanks were left out." in shown
    assert "smtp.gmail.com" in shown


def test_nobody_is_asked_with_no_lookup(start: Start) -> None:
    # Every test here starts with it: nothing may leave this machine.
    terminal = start("--plain")
    to_server(terminal)
    shown = terminal.prompt(SERVER)
    assert "Looking" not in shown
    assert "Mozilla" not in shown

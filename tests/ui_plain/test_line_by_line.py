"""What exists only line by line: commands, marks, ways to start, the bytes on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.echoes import ECHOES, FORMS, USER, echoing, surviving
from tests.scenarios.scenario import CONFIG, PASSWORD
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER
from wizard.text.display import MASK


def up_to_the_secret(terminal: PtyTerminal, endpoint: str = DEMO_HOST) -> None:
    """Answer everything before the login, and choose one."""
    terminal.prompt("Press Enter")
    terminal.enter()
    terminal.prompt("Number")
    terminal.enter()
    terminal.prompt("User")
    terminal.enter(DEMO_USER)
    terminal.prompt("Mail server")
    terminal.enter(endpoint)
    terminal.prompt("Number")
    terminal.enter()
    if "://" not in endpoint:
        terminal.prompt("Number")
        terminal.enter()


def up_to_the_test(terminal: PtyTerminal, password: str = PASSWORD) -> None:
    up_to_the_secret(terminal)
    terminal.prompt("Password or API key")
    terminal.enter(password)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--plain"], {}), ([], {"ACCESSIBLE": "1"}), ([], {"TERM": "dumb"})],
)
def test_ways_to_start(start: Start, arguments: list[str], environ: dict[str, str]) -> None:
    terminal = start(*arguments, environ=environ)
    shown = terminal.prompt("Press Enter")
    assert "Step 1 of 7: Files" in shown
    terminal.enter("quit")
    assert terminal.end() == 130
    assert "No changes were made to any files." in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_too_small_terminal_is_reported(directory: Path) -> None:
    terminal = PtyTerminal(["-m", "wizard"], directory, size=(39, 12))
    try:
        assert terminal.end() == 2
        assert "--plain" in terminal.text
    finally:
        terminal.close()


def test_demo_from_the_first_line_to_the_accepted_mail(start: Start) -> None:
    terminal = start("demo", "--plain")
    up_to_the_test(terminal)
    assert "will be able to send" in terminal.prompt("Number [1]")
    terminal.enter()
    assert "+SMTP_SECRET=********" in terminal.prompt("Number")
    terminal.enter("1")
    assert terminal.end() == 0
    assert "What to do now" in terminal.text
    assert "Really accepted by" in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_writing_takes_a_number_and_never_just_enter(start: Start, directory: Path) -> None:
    terminal = start(staged=True)
    up_to_the_test(terminal)
    terminal.prompt("Number [1]")
    terminal.enter()
    terminal.prompt("Number:")
    terminal.enter()
    assert "Enter a number from 1 to 2." in terminal.prompt("Number:")
    assert list(directory.iterdir()) == []


def test_question_mark_explains_the_present_question(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Press Enter")
    terminal.enter("?")
    shown = terminal.prompt("Press Enter")
    assert "config.toml holds the settings" in shown
    assert "(quit)" in shown
    assert "Ctrl+Q" not in shown
    terminal.enter()
    terminal.prompt("Number")
    terminal.enter("?")
    assert "anybody can register with any address" in terminal.prompt("Number")


def test_less_than_goes_back_within_a_step_and_to_the_step_before(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.prompt("Password or API key")
    terminal.type("\x03")
    terminal.prompt("Number [1]")
    terminal.enter("2")  # back to the choice of the login
    assert "No login" in terminal.prompt("Number [1]")
    terminal.enter("<")
    terminal.prompt(f"Mail server (host name) [{DEMO_HOST}]")
    terminal.enter()
    terminal.prompt("Number [1]")
    terminal.enter("back")
    terminal.prompt(f"Mail server (host name) [{DEMO_HOST}]")
    terminal.enter("<")
    terminal.prompt(f"User [{DEMO_USER}]")


def test_blanks_around_an_answer_are_removed_with_a_note(start: Start) -> None:
    terminal = start(staged=True)
    for _ in range(2):
        terminal.prompt()
        terminal.enter()
    terminal.prompt("User")
    terminal.enter(f"  {DEMO_USER} ")
    assert "Blanks around it were left out." in terminal.prompt("Mail server")
    terminal.enter("<")
    terminal.prompt(f"User [{DEMO_USER}]")


def test_answers_typed_ahead_are_taken_in_order(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Press Enter")
    terminal.type(f"\n1\n{DEMO_USER}\n{DEMO_HOST}\n2\n")
    assert "port 587, encrypted by STARTTLS" in terminal.wait("Step 5 of 7")


def test_real_mail_and_details_and_a_second_test(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_test(terminal)
    assert "3 Send a mail" in terminal.prompt("Number [1]")
    terminal.enter("3")
    terminal.prompt(f"Address [{DEMO_USER}]")
    terminal.enter("nonsense")
    assert "not one mail address" in terminal.prompt("Address")
    terminal.enter()
    assert "Message, " in terminal.prompt("Number")
    terminal.enter("4")
    shown = terminal.prompt("Number")
    assert "Certificate:" in shown
    assert "swaks" in shown
    terminal.enter("2")
    assert "Message" not in terminal.prompt("Number")
    assert PASSWORD not in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_findings_of_the_check_are_on_the_summary(start: Start, directory: Path) -> None:
    (directory / "config.toml").write_text(CONFIG)
    env = directory / ".env"
    env.write_text("SMTP_SECRET='hunter22'\n")
    env.chmod(0o644)
    terminal = start("--plain")
    shown = terminal.prompt("Number:")
    number = shown[shown.index(" Check: ") - 1]
    terminal.enter(number)
    assert "chmod" in terminal.prompt("Number:")
    terminal.enter("quit")
    assert terminal.end() == 130
    assert "hunter22" not in terminal.text


def test_password_in_an_endpoint_is_not_shown(start: Start, directory: Path) -> None:
    text = CONFIG.replace(DEMO_HOST, "smtp://me:hunter22@localhost:2500")
    (directory / "config.toml").write_text(text)
    terminal = start(staged=True)
    assert "********" in terminal.prompt("Number")
    terminal.enter("3")
    assert "********" in terminal.prompt("Mail server")
    terminal.enter()
    terminal.prompt("Number")
    terminal.enter("<")
    assert terminal.end() == 130
    assert "hunter22" not in terminal.text


@pytest.mark.parametrize(
    "environ", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LANG": ""}, {"TERM": "linux"}]
)
def test_marks_are_ascii_in_a_locale_without_utf_8(start: Start, environ: dict[str, str]) -> None:
    terminal = start(staged=True, environ=environ)
    up_to_the_test(terminal, "hunter22")
    shown = terminal.prompt("Number")
    assert "x The server will fail to send its mails." in shown
    assert "-> Enter the secret again" in shown
    assert terminal.wire.isascii()


def test_a_login_that_the_mail_server_sends_back_is_in_no_details(
    start: Start, directory: Path
) -> None:
    secret = "kQ7#vZ2m-Tr0x!Lp9"
    with echoing(*ECHOES.values()) as endpoint:
        config = CONFIG.replace(DEMO_HOST, endpoint).replace(DEMO_USER, USER)
        (directory / "config.toml").write_text(config)
        (directory / ".env").write_text(f"SMTP_SECRET='{secret}'\n")
        terminal = start("--plain")
        terminal.prompt("Number:")
        terminal.enter("5")
        terminal.prompt("Number [5]")
        terminal.enter("4")
        assert "By hand:" in terminal.prompt("Number [5]")
    assert MASK in terminal.text
    assert {run for form_of in FORMS for run in surviving(terminal.text, form_of(secret))} == set()

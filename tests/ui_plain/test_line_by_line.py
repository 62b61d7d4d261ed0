"""What exists only line by line: commands, marks, ways to start, the bytes on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.echoes import ECHOES, FORMS, USER, echoing, surviving
from tests.scenarios.scenario import CONFIG, CONFIGURED, PASSWORD
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER
from wizard.text.display import MASK


def up_to_the_secret(terminal: PtyTerminal, user: str = DEMO_USER) -> None:
    terminal.prompt("Mail address")
    terminal.enter(user)
    terminal.prompt("Password")


def up_to_the_list(
    terminal: PtyTerminal, password: str = PASSWORD, endpoint: str = DEMO_HOST
) -> str:
    """Answer everything that is missing; return what came since."""
    up_to_the_secret(terminal)
    terminal.enter(password)
    terminal.prompt("Mail server")
    terminal.enter(endpoint)
    return terminal.prompt("Enter tests")


def up_to_the_verdict(terminal: PtyTerminal, password: str = PASSWORD) -> str:
    up_to_the_list(terminal, password)
    terminal.enter()
    return terminal.prompt()


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--plain"], {}), ([], {"ACCESSIBLE": "1"}), ([], {"TERM": "dumb"})],
)
def test_ways_to_start(start: Start, arguments: list[str], environ: dict[str, str]) -> None:
    terminal = start(*arguments, environ=environ)
    shown = terminal.prompt("Mail address (user)")
    assert "Nothing is written before you say so." in " ".join(shown.split())
    terminal.enter("quit")
    assert terminal.end() == 130
    assert "No changes were made to any files." in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_too_small_terminal_is_reported(directory: Path) -> None:
    terminal = PtyTerminal(["-m", "wizard"], directory, size=(39, 12))
    try:
        assert terminal.end() == 2
        assert "smtp-wizard --plain" in terminal.text
    finally:
        terminal.close()


def test_demo_from_the_first_question_to_the_proof(start: Start) -> None:
    terminal = start("demo", "--plain")
    up_to_the_secret(terminal)
    terminal.enter(PASSWORD)
    assert f"Mail server (endpoint): {DEMO_HOST}" in terminal.prompt("Enter tests")
    terminal.enter()
    assert "✓ The server can send mail." in terminal.prompt("Enter reviews")
    terminal.enter()
    assert "+ SMTP_SECRET=********" in terminal.prompt("Enter writes")
    terminal.enter()
    assert terminal.end() == 0
    assert "What to do now" in terminal.text
    assert "Subject: Verify your account" in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_verdict_is_the_last_line_before_the_question(start: Start) -> None:
    terminal = start(staged=True)
    lines = up_to_the_verdict(terminal).splitlines()
    question = next(at for at, line in enumerate(lines) if line.startswith("Enter reviews"))
    assert lines[question - 1] == "✓ The server can send mail."
    assert lines[question - 2].startswith(
        "✓ Name. ✓ Connection. ✓ Encryption. ✓ Greeting. ✓ Login."
    )


def test_each_event_has_its_line_for_those_who_listen(start: Start) -> None:
    terminal = start(staged=True, environ={"ACCESSIBLE": "1"})
    fields = up_to_the_list(terminal).splitlines()
    assert f"1 Mail address (user): {DEMO_USER}" in fields
    assert "2 Password (secret): entered" in fields
    terminal.enter()
    stages = terminal.prompt("Enter reviews").splitlines()
    assert f"✓ Greeting: {DEMO_HOST} has greeted." in stages
    assert f"✓ Login: {DEMO_USER} is accepted." in stages


def test_no_line_is_too_long_and_no_word_is_broken(start: Start, directory: Path) -> None:
    terminal = PtyTerminal(["-m", "wizard", "--plain"], directory, size=(40, 24))
    try:
        terminal.prompt("Mail address")
        terminal.enter("?")
        shown = terminal.prompt("Mail address")
        assert "The name you log in with at your mail" in shown.splitlines()
        for answer in (DEMO_USER, PASSWORD, "m.example", "8"):
            terminal.enter(answer)
            terminal.prompt()
        assert max(map(len, terminal.lines)) <= 40
    finally:
        terminal.close()


def test_enter_goes_on_to_what_is_missing_and_comes_back_to_it(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.enter()
    terminal.prompt("Mail server")
    terminal.enter(DEMO_HOST)
    terminal.prompt("Password")
    terminal.enter()
    assert "✗ Type the password" in terminal.prompt("Password")
    terminal.enter(PASSWORD)
    terminal.prompt("Enter tests")


def test_local_relay_needs_no_password(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.enter()
    terminal.prompt("Mail server")
    terminal.enter("smtp://localhost:2500")
    shown = terminal.prompt("Enter tests")
    assert "Password (secret): none" in shown
    terminal.enter()
    assert "The server can send mail" in terminal.prompt()


def test_wrong_field_is_asked_again_until_it_is_right(start: Start) -> None:
    terminal = start(staged=True)
    shown = up_to_the_verdict(terminal, "hunter22")
    assert "✗ The server cannot send mail: login refused (auth-rejected)." in shown
    assert shown.splitlines()[-1] == (
        "Password (secret), typed unseen; Enter alone tests again, 9 reviews anyway: "
    )
    terminal.enter()
    assert "login refused" in terminal.prompt("Password")
    terminal.enter(PASSWORD)
    assert "✓ The server can send mail." in terminal.prompt("Enter reviews")
    assert "hunter22" not in terminal.text


def test_unreachable_mail_server_is_asked_for_again(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_list(terminal, endpoint="smtp.nowhere.example")
    terminal.enter()
    assert "no such host" in terminal.prompt("Mail server (endpoint) [smtp.nowhere.example]; Enter")
    terminal.enter(DEMO_HOST)
    assert "✓ The server can send mail." in terminal.prompt("Enter reviews")


def test_errors_come_first_and_writing_takes_a_number(start: Start, directory: Path) -> None:
    terminal = start(staged=True)
    up_to_the_verdict(terminal, "hunter22")
    terminal.enter("9")
    shown = terminal.prompt("Enter goes back, 9 writes anyway")
    assert shown.index("✗ The test failed: login refused.") < shown.index("SMTP_SECRET=")
    terminal.enter()
    terminal.prompt("Password")
    assert list(directory.iterdir()) == []
    terminal.enter("9")
    terminal.prompt("Enter goes back")
    terminal.enter("yes")
    terminal.prompt("Enter goes back")
    terminal.enter("9")
    shown = terminal.prompt("Enter closes, 9 fixes it now")
    assert "Written, but the server cannot send mail yet" in shown
    terminal.enter("9")
    terminal.prompt("Password")
    terminal.enter(PASSWORD)
    terminal.prompt("Enter reviews")
    terminal.enter()
    terminal.prompt("Enter writes")
    terminal.enter()
    assert terminal.end() == 0
    assert "Written, and the test has passed" in terminal.text


def test_less_than_leads_back_to_the_fields_and_nothing_is_written(
    start: Start, directory: Path
) -> None:
    terminal = start(staged=True)
    up_to_the_verdict(terminal)
    terminal.enter()
    terminal.prompt("Enter writes")
    terminal.enter("<")
    assert f"1 Mail address (user): {DEMO_USER}" in terminal.prompt("Enter reviews")
    assert list(directory.iterdir()) == []


def test_less_than_goes_back_to_the_question_before(start: Start) -> None:
    terminal = start(staged=True)
    up_to_the_secret(terminal)
    terminal.enter(PASSWORD)
    terminal.prompt("Mail server")
    terminal.enter("<")
    terminal.prompt("Password (secret), typed unseen [********]")
    terminal.enter("<")
    terminal.prompt(f"Mail address (user) [{DEMO_USER}]")
    terminal.enter("<")
    assert "3 Mail server (endpoint): missing" in terminal.prompt("Enter goes on")


def test_verification_is_skipped_from_the_list(start: Start, directory: Path) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter("<")
    terminal.prompt("Enter goes on")
    terminal.enter("6")
    assert "1 by mail  2 not at all" in terminal.prompt("Verify users")
    terminal.enter("2")
    assert "Anybody can register" in terminal.prompt("Server version")
    terminal.enter("2")
    terminal.prompt("Enter reviews")
    terminal.enter()
    terminal.prompt("Enter writes")
    terminal.enter()
    assert terminal.end() == 0
    assert "skip_verification = true" in (directory / "config.toml").read_text()


def test_question_mark_explains_the_present_question(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter("?")
    shown = " ".join(terminal.prompt("Mail address").split())
    assert "in most cases your full mail address" in shown
    assert "quit leaves" in shown
    terminal.enter(DEMO_USER)
    terminal.prompt("Password")
    terminal.enter("?")
    assert "app password instead" in " ".join(terminal.prompt("Password").split())


def test_blanks_around_an_answer_are_removed_with_a_note(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter(f"  {DEMO_USER} ")
    assert "Blanks around it were left out." in terminal.prompt("Password")
    terminal.enter("<")
    terminal.prompt(f"Mail address (user) [{DEMO_USER}]")


def test_value_that_was_probably_meant_is_taken_by_enter(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter(f"Us <{DEMO_USER}>")
    assert "✗" in terminal.prompt(f"Mail address (user) [{DEMO_USER}]")
    terminal.enter()
    terminal.prompt("Password")


def test_port_behind_a_host_name_becomes_the_encryption_by_enter(
    start: Start, directory: Path
) -> None:
    configured(directory)
    terminal = start(staged=True)
    terminal.prompt("Enter tests")
    terminal.enter("3")
    terminal.prompt("Mail server")
    terminal.enter("mail.x.example:587")
    terminal.prompt("Mail server (endpoint) [mail.x.example, STARTTLS]")
    terminal.enter()
    assert "● STARTTLS" in terminal.prompt("Enter tests")


def test_answers_typed_ahead_are_taken_in_order(start: Start, directory: Path) -> None:
    configured(directory)
    terminal = start(staged=True)
    terminal.prompt("Enter tests")
    terminal.type("4\n2\n3\nmail.x.example\n1\na@b.example\n")
    shown = terminal.wait_for(r"user\): ● a@b\.example[^~]*: \Z")
    assert "endpoint): ● mail.x.example" in shown
    assert "starttls): ● STARTTLS" in shown


def test_working_settings_are_tested_by_one_enter_and_closed_by_another(
    start: Start, directory: Path
) -> None:
    configured(directory)
    terminal = start(staged=True)
    assert "stored in .env" in terminal.prompt("Enter tests")
    terminal.enter()
    terminal.prompt("Enter closes")
    terminal.enter()
    assert terminal.end() == 0
    assert "No changes were made to any files." in terminal.text


def test_real_mail_and_details_and_a_second_test(start: Start) -> None:
    terminal = start(staged=True)
    assert "0 sends a mail" in up_to_the_verdict(terminal)
    terminal.enter("0")
    terminal.prompt(f"Address [{DEMO_USER}]")
    terminal.enter("nonsense")
    assert "not one mail address" in " ".join(terminal.prompt("Address").split())
    terminal.enter()
    assert "✓ Message: " in terminal.prompt("Enter reviews")
    terminal.enter("8")
    shown = terminal.prompt("Enter reviews")
    assert "Certificate:" in shown
    assert "swaks" in shown
    terminal.enter("9")
    assert "Message" not in terminal.prompt("Enter reviews")
    assert PASSWORD not in terminal.text
    assert strange_bytes(terminal.wire) == []


def test_findings_of_the_check_come_before_the_list(start: Start, directory: Path) -> None:
    configured(directory).chmod(0o644)
    terminal = start("--plain")
    shown = terminal.prompt("Enter tests")
    assert "In the files: " in shown
    terminal.enter("8")
    assert "chmod" in terminal.prompt("Enter tests")
    terminal.enter("quit")
    assert terminal.end() == 130
    assert PASSWORD not in terminal.text


def test_password_in_an_endpoint_is_not_shown(start: Start, directory: Path) -> None:
    text = CONFIG.replace(DEMO_HOST, "smtp://me:hunter22@localhost:2500")
    (directory / "config.toml").write_text(text)
    terminal = start(staged=True)
    terminal.prompt()
    terminal.enter("<")
    assert "********" in terminal.prompt("Enter")
    terminal.enter("3")
    assert "********" in terminal.prompt("Mail server")
    terminal.enter("quit")
    assert terminal.end() == 130
    assert "hunter22" not in terminal.text


@pytest.mark.parametrize(
    "environ", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LANG": ""}, {"TERM": "linux"}]
)
def test_marks_are_ascii_in_a_locale_without_utf_8(start: Start, environ: dict[str, str]) -> None:
    terminal = start(staged=True, environ=environ)
    shown = up_to_the_verdict(terminal, "hunter22")
    assert "x The server cannot send mail: login refused" in shown
    assert "\n-> " in shown
    assert terminal.wire.isascii()


def test_changed_field_is_marked_in_ascii_too(start: Start, directory: Path) -> None:
    configured(directory)
    terminal = start(staged=True, environ={"LANG": "C"})
    for answer in ("3", "mail.x.example"):
        terminal.prompt()
        terminal.enter(answer)
    assert "3 Mail server (endpoint): * mail.x.example" in terminal.prompt("Enter tests")


def test_a_login_that_the_mail_server_sends_back_is_in_no_details(
    start: Start, directory: Path
) -> None:
    secret = "kQ7#vZ2m-Tr0x!Lp9"
    with echoing(*ECHOES.values()) as endpoint:
        config = CONFIG.replace(DEMO_HOST, endpoint).replace(DEMO_USER, USER)
        (directory / "config.toml").write_text(config)
        (directory / ".env").write_text(f"SMTP_SECRET='{secret}'\n")
        terminal = start("--plain")
        terminal.prompt("Enter tests")
        terminal.enter()
        terminal.prompt()
        terminal.enter("<")
        terminal.prompt("Enter tests again")
        terminal.enter("8")
        assert "By hand:" in terminal.prompt("Enter tests again")
    assert MASK in terminal.text
    assert {run for form_of in FORMS for run in surviving(terminal.text, form_of(secret))} == set()


def configured(directory: Path) -> Path:
    """Write working settings; return the path of .env."""
    for name, text in CONFIGURED.items():
        (directory / name).write_text(text)
    return directory / ".env"

"""The transcript, the commands that repeat a test, and the text for a ticket: all without login."""

from __future__ import annotations

import asyncio
import shlex
from base64 import b64encode

import pytest

import wizard
from tests.live_test import scripts
from tests.live_test.certificates import server_context, stranger
from tests.live_test.servers import Run, Serve
from wizard.config.endpoint import Endpoint
from wizard.live_test.events import (
    MOST_LINES,
    Alternative,
    Direction,
    StageFinished,
    StageOutcome,
    TestReport,
    Transcript,
    TranscriptLine,
)
from wizard.live_test.evidence import reproduce, ticket
from wizard.live_test.failure import Stage, Verdict
from wizard.text.display import MASK

USER = "you@example.org"
SECRET = "hunter2-Käse"
BY_HAND = f"--from {USER} --to {USER} --quit-after RCPT"


def dialogue(report: TestReport) -> list[str]:
    return [f"{line.direction}: {line.text}" for line in report.transcript]


async def test_the_transcript_is_the_dialogue_without_the_login(serve: Serve, run: Run) -> None:
    async with serve({}, tls=True) as port:
        report = await run(port, password=SECRET)
    name = report.stages[4].detail["name"]
    notes, lines = dialogue(report)[:2], dialogue(report)[2:]
    assert "answers" in notes[0]
    assert "TLS 1.3" in notes[1]
    assert lines == [
        "S: 220 mail.example.org ESMTP",
        f"C: EHLO {name}",
        "S: 250-mail.example.org",
        "S: 250-STARTTLS",
        "S: 250 AUTH PLAIN LOGIN",
        f"C: AUTH PLAIN {MASK}",
        "S: 235 2.7.0 Welcome",
        f"C: MAIL FROM:<{USER}>",
        "S: 250 2.1.0 Ok",
        f"C: RCPT TO:<{USER}>",
        "S: 250 2.1.5 Ok",
        "C: RSET",
        "S: 250 2.0.0 Ok",
        "C: QUIT",
        "S: 221 2.0.0 Bye",
    ]
    times = [line.seconds for line in report.transcript]
    assert times == sorted(times)
    assert report.decided_after <= report.seconds


async def test_the_answers_to_login_prompts_are_left_out(serve: Serve, run: Run) -> None:
    async with serve(scripts.asking(["Username:", "Password:"]), tls=True) as port:
        report = await run(port, password="abc")  # too short to be masked by its text
    assert dialogue(report).count(f"C: {MASK}") == 2
    for secret in (b"abc", USER.encode()):
        assert b64encode(secret).decode() not in ticket(report)


async def test_an_echo_of_the_login_is_masked(serve: Serve, run: Run) -> None:
    echo = b64encode(f"\0{USER}\0{SECRET}".encode()).decode()
    async with serve({"AUTH": f"535 5.7.8 {echo} {SECRET}"}, tls=True) as port:
        report = await run(port, password=SECRET)
    assert f"S: 535 5.7.8 {MASK} {MASK}" in dialogue(report)
    assert SECRET not in repr(report) + ticket(report)
    assert echo not in repr(report) + ticket(report)


@pytest.mark.parametrize(
    ("answers", "last"),
    [
        ({"GREETING": "SSH-2.0-x"}, ["S: SSH-2.0-x", "*: what is not an SMTP reply"]),
        ({"EHLO": "CLOSE"}, ["*: The mail server has hung up."]),
        (
            {"EHLO": "250-a\r\n220 b"},
            ["S: 220 b", "*: a reply whose lines have different codes"],
        ),
    ],
    ids=["no SMTP", "closed", "two codes in a reply"],
)
async def test_the_transcript_of_a_failure_ends_with_the_reason(
    serve: Serve, run: Run, answers: dict[str, str], last: list[str]
) -> None:
    async with serve(answers) as port:
        report = await run(port, "smtp://localhost")
    assert dialogue(report)[-len(last) :] == last


def test_a_transcript_has_a_limited_length_and_width() -> None:
    transcript = Transcript(clock=lambda: 0.0)
    for _ in range(MOST_LINES + 2):
        transcript.received("x" * 10_000)
    assert len(transcript.lines) == MOST_LINES + 1
    assert transcript.lines[-1] == TranscriptLine(Direction.NOTE, "The rest is left out.", 0.0)
    assert max(len(line.text) for line in transcript.lines) <= 300


def test_a_line_prints_with_its_time_and_side() -> None:
    assert str(TranscriptLine(Direction.SENT, "QUIT", 1.25)) == "   1.250 C: QUIT"


def report_for(
    endpoint: str,
    *,
    starttls: bool = False,
    login: str | None = USER,
    recipient: str | None = None,
    stages: tuple[StageFinished, ...] = (),
) -> TestReport:
    parsed = Endpoint.parse(endpoint)
    return TestReport(
        Verdict.PASS,
        parsed.route(starttls),
        parsed.display,
        stages,
        None,
        1.0,
        sender=USER,
        login=login,
        recipient=recipient,
    )


LOGIN = "--auth PLAIN,LOGIN --auth-user you@example.org --protect-prompt --auth-hide-password"


@pytest.mark.parametrize(
    ("report", "swaks", "openssl"),
    [
        (
            report_for("a.example"),
            (
                f"--server a.example --port 465 --tls-on-connect --tls-verify {LOGIN} "
                f"--from {USER} --to {USER} --quit-after RCPT"
            ),
            (
                "-connect a.example:465 -servername a.example -verify_hostname a.example "
                "-verify_return_error -crlf"
            ),
        ),
        (
            report_for("a.example", starttls=True, recipient="b@b.example"),
            (
                f"--server a.example --port 587 --tls --tls-verify {LOGIN} "
                f"--from {USER} --to b@b.example --quit-after RCPT"
            ),
            (
                "-connect a.example:587 -servername a.example -verify_hostname a.example "
                "-verify_return_error -crlf -starttls smtp"
            ),
        ),
        (
            report_for("smtp://relay:2500/box.example", login=None),
            f"--server relay --port 2500 --ehlo box.example {BY_HAND}",
            None,
        ),
    ],
    ids=["SMTPS", "STARTTLS", "relay"],
)
def test_the_test_can_be_repeated_by_hand(
    report: TestReport, swaks: str, openssl: str | None
) -> None:
    expected = [f"swaks {swaks}"]
    if openssl:
        expected.append(f"openssl s_client {openssl}")
    assert list(reproduce(report)) == expected


def test_the_mechanism_of_the_test_is_repeated_and_so_is_a_real_mail() -> None:
    stages = (
        StageFinished(Stage.AUTH, StageOutcome.PASS, 0.1, "ok", {"mechanism": "LOGIN"}),
        StageFinished(Stage.DATA, StageOutcome.PASS, 0.1, "ok"),
    )
    command, _ = reproduce(report_for("a.example", recipient="b@b.example", stages=stages))
    assert "--auth LOGIN" in command
    assert "--quit-after" not in command


def test_names_are_quoted_for_the_shell() -> None:
    evil = "a'b; rm -rf $HOME@example.org"
    command, _ = reproduce(report_for("a.example", login=evil, recipient="$(id)@b.example"))
    words = shlex.split(command)
    assert evil in words
    assert "$(id)@b.example" in words


def test_without_a_route_there_is_nothing_to_repeat() -> None:
    report = TestReport(Verdict.UNTESTABLE, None, "", (), None, 0.0)
    assert reproduce(report) == ()
    assert "Verdict: untestable" in ticket(report)


async def test_a_ticket_has_all_that_helps_and_no_secret(serve: Serve, run: Run) -> None:
    async with serve({"AUTH": "535 5.7.8 Bad credentials"}, tls=True) as port:
        report = await run(port, password=SECRET, recipient="b@b.example")
    text = ticket(report)
    for part in (
        f"smtp-wizard {wizard.__version__}",
        "OpenSSL",
        "The server connects to mail.example.org, port 465",
        "login as you@example.org",
        "mail to b@b.example",
        "Verdict: fail",
        "auth-rejected (auth): ",
        "Advice: ",
        "The mail server said: 535 5.7.8 Bad credentials",
        f"C: AUTH PLAIN {MASK}",
        "swaks --server mail.example.org",
    ):
        assert part in text
    assert SECRET not in text
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("535 5.7.8 Username and Password not accepted.", None),
        ("535 5.7.8 esäK-2retnuh is wrong", "535 5.7.8 (left out)"),
        ("535 uh2rtne", "535 (left out)"),
        ("esäK-2retnuh", "(left out)"),
    ],
    ids=["known", "reversed", "no enhanced code", "not a reply"],
)
async def test_a_ticket_has_only_well_known_words_after_the_login(
    serve: Serve, run: Run, said: str, shown: str | None
) -> None:
    answers = {"GREETING": "220 zebra", "AUTH": said}
    async with serve(answers, tls=True) as port:
        report = await run(port, password=SECRET)
    text = ticket(report)
    assert f"S: {shown or said}\n" in text
    assert f"The mail server said: {shown or said}\n" in text
    assert "S: 220 zebra\n" in text
    assert shown is None or said not in text


async def test_a_ticket_describes_the_certificate(serve: Serve, run: Run) -> None:
    context = server_context("other.example.org", "192.0.2.1", by=stranger)
    async with serve({}, tls=context) as port:
        text = ticket(await run(port))
    for part in (
        "names: other.example.org, 192.0.2.1",
        "issuer: Somebody Ltd",
        "self signed: False",
        "not before: ",
        "rule: untrusted",
        "reason: unable to get local issuer certificate",
    ):
        assert part in text


def test_a_ticket_names_the_alternatives() -> None:
    other = Alternative("b.example", True, Verdict.PASS, "b.example answers.")
    report = TestReport(Verdict.FAIL, None, "", (), None, 0.0, alternatives=(other,))
    assert "Alternative (pass): b.example, starttls = true" in ticket(report)


async def test_a_user_that_is_the_secret_itself_is_masked(serve: Serve, run: Run) -> None:
    async with serve({"AUTH": "535 5.7.8 no", "QUIT": "221 bye"}, tls=True) as port:
        report = await run(port, user="token-1234-5678", password="token-1234-5678")
        await asyncio.sleep(0)
    assert "token-1234-5678" not in repr(report) + ticket(report)

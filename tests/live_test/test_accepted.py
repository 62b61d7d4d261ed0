"""What a mail server that works looks like, on each of the three kinds of route."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.live_test.servers import Run, Serve
from wizard.config.endpoint import Endpoint, Security
from wizard.config.settings import SmtpSettings
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.live_test.events import (
    Event,
    StageFinished,
    StageStarted,
    TestFinished,
    TestReport,
    VerdictReached,
)
from wizard.live_test.failure import Stage, Verdict, in_progress
from wizard.secrets.secret import Secret
from wizard.system.network import Address, SystemNetwork
from wizard.text import language

SMTPS = ["dns", "tcp", "tls", "greeting", "ehlo", "auth", "mail", "rcpt", "rset", "quit"]
STARTTLS = [
    *("dns", "tcp", "greeting", "ehlo", "starttls", "ehlo", "auth", "mail", "rcpt", "rset", "quit")
]
PLAIN = ["dns", "tcp", "greeting", "ehlo", "auth", "mail", "rcpt", "rset", "quit"]


def stages(report: TestReport) -> list[str]:
    return [finished.stage.value for finished in report.stages]


@pytest.mark.parametrize(
    ("endpoint", "starttls", "port", "security", "expected"),
    [
        ("mail.demo.example", False, 465, Security.TLS, SMTPS),
        ("mail.demo.example", True, 587, Security.STARTTLS, STARTTLS),
        ("smtp://mail.demo.example?tls=required", False, 587, Security.STARTTLS, STARTTLS),
    ],
    ids=["SMTPS", "STARTTLS", "STARTTLS from the endpoint"],
)
async def test_login_and_sender_pass_on_an_encrypted_route(
    friendly: MailServer,
    run: Run,
    endpoint: str,
    starttls: bool,
    port: int,
    security: Security,
    expected: list[str],
) -> None:
    report = await run(
        0, endpoint, starttls=starttls, user=DEMO_USER, through=DemoNetwork(friendly)
    )
    assert report.verdict is Verdict.PASS
    assert report.diagnosis is None
    assert report.route is not None
    assert (report.route.port, report.route.security) == (port, security)
    assert stages(report) == expected
    assert {finished.outcome.value for finished in report.stages} == {"pass"}


async def test_a_relay_without_login_skips_the_login(friendly: MailServer, run: Run) -> None:
    report = await run(
        0, "smtp://localhost:2500", user=DEMO_USER, password=None, through=DemoNetwork(friendly)
    )
    assert report.verdict is Verdict.PASS
    assert stages(report) == PLAIN
    [auth] = [finished for finished in report.stages if finished.stage == "auth"]
    assert auth.outcome == "skip"
    assert auth.message == "No login: no password is set."


async def test_a_recipient_is_asked_about_and_nothing_is_delivered(
    friendly: MailServer, run: Run
) -> None:
    report = await run(
        0,
        "mail.demo.example",
        user=DEMO_USER,
        recipient="admin@example.org",
        through=DemoNetwork(friendly),
    )
    assert report.verdict is Verdict.PASS
    assert "rcpt" in stages(report)
    assert "data" not in stages(report)
    assert friendly.messages == ()


@pytest.mark.parametrize("spoken", ["en", "de"])
async def test_each_stage_says_in_a_line_of_a_terminal_what_was_found(
    friendly: MailServer, run: Run, spoken: str
) -> None:
    language.use(spoken)
    try:
        report = await run(
            0,
            "mail.demo.example",
            starttls=True,
            user=DEMO_USER,
            recipient="admin@example.org",
            through=DemoNetwork(friendly),
        )
    finally:
        language.use("en")
    said = [finished.message for finished in report.stages]
    assert max(map(len, said)) <= 51
    if spoken == "en":
        name, port, greeting, offer, encryption, login, again, *rest = said
        assert name == "mail.demo.example is 127.0.0.1."
        assert port == f"Port {friendly.ports.starttls} answers in place of port 587."
        assert greeting == "mail.demo.example has greeted."
        assert offer == "STARTTLS is offered."
        assert re.fullmatch(
            r"TLS 1\.3; the certificate is valid until \d{4}-\d\d-\d\d\.", encryption
        )
        assert login == "A login by PLAIN is offered."
        assert [again, *rest] == [
            f"{DEMO_USER} is accepted.",
            f"Mails from {DEMO_USER} are accepted.",
            "Mails to admin@example.org are accepted.",
            "Sender taken back: no mail was sent.",
            "mail.demo.example has said goodbye.",
        ]


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        (["192.0.2.1", "2001:db8::1"], "mail.example.org is 192.0.2.1 and 2001:db8::1."),
        ([f"192.0.2.{n}" for n in range(1, 6)], "mail.example.org is 192.0.2.1 and 4 more."),
    ],
    ids=["two", "five"],
)
async def test_many_addresses_are_counted_and_listed_in_the_transcript(
    run: Run, addresses: list[str], said: str
) -> None:
    class Answered(SystemNetwork):
        async def resolve(self, host: str, port: int) -> Sequence[Address]:
            return [Address(ip, port) for ip in addresses]

        async def connect(self, address: Address) -> socket.socket:
            raise ConnectionRefusedError

    report = await run(0, through=Answered())
    assert report.stages[0].message == said
    told = " ".join([said, *map(str, report.transcript)])
    assert all(ip in told for ip in addresses)


SETTINGS = SmtpSettings(
    "you@example.org", Endpoint.parse("mail.example.org"), False, Secret("correct horse")
)


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_each_stage_says_what_it_does_while_it_runs(spoken: str) -> None:
    language.use(spoken)
    try:
        said = {stage: in_progress(stage, SETTINGS) for stage in Stage}
        without_login = in_progress(Stage.AUTH, replace(SETTINGS, secret=None))
    finally:
        language.use("en")
    assert max(map(len, (*said.values(), without_login))) <= 51
    assert all(words.endswith(" …") for words in said.values())
    if spoken == "en":
        assert said[Stage.DNS] == "looks up mail.example.org …"
        assert said[Stage.AUTH] == "logs in as you@example.org …"
        assert without_login == "goes on without a login …"


def test_a_user_that_is_the_secret_is_masked_while_the_login_runs() -> None:
    token = replace(SETTINGS, user="token-1", secret=Secret("token-1"))
    assert "token-1" not in in_progress(Stage.AUTH, token)
    assert "token-1" not in in_progress(Stage.MAIL, token)


def test_the_user_of_the_endpoint_is_the_one_who_logs_in() -> None:
    endpoint = Endpoint.parse("smtp://relay-user:pw@relay.example.org")
    settings = SmtpSettings("you@example.org", endpoint)
    assert in_progress(Stage.AUTH, settings) == "logs in as relay-user …"
    assert in_progress(Stage.MAIL, settings) == "names you@example.org as the sender …"


async def test_each_stage_is_started_then_finished_and_the_report_comes_last(
    friendly: MailServer, run: Run
) -> None:
    events: list[Event] = []
    report = await run(
        0, "mail.demo.example", user=DEMO_USER, through=DemoNetwork(friendly), events=events
    )
    *pairs, last = (event for event in events if not isinstance(event, VerdictReached))
    assert isinstance(last, TestFinished)
    assert last.report is report
    for started, finished in zip(pairs[::2], pairs[1::2], strict=True):
        assert isinstance(started, StageStarted)
        assert isinstance(finished, StageFinished)
        assert started.stage is finished.stage
        assert finished.seconds >= 0
    assert tuple(event for event in events if isinstance(event, StageFinished)) == report.stages


async def test_the_connection_stage_names_the_port_that_really_answered(
    friendly: MailServer, run: Run
) -> None:
    report = await run(0, "mail.demo.example", user=DEMO_USER, through=DemoNetwork(friendly))
    tcp = report.stages[1]
    assert tcp.detail["port"] == friendly.ports.smtps
    assert str(friendly.ports.smtps) in tcp.message
    assert "465" in tcp.message


async def test_the_report_prints_as_the_documented_document(friendly: MailServer, run: Run) -> None:
    report = await run(0, "mail.demo.example", user=DEMO_USER, through=DemoNetwork(friendly))
    document = report.to_json()
    assert list(document) == [
        "verdict",
        "from",
        "route",
        "stages",
        "diagnosis",
        "alternatives",
        "seconds",
    ]
    assert document["route"] == {
        "endpoint": "mail.demo.example",
        "host": "mail.demo.example",
        "port": 465,
        "security": "tls",
    }
    assert document["diagnosis"] is None
    assert document["alternatives"] == []
    first = report.stages[0].to_json()
    assert list(first) == ["stage", "outcome", "seconds", "message", "detail"]


def test_a_report_without_a_route_prints_null() -> None:
    report = TestReport(Verdict.UNTESTABLE, None, "", (), None, 0.0)
    assert report.to_json()["route"] is None


@pytest.mark.parametrize("command", ["RSET", "QUIT"])
@pytest.mark.parametrize("answer", ["500 5.5.1 What?", "CLOSE", "garbage"])
async def test_the_verdict_does_not_depend_on_courtesies(
    serve: Serve, run: Run, command: str, answer: str
) -> None:
    async with serve({command: answer}, tls=True) as port:
        report = await run(port)
    assert report.verdict is Verdict.PASS
    assert report.diagnosis is None
    assert report.stages[-1].outcome == "warn"


async def test_silence_after_quit_costs_little_and_changes_nothing(serve: Serve, run: Run) -> None:
    async with serve({"QUIT": ""}, tls=True) as port:
        report = await run(port)
    assert report.verdict is Verdict.PASS
    assert report.seconds < 10


@pytest.mark.parametrize("code", ["235", "200", "250"])
async def test_any_positive_reply_ends_a_login(serve: Serve, run: Run, code: str) -> None:
    async with serve({"AUTH": f"{code} fine"}, tls=True) as port:
        assert (await run(port)).verdict is Verdict.PASS


async def test_a_greeting_other_than_220_is_accepted_as_the_server_does(
    serve: Serve, run: Run
) -> None:
    async with serve({"GREETING": "250 hello"}, tls=True) as port:
        assert (await run(port)).verdict is Verdict.PASS


async def test_a_non_ascii_sender_is_accepted_with_smtputf8(serve: Serve, run: Run) -> None:
    answers = {"EHLO": "250-mail.example.org\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN"}
    async with serve(answers, tls=True) as port:
        report = await run(port, user="jürgen@example.org")
    assert report.verdict is Verdict.PASS


async def test_a_long_reply_in_pieces_is_one_reply(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readline()
        for _ in range(60):  # more than aiosmtplib puts up with, less than the server's client
            writer.write(b"250-" + b"x" * 900 + b"\r\n250")
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(b"-more\r\n")
        writer.write(b"250 AUTH PLAIN\r\n")
        for reply in (b"235 ok", b"250 ok", b"250 ok", b"221 bye"):
            await reader.readline()
            writer.write(reply + b"\r\n")
        await reader.read()

    async with serve(play, tls=True) as port:
        assert (await run(port)).verdict is Verdict.PASS

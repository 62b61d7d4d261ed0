"""A real mail is sent only when it is asked for, once, by another client, and is well-formed."""

from __future__ import annotations

import asyncio
import gc
import itertools
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live_test.scripts import in_turn
from tests.live_test.servers import (
    HOST,
    PASSWORD,
    POLITE,
    Answers,
    LoopbackNetwork,
    Run,
    Serve,
    answering,
    verdict,
)
from tests.live_test.test_patience import TimeRunsOut
from wizard.config.endpoint import Endpoint, Route, Security
from wizard.config.settings import SmtpSettings, check_recipient, check_user
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.errors import InvalidValue
from wizard.live_test import delivery
from wizard.live_test.delivery import SUBJECT, compose_test_mail, queue_id
from wizard.live_test.events import Event, StageStarted, TestReport, VerdictReached
from wizard.live_test.failure import Stage, Verdict
from wizard.live_test.run import run_live_test
from wizard.live_test.smtp import Reply
from wizard.secrets.secret import Secret
from wizard.system.network import Address, match_server_tls

TO = "admin@example.net"
ROUTE = Route("mail.example.org", 465, Security.TLS)


class Mailbox:
    """Takes mails; keeps the commands of each connection, and the lines of the mails."""

    def __init__(self, extensions: bytes = b"") -> None:
        self.extensions = extensions
        self.connections: list[list[str]] = []
        self.lines: list[bytes] = []

    @property
    def verbs(self) -> list[list[str]]:
        return [[command.split()[0] for command in each] for each in self.connections]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands: list[str] = []
        self.connections.append(commands)
        writer.write(b"220 hi\r\n")
        while line := await reader.readline():
            commands.append(line.decode().strip())
            if line.startswith(b"EHLO"):
                writer.write(b"250-mail\r\n" + self.extensions + b"250 AUTH PLAIN\r\n")
            elif line == b"DATA\r\n":
                writer.write(b"354 go\r\n")
                while (line := await reader.readline()) != b".\r\n":
                    self.lines.append(line)
                writer.write(b"250 2.0.0 Ok: queued as 4Xyz12Abc\r\n")
            else:
                writer.write(b"250 ok\r\n")

    def message(self) -> EmailMessage:
        unstuffed = [line[1:] if line.startswith(b".") else line for line in self.lines]
        message = message_from_bytes(b"".join(unstuffed), policy=policy.SMTPUTF8)
        assert isinstance(message, EmailMessage)
        return message


def stage(report: TestReport, name: str) -> Mapping[str, object]:
    [found] = [finished for finished in report.stages if finished.stage == name]
    return dict(found.detail) | {"message": found.message, "outcome": found.outcome.value}


async def test_the_mail_is_well_formed_and_its_queue_id_is_told(serve: Serve, run: Run) -> None:
    server = Mailbox()
    async with serve(server, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert report.verdict is Verdict.PASS
    data = stage(report, "data")
    assert data["queue_id"] == "4Xyz12Abc"
    assert "admin@example.net as 4Xyz12Abc" in str(data["message"])
    message = server.message()
    assert message["Subject"] == SUBJECT
    assert not SUBJECT.isascii()
    assert str(message["From"].addresses[0].addr_spec) == "you@example.org"
    assert message["To"] == TO
    assert message["Message-ID"].endswith("@example.org>")
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert "mail.example.org, port 465" in message.get_content()
    assert all(line.endswith(b"\r\n") and len(line) <= 1000 for line in server.lines)
    assert b"".join(server.lines).isascii()


@pytest.mark.parametrize("extensions", [b"", b"250-PIPELINING\r\n"], ids=["one by one", "groups"])
async def test_the_verdict_comes_first_and_then_another_client_sends_the_mail(
    serve: Serve, run: Run, extensions: bytes
) -> None:
    server = Mailbox(extensions)
    events: list[Event] = []
    async with serve(server, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True, events=events)
    assert server.verbs == [
        ["EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"],
        ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"],
    ]
    assert server.connections[0][:4] == server.connections[1][:4]
    assert [finished.stage for finished in report.stages][-3:] == ["rset", "quit", "data"]
    assert [event for event in events if isinstance(event, VerdictReached)] == [
        VerdictReached(Verdict.PASS)
    ]
    reached = events.index(VerdictReached(Verdict.PASS))
    assert reached < events.index(StageStarted(Stage.RSET)) < events.index(StageStarted(Stage.DATA))


async def test_no_mail_is_sent_unless_asked_for(serve: Serve, run: Run) -> None:
    server = Mailbox(b"250-PIPELINING\r\n")
    async with serve(server, tls=True) as port:
        await run(port, recipient=TO)
    assert server.verbs == [["EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"]]


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT"])
async def test_no_mail_is_sent_after_a_refusal(serve: Serve, run: Run, verb: str) -> None:
    async with serve({verb: "550 5.7.1 No"}, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert report.verdict is Verdict.FAIL
    assert report.stages[-1].stage == verb.lower()


async def test_a_mail_without_a_recipient_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="recipient"):
        await anext(run_live_test(SmtpSettings("you", Endpoint.parse("a.example")), deliver=True))


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_a_greylisted_mail_is_not_sent(serve: Serve, run: Run, verb: str) -> None:
    async with serve({verb: "451 4.7.1 Greylisted"}, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert verdict(report) == ("warn", "greylisted", verb.lower())
    assert stage(report, "data")["outcome"] == "skip"
    assert [finished.stage for finished in report.stages][-2:] == ["quit", "data"]


async def test_a_mail_from_a_non_ascii_sender_is_sent_with_smtputf8(serve: Serve, run: Run) -> None:
    server = Mailbox(b"250-SMTPUTF8\r\n250-8BITMIME\r\n")
    async with serve(server, tls=True) as port:
        report = await run(port, user="jürgen@bücher.example", recipient=TO, deliver=True)
    assert report.verdict is Verdict.PASS
    named, sent = (commands[2] for commands in server.connections)
    assert named == "MAIL FROM:<jürgen@bücher.example> SMTPUTF8"
    assert sent == "MAIL FROM:<jürgen@bücher.example> SMTPUTF8 BODY=8BITMIME"
    assert "jürgen@bücher.example".encode() in b"".join(server.lines)
    assert server.message()["Message-ID"].isascii()


@pytest.mark.parametrize(
    ("endpoint", "starttls", "password"),
    [(DEMO_HOST, False, PASSWORD), (DEMO_HOST, True, PASSWORD), ("smtp://localhost", False, None)],
    ids=["SMTPS", "STARTTLS", "relay"],
)
async def test_the_demo_server_receives_the_mail(
    friendly: MailServer, run: Run, endpoint: str, starttls: bool, password: str | None
) -> None:
    report = await run(
        0,
        endpoint,
        starttls=starttls,
        user=DEMO_USER,
        password=password,
        recipient=TO,
        deliver=True,
        through=DemoNetwork(friendly),
    )
    assert report.verdict is Verdict.PASS
    assert stage(report, "data")["queue_id"] == "DEMO1"
    [message] = friendly.messages
    assert (message.sender, message.recipients) == (DEMO_USER, (TO,))
    assert message.subject == SUBJECT


async def test_a_mail_arrives_unharmed(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [b".", b"..", b".a", b"a.", b"", b"x" * 998, b"\xc3\xa4", b"MAIL FROM:<a@b>", b"QUIT"]
    mail = b"Subject: dots\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"
    monkeypatch.setattr(delivery, "compose_test_mail", lambda *_: mail)
    server = Mailbox()
    async with serve(server, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert report.verdict is Verdict.PASS
    assert b"".join(line.removeprefix(b".") for line in server.lines) == mail
    assert stage(report, "data")["bytes"] == len(mail)


async def test_an_address_is_named_exactly_as_it_is(serve: Serve, run: Run) -> None:
    """Although aiosmtplib's own methods take this for an address with a comment."""
    server = Mailbox()
    async with serve(server, tls=True) as port:
        report = await run(port, recipient="a(b)@example.net", deliver=True)
    assert report.verdict is Verdict.PASS
    assert [commands[3] for commands in server.connections] == ["RCPT TO:<a(b)@example.net>"] * 2


async def test_a_server_that_mishandles_groups_takes_a_mail(
    serve: Serve, run: Run, server_tls: ssl.SSLContext
) -> None:
    """It throws away what comes with a command, and hangs up."""
    offer: Answers = {"EHLO": "250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN"}
    connections = itertools.count()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The first connection sends a group, however late; the others must not.
        patience = 0.1 if next(connections) else None
        limited = asyncio.StreamReader()
        playing = asyncio.ensure_future(answering(offer, server_tls)(limited, writer))
        grouped = False
        while not grouped and (line := await reader.readline()):
            if line.startswith(b"MAIL"):
                with suppress(TimeoutError):
                    grouped = bool(await asyncio.wait_for(reader.read(100), patience))
            limited.feed_data(line)
        limited.feed_eof()
        await playing

    async with serve(play, tls=True) as port:
        plain = await run(port)
        report = await run(port, recipient=TO, deliver=True)
    assert verdict(plain) == ("warn", "protocol-error", "rcpt")
    assert report.verdict is Verdict.PASS


# What comes between the verdict and the mail

REFUSALS: Sequence[tuple[str, str | bytes, str]] = [
    ("GREETING", "421 4.7.0 Too many connections", "fail rate-limited greeting"),
    ("GREETING", "CLOSE", "fail greeting-refused greeting"),
    ("GREETING", "HTTP/1.1 400 Bad Request", "fail not-a-mail-server greeting"),
    ("EHLO", "501 5.5.4 Invalid name", "fail ehlo-refused ehlo"),
    ("EHLO", "CLOSE", "fail protocol-error ehlo"),
    ("AUTH", "535 5.7.8 Wrong", "fail auth-rejected auth"),
    ("AUTH", "535 5.7.8 WrongCLOSE", "fail auth-rejected auth"),
    ("AUTH", "454 4.7.0 Later", "fail auth-temporary auth"),
    ("MAIL", "553 5.7.1 Sender address rejected: not owned", "fail sender-refused mail"),
    ("MAIL", "CLOSE", "fail protocol-error mail"),
    ("RCPT", "550 5.1.1 No such user", "fail recipient-refused rcpt"),
    ("RCPT", "450 4.7.1 Greylisted", "warn greylisted rcpt"),
    ("RCPT", b"250 caf\xe9\r\n", "fail protocol-error rcpt"),
    ("DATA", "554 5.7.1 Message refused", "fail mail-refused data"),
    ("DATA", "CLOSE", "fail protocol-error data"),
    (".", "550 5.7.1 Looks like spam", "fail mail-refused data"),
    (".", "552 5.3.4 Message too big", "fail mail-too-big data"),
    (".", "421 4.3.0 Shutting down", "fail server-trouble data"),
    (".", "CLOSE", "fail protocol-error data"),
    (".", "OK", "fail protocol-error data"),
]


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    REFUSALS,
    ids=[f"{number} {verb}" for number, (verb, _, _) in enumerate(REFUSALS, 1)],
)
@pytest.mark.parametrize("starttls", [False, True], ids=["SMTPS", "STARTTLS"])
async def test_a_refusal_of_the_mail_turns_the_verdict(
    serve: Serve,
    run: Run,
    server_tls: ssl.SSLContext,
    verb: str,
    reply: str | bytes,
    expected: str,
    starttls: bool,
) -> None:
    events: list[Event] = []
    script = in_turn(answering({}, server_tls), answering({verb: reply}, server_tls))
    async with serve(script, tls=not starttls) as port:
        report = await run(port, starttls=starttls, recipient=TO, deliver=True, events=events)
    assert " ".join(verdict(report)) == expected
    assert [event.verdict for event in events if isinstance(event, VerdictReached)] == [
        Verdict.PASS,
        report.verdict,
    ]
    assert [finished.stage for finished in report.stages][-2:] == ["quit", "data"]
    assert report.stages[-1].outcome == report.verdict.value
    assert [event.stage for event in events if isinstance(event, StageStarted)] == [
        finished.stage for finished in report.stages
    ]
    assert sum("AUTH" in line.text and line.direction == "C" for line in report.transcript) <= 2


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT"])
async def test_silence_before_the_mail_is_too_slow_to_tell(
    serve: Serve,
    run: Run,
    server_tls: ssl.SSLContext,
    verb: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = TimeRunsOut("", monkeypatch)
    script = in_turn(answering({}, server_tls), answering({verb: events.silence}, server_tls))
    async with serve(script, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True, timeout=60, events=events)
    assert verdict(report) == ("untestable", "slow", verb.lower())


@pytest.mark.parametrize("verb", ["DATA", "."])
async def test_silence_about_the_mail_says_to_look_whether_it_has_arrived(
    serve: Serve,
    run: Run,
    server_tls: ssl.SSLContext,
    verb: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mails = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mails.append(1)
        await answering({verb: events.silence}, server_tls)(reader, writer)

    events = TimeRunsOut("", monkeypatch)
    async with serve(in_turn(answering({}, server_tls), count), tls=True) as port:
        report = await run(port, recipient=TO, deliver=True, timeout=60, events=events)
    assert verdict(report) == ("untestable", "slow", "data")
    assert report.diagnosis is not None
    assert "Check whether the mail has arrived" in report.diagnosis.remedy
    assert len(mails) == 1


@pytest.mark.parametrize(
    ("answers", "stage_name"),
    [({"GREETING": "250 hello"}, "greeting"), ({".": "251 Will forward"}, "data")],
    ids=["greeting", "mail"],
)
async def test_a_reply_that_only_the_servers_client_takes_is_a_warning(
    serve: Serve, run: Run, answers: dict[str, str], stage_name: str
) -> None:
    async with serve(answers, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert verdict(report) == ("warn", "protocol-error", stage_name)


async def test_any_positive_reply_to_login_sender_and_recipient_is_taken(
    serve: Serve, run: Run
) -> None:
    answers = {"AUTH": "250 ok", "MAIL": "252 ok", "RCPT": "252 ok", "QUIT": "250 ok"}
    async with serve(answers, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert report.verdict is Verdict.PASS


async def test_login_is_asked_for_step_by_step_where_the_verdict_did(
    serve: Serve, run: Run
) -> None:
    received: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        replies = [b"220 hi", b"250-mail\r\n250 AUTH CRAM-MD5 LOGIN"]
        replies += [b"334 VXNlcm5hbWU6", b"334 UGFzc3dvcmQ6", b"235 ok", b"250 ok", b"250 ok"]
        for reply in replies:
            writer.write(reply + b"\r\n")
            received.append((await reader.readline()).strip())
        data = received[-1] == b"DATA"
        writer.write(b"354 go\r\n" if data else b"250 ok\r\n")
        while data and await reader.readline() != b".\r\n":
            pass
        writer.write(b"250 ok\r\n" if data else b"")
        await reader.readline()
        writer.write(b"221 bye\r\n")

    async with serve(play, tls=True) as port:
        report = await run(port, recipient=TO, deliver=True)
    assert report.verdict is Verdict.PASS
    login = [b"AUTH LOGIN", b64encode(b"you@example.org"), b64encode(PASSWORD.encode())]
    assert [received[1:4], received[8:11]] == [login, login]


@pytest.mark.parametrize("starttls", [False, True], ids=["SMTPS", "STARTTLS"])
async def test_another_certificate_on_the_second_connection_fails(
    serve: Serve, network: Callable[[int], LoopbackNetwork], run: Run, starttls: bool
) -> None:
    """As behind a balancer of which one machine was forgotten."""
    async with serve({}, tls=not starttls) as port:
        through = network(port)
        contexts = [through.tls_context(), match_server_tls(ssl.create_default_context())]
        through.tls_context = lambda: contexts.pop(0)  # type: ignore[method-assign]
        report = await run(0, starttls=starttls, recipient=TO, deliver=True, through=through)
    stage_name = "starttls" if starttls else "tls"
    assert verdict(report) == ("fail", "certificate-untrusted", stage_name)
    assert report.diagnosis is not None
    assert "trustme" in report.diagnosis.summary


async def test_a_second_connection_that_is_refused_fails(
    serve: Serve, network: Callable[[int], LoopbackNetwork], run: Run
) -> None:
    async with serve({}, tls=True) as port:
        through = network(port)
        connect = through.connect

        async def once(address: Address) -> socket.socket:
            if through.sockets:
                raise ConnectionRefusedError
            return await connect(address)

        through.connect = once  # type: ignore[method-assign]
        report = await run(0, recipient=TO, deliver=True, through=through)
    assert verdict(report) == ("fail", "refused", "tcp")


@pytest.mark.parametrize("how", ["cancel", "close"])
@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "STARTTLS", "AUTH", "RCPT", "."])
async def test_cancelling_closes_the_second_connection(
    serve: Serve,
    network: Callable[[int], LoopbackNetwork],
    server_tls: ssl.SSLContext,
    verb: str,
    how: str,
) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    starttls = verb == "STARTTLS"
    settings = SmtpSettings("you@example.org", Endpoint.parse(HOST), starttls, Secret(PASSWORD))
    script = in_turn(answering({}, server_tls), answering({verb: ""}, server_tls))
    async with serve(script, tls=not starttls) as port:
        through = network(port)
        reached = asyncio.Event()

        async def consume() -> None:
            test = run_live_test(settings, recipient=TO, deliver=True, timeout=60, network=through)
            async with aclosing(test) as stream:
                async for event in stream:
                    if event == StageStarted(Stage.DATA):
                        reached.set()
                        if how == "close":
                            return

        consumer = asyncio.create_task(consume())
        await reached.wait()
        if how == "cancel":
            while len(through.sockets) < 2:  # noqa: ASYNC110  (a network tells no event)
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)  # into the middle of the dialogue
            consumer.cancel()
        with suppress(asyncio.CancelledError):
            await consumer
        assert len(through.sockets) == (2 if how == "cancel" else 1)
        assert {sock.fileno() for sock in through.sockets} == {-1}
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


# The mail itself


@pytest.mark.parametrize(
    ("sender", "written"),
    [
        ("a.b@example.org", "a.b@example.org"),
        ("a,b@example.org", '"a,b"@example.org'),
        ('"odd one"@example.org', '"odd one"@example.org'),
        ("é@b.example", "é@b.example"),
        ("apikey", "apikey"),
    ],
)
def test_any_user_makes_a_sender(sender: str, written: str) -> None:
    mail = compose_test_mail(sender, TO, ROUTE, "you")
    [line] = [line for line in mail.split(b"\r\n") if line.startswith(b"From:")]
    assert line.decode() == f"From: smtp-wizard <{written}>"


@given(
    st.text("ab.@[]\"\\():-é'+", min_size=1, max_size=8),
    st.sampled_from(["", "@b.example", "@[192.0.2.1]", "@[192.0.2.1"]),
)
def test_any_accepted_user_or_recipient_makes_a_mail(text: str, domain: str) -> None:
    address = text + domain
    with suppress(InvalidValue):
        check_recipient(address)
        assert compose_test_mail("a@b.example", address, ROUTE, None)
    with suppress(InvalidValue):
        check_user(address)
        assert compose_test_mail(address, TO, ROUTE, None)


@pytest.mark.parametrize(
    "recipient", ["a..b@example.org", '"a..b"@example.org', "you@[192.0.2.1]", "é@ü.example"]
)
def test_uncommon_addresses_can_be_recipients(recipient: str) -> None:
    check_recipient(recipient)
    mail = compose_test_mail("a@b.example", recipient, ROUTE, None)
    assert message_from_bytes(mail, policy=policy.SMTPUTF8)["To"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0.0 Ok: queued as 4Xyz12Abc", "4Xyz12Abc"),
        ("OK id=1tF9aB-0001Xy-2Z", "1tF9aB-0001Xy-2Z"),
        ("Ok 010f018c1234abcd-11112222-3333-4444", "010f018c1234abcd-11112222-3333-4444"),
        ("2.0.0 4AM7qX1a012345 Message accepted for delivery", "4AM7qX1a012345"),
        ("2.0.0 OK: queued as <abc@example.org>", "abc@example.org"),
        ("Message received", None),
    ],
    ids=["queued as", "id=", "after Ok", "first word", "in angle brackets", "none"],
)
def test_the_queue_id_is_found_where_there_is_one(text: str, expected: str | None) -> None:
    assert queue_id(Reply(250, (text,))) == expected


def test_the_polite_servers_queue_id_is_found() -> None:
    assert queue_id(Reply(250, (str(POLITE["."])[4:],))) == "4Xyz12Abc"

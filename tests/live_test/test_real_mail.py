"""A real mail is sent only when it is asked for, once, by another client, and is well-formed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest

from tests.live_test.servers import POLITE, Run, Serve, verdict
from wizard.config.endpoint import Endpoint, Route, Security
from wizard.config.settings import SmtpSettings
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.live_test.delivery import SUBJECT, compose_test_mail, queue_id
from wizard.live_test.events import Event, StageStarted, TestReport, VerdictReached
from wizard.live_test.failure import Stage, Verdict
from wizard.live_test.run import run_live_test
from wizard.live_test.smtp import Reply

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


async def test_the_demo_server_receives_the_mail(friendly: MailServer, run: Run) -> None:
    report = await run(
        0,
        DEMO_HOST,
        user=DEMO_USER,
        recipient=TO,
        deliver=True,
        through=DemoNetwork(friendly),
    )
    assert report.verdict is Verdict.PASS
    assert stage(report, "data")["queue_id"] == "DEMO1"
    [message] = friendly.messages
    assert (message.sender, message.recipients) == (DEMO_USER, (TO,))
    assert message.subject == SUBJECT


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

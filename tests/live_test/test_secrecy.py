"""The secret is in nothing that the live test shows, returns or logs."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live_test.servers import Run, Script, Serve
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.live_test.events import Event, TestReport
from wizard.live_test.evidence import ticket
from wizard.live_test.failure import Verdict
from wizard.text.display import MASK, sanitize

SECRET = "hunter2-Käse-${NAME}"
USER = "you@example.org"
FORMS = [
    SECRET,
    b64encode(SECRET.encode()).decode(),
    b64encode(f"\0{USER}\0{SECRET}".encode()).decode(),
]


def everything(report: TestReport, events: list[Event], caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join([repr(report), str(report.to_json()), repr(events), caplog.text])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse the login with everything that the client has sent in it."""
    writer.write(b"220 hi\r\n")
    await reader.readline()
    writer.write(b"250-mail\r\n250 AUTH PLAIN\r\n")
    line = (await reader.readline()).strip()
    writer.write(b"535-5.7.8 " + line + b"\r\n535 5.7.8 " + SECRET.encode() + b"\r\n")
    await reader.read()


async def echo_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same with LOGIN, and a reply that is not one."""
    writer.write(b"220 hi\r\n")
    await reader.readline()
    writer.write(b"250-mail\r\n250 AUTH LOGIN\r\n")
    await reader.readline()
    writer.write(b"334 UGFzc3dvcmQ6\r\n")
    writer.write(b"What is " + (await reader.readline()).strip() + b"?\r\n")
    await reader.read()


@pytest.mark.parametrize("script", [echo, echo_login])
@pytest.mark.parametrize("tls", [True, False])
async def test_a_login_that_the_server_echoes_is_masked(
    serve: Serve,
    run: Run,
    caplog: pytest.LogCaptureFixture,
    script: Callable[..., Awaitable[None]],
    tls: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    events: list[Event] = []
    async with serve(script, tls=tls) as port:
        endpoint = "mail.example.org" if tls else "smtp://localhost"
        report = await run(port, endpoint, user=USER, password=SECRET, events=events)
    assert report.diagnosis is not None
    assert MASK in str(report.diagnosis.server_said)
    shown = everything(report, events, caplog)
    assert [form for form in FORMS if form in shown] == []


def echoing(mechanism: str, verb: str) -> Script:
    """Let one mail pass; then tell at ``verb`` all that the client has sent on this connection."""
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        heard = b""
        writer.write(b"220 hi\r\n")
        while line := await reader.readline():
            heard += line.strip() + b" "
            if connections > 1 and line.startswith(verb.encode()):
                writer.write(b"550-" + SECRET.encode() + b"\r\n550 " + heard + b"\r\n")
            elif line.startswith(b"EHLO"):
                writer.write(b"250-mail\r\n250 AUTH " + mechanism.encode() + b"\r\n")
            elif line == b"AUTH LOGIN\r\n":
                writer.write(b"334 VXNlcm5hbWU6\r\n")
                heard += (await reader.readline()).strip() + b" "
                writer.write(b"334 UGFzc3dvcmQ6\r\n")
                heard += (await reader.readline()).strip() + b" "
                writer.write(b"235 ok\r\n")
            else:
                writer.write(b"250 ok\r\n")

    return play


@pytest.mark.parametrize("verb", ["AUTH PLAIN", "MAIL", "DATA"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_a_login_that_is_echoed_to_the_client_of_the_mail_is_masked(
    serve: Serve, run: Run, caplog: pytest.LogCaptureFixture, mechanism: str, verb: str
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    events: list[Event] = []
    async with serve(echoing(mechanism, verb), tls=True) as port:
        report = await run(
            port,
            user=USER,
            password=SECRET,
            recipient="admin@example.net",
            deliver=True,
            events=events,
        )
    assert report.stages[-1].stage == "data"
    assert report.verdict is not Verdict.PASS
    shown = everything(report, events, caplog) + ticket(report)
    assert [form for form in FORMS if form in shown] == []
    logins = [line.text for line in report.transcript if line.text.startswith("AUTH")]
    assert logins == [f"AUTH PLAIN {MASK}" if mechanism == "PLAIN" else "AUTH LOGIN"] * 2


@pytest.mark.parametrize("password", ["wrong-but-secret", SECRET])
async def test_a_test_against_the_demo_shows_the_secret_nowhere(
    run: Run, caplog: pytest.LogCaptureFixture, friendly: MailServer, password: str
) -> None:
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    for starttls in (False, True):
        report = await run(
            0,
            "mail.demo.example",
            starttls=starttls,
            user=DEMO_USER,
            password=password,
            through=DemoNetwork(friendly),
            events=events,
        )
        assert password not in everything(report, events, caplog)


async def test_a_password_in_the_endpoint_is_masked(serve: Serve, run: Run) -> None:
    events: list[Event] = []
    async with serve({"AUTH": "535 5.7.8 hunter2 is wrong"}) as port:
        report = await run(port, "smtp://you:hunter2@localhost:2500", password=None, events=events)
    assert report.diagnosis is not None
    assert report.diagnosis.code == "auth-rejected"
    assert "hunter2" not in repr(events) + str(report.to_json())


async def test_the_secret_is_not_sent_before_the_encryption(serve: Serve, run: Run) -> None:
    received: list[bytes] = []
    ended = asyncio.Event()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        received.append(await reader.readline())
        writer.write(b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n")
        received.append(await reader.read())
        ended.set()

    async with serve(play) as port:
        await run(port, starttls=True)
        await ended.wait()
    assert b"AUTH" not in b"".join(received)


@given(st.text(max_size=500))
def test_any_text_becomes_printable_on_one_line(text: str) -> None:
    shown = sanitize(text)
    assert shown.isprintable()
    assert len(shown) <= 300
    assert sanitize(shown) == shown

"""Scripted mail servers on loopback, and a network that leads to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import trustme

from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import Event, TestFinished, TestReport
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.network import Address, Network, SystemNetwork, match_server_tls

PASSWORD = "correct horse battery staple"
HOST = "mail.example.org"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = str | bytes | Callable[[], str | bytes]
Answers = Mapping[str, Answer]
Serve = Callable[..., AbstractAsyncContextManager[int]]
Run = Callable[..., Awaitable[TestReport]]


def verdict(report: TestReport) -> tuple[str, str, str]:
    """Return verdict, code and stage of a report that has a diagnosis."""
    assert report.diagnosis is not None
    return report.verdict.value, report.diagnosis.code, report.diagnosis.stage.value


async def run_to_end(settings: SmtpSettings, network: Network, seconds: float) -> None:
    """Run a live test and ignore its events: for a test that cancels it."""
    async with contextlib.aclosing(
        run_live_test(settings, network=network, timeout=seconds)
    ) as events:
        async for _ in events:
            pass


class LoopbackNetwork(SystemNetwork):
    """Leads every name and port to the test's server on this machine.

    The names have the address ``ip``, as far as the live test sees.
    """

    def __init__(self, port: int, authority: trustme.CA, ip: str = "127.0.0.1") -> None:
        self._port = port
        self._ip = ip
        self._authority = authority
        self.sockets: list[socket.socket] = []

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        return [Address(self._ip, self._port)]

    async def connect(self, address: Address) -> socket.socket:
        self.sockets.append(await super().connect(Address("127.0.0.1", address.port)))
        return self.sockets[-1]

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return match_server_tls(context)


async def run_test(
    network: Network,
    endpoint: str = HOST,
    *,
    starttls: bool = False,
    user: str = "you@example.org",
    password: str | None = PASSWORD,
    timeout: float = 20,  # noqa: ASYNC109
    recipient: str | None = None,
    deliver: bool = False,
    alternatives: bool = False,
    events: list[Event] | None = None,
) -> TestReport:
    """Run the test of ``endpoint`` to its end; add the events to ``events``."""
    settings = SmtpSettings(
        user, Endpoint.parse(endpoint), starttls, Secret(password) if password else None
    )
    events = [] if events is None else events
    async with contextlib.aclosing(
        run_live_test(
            settings,
            timeout=timeout,
            recipient=recipient,
            deliver=deliver,
            alternatives=alternatives,
            network=network,
        )
    ) as stream:
        async for event in stream:
            events.append(event)
    assert isinstance(events[-1], TestFinished)
    return events[-1].report


@contextlib.asynccontextmanager
async def serving(
    script: Script | Answers, server_tls: ssl.SSLContext, *, tls: ssl.SSLContext | bool = False
) -> AsyncIterator[int]:
    """Serve connections by ``script``; the context manager yields the port.

    ``server_tls`` is for STARTTLS, and from the first byte if ``tls`` is true.
    """
    play = answering(script, server_tls) if isinstance(script, Mapping) else script
    context = server_tls if tls is True else tls or None
    loop = asyncio.get_running_loop()
    playing: set[asyncio.Task[None]] = set()

    async def connected(sock: socket.socket) -> None:
        streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(
                asyncio.StreamReader(), lambda *pair: streams.append(pair)
            )

        try:
            await loop.connect_accepted_socket(protocol, sock, ssl=context)
            await play(*streams[0])
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has left, which it may, or the test is over
        finally:
            for _, writer in streams:
                writer.transport.abort()

    def accept() -> None:
        with contextlib.suppress(OSError):  # the client has left already
            task = loop.create_task(connected(listener.accept()[0]))
            playing.add(task)
            task.add_done_callback(playing.discard)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop.add_reader(listener, accept)
        try:
            yield listener.getsockname()[1]
        finally:
            loop.remove_reader(listener)
            await asyncio.sleep(0)  # a task that has not begun would not close its connection
            for task in playing:
                task.cancel()
            await asyncio.gather(*playing, return_exceptions=True)
            await asyncio.sleep(0.01)  # for the transports that were aborted


POLITE: Answers = {
    "GREETING": "220 mail.example.org ESMTP",
    "EHLO": "250-mail.example.org\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN",
    "STARTTLS": "220 2.0.0 Go ahead",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "DATA": "354 End with a dot",
    ".": "250 2.0.0 Ok: queued as 4Xyz12Abc",
    "QUIT": "221 2.0.0 Bye",
}


def answering(answers: Answers, tls: ssl.SSLContext) -> Script:
    """Answer each verb from ``answers``, or else politely.

    A function is called for its answer. An empty answer is silence; one that ends in ``CLOSE`` or
    ``RESET`` is followed by the end of the connection. ``EHLO2`` is the answer to EHLO after
    STARTTLS, ``?`` to lines that are no known verb, and ``.`` to the mail after a positive reply
    to DATA. The answer to a whole line, such as ``RCPT TO:<you@example.org>``, goes before the one
    to its verb.
    """

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer({**POLITE, **answers}["GREETING"], reader, writer)
        await converse(answers, reader, writer, tls)

    return play


async def converse(
    answers: Answers,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Answer as :func:`answering` does, once the client has been greeted."""
    told = {**POLITE, **answers}
    while data := await reader.readline():
        line = data.decode().rstrip()
        verb = line.split()[0].upper()
        known = next((key for key in (line, verb) if key in told), "?")
        await _answer(told[known], reader, writer)
        agreed = told.get(verb) == POLITE.get(verb)
        if verb == "DATA" and agreed:
            while await reader.readline() != b".\r\n":
                pass
            await _answer(told["."], reader, writer)
        if verb == "STARTTLS" and agreed:
            assert tls is not None
            await writer.start_tls(tls)
            told["EHLO"] = told.get("EHLO2", told["EHLO"])
        if verb == "QUIT" and told[verb]:
            return


async def _answer(text: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if callable(text):
        text = text()
    if not text:
        await reader.read()  # until the client gives up
        return
    reply = text if isinstance(text, bytes) else text.encode()
    closes = reply.endswith((b"CLOSE", b"RESET"))
    if reply.endswith(b"RESET"):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reply = reply.removesuffix(b"CLOSE").removesuffix(b"RESET")
    writer.write(reply if reply.endswith(b"\n") or not reply else reply + b"\r\n")
    await writer.drain()
    if closes:
        raise ConnectionResetError

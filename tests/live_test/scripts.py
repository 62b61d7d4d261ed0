"""Mail servers as scripts, for what a table of answers cannot say."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from base64 import b64encode
from collections.abc import Callable, Sequence

from tests.live_test.certificates import good
from tests.live_test.servers import Answers, Script, answering, converse

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def in_turn(*scripts: Script) -> Script:
    """Play the first script on the first connection, and so on; the last one on all others."""
    waiting = list(scripts)

    async def play(reader: Reader, writer: Writer) -> None:
        script = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await script(reader, writer)

    return play


def drip(seconds: float = 1.0) -> Script:
    """A good greeting, one byte at a time."""

    async def play(reader: Reader, writer: Writer) -> None:
        for byte in b"220 " + b"mail.example.org " * 50 + b"\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)

    return play


def teasing(seconds: float) -> Script:
    """Greet in two lines, and take a while before the second one to see who cannot wait."""

    async def play(reader: Reader, writer: Writer) -> None:
        writer.write(b"220-mail.example.org\r\n")
        await asyncio.sleep(seconds)
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await converse({}, reader, writer)

    return play


async def endless_greeting(reader: Reader, writer: Writer) -> None:
    while True:
        writer.write(b"220-Welcome\r\n" * 100)
        await writer.drain()


async def slow_endless_greeting(reader: Reader, writer: Writer) -> None:
    while True:
        writer.write(b"220-Welcome\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def long_line(reader: Reader, writer: Writer) -> None:
    writer.write(b"220 ")
    for _ in range(100):
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def flood_after_greeting(reader: Reader, writer: Writer) -> None:
    """Send endless replies to commands that nobody has sent."""
    writer.write(b"220 hi\r\n")
    while True:
        writer.write(b"250 mail.example.org\r\n" * 1000)
        await writer.drain()


async def reset(reader: Reader, writer: Writer) -> None:
    """Answer the connection with an RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def injecting(reader: Reader, writer: Writer) -> None:
    for reply in (b"220 hi", b"250-mail\r\n250 STARTTLS"):
        writer.write(reply + b"\r\n")
        await reader.readline()
    writer.write(b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
    await writer.start_tls(good())
    await converse({}, reader, writer)


async def web(reader: Reader, writer: Writer) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


async def stays_clear(reader: Reader, writer: Writer) -> None:
    """Agree to STARTTLS and go on in clear text."""
    for reply in (b"220 hi", b"250-mail\r\n250 STARTTLS", b"220 go"):
        writer.write(reply + b"\r\n")
        await reader.readline()
    writer.write(b"250-mail\r\n250 AUTH PLAIN\r\n")
    await reader.read()


def after_starttls(offer: bytes, context: Callable[[], ssl.SSLContext] = good) -> Script:
    """Offer a login by EHLO only once the connection is encrypted."""

    async def play(reader: Reader, writer: Writer) -> None:
        answers: Answers = {
            "EHLO": "250-mail\r\n250 STARTTLS",
            "EHLO2": b"250-mail\r\n250 " + offer,
        }
        await answering(answers, context())(reader, writer)

    return play


def alerting(context: Callable[[], ssl.SSLContext], *, starttls: bool) -> Script:
    """Fail in the handshake, or at its end, and say why, which asyncio's own servers do not."""

    async def play(reader: Reader, writer: Writer) -> None:
        for reply in (b"220 hi", b"250-mail\r\n250 STARTTLS", b"220 go") if starttls else ():
            writer.write(reply + b"\r\n")
            if reply != b"220 go":
                await reader.readline()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context().wrap_bio(incoming, outgoing, server_side=True)
        waiting = True
        while waiting:
            incoming.write(await reader.read(65536))
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                waiting = False
            writer.write(outgoing.read())
            await writer.drain()
        await reader.read()

    return play


def asking(prompts: Sequence[str], last: bytes = b"235 ok") -> Script:
    """Offer only LOGIN, without an initial response, and ask with ``prompts``."""

    async def play(reader: Reader, writer: Writer) -> None:
        for reply in (
            b"220 hi",
            b"250-mail\r\n250 AUTH LOGIN",
            *(b"334 " + b64encode(prompt.encode()) for prompt in prompts),
        ):
            writer.write(reply + b"\r\n")
            if not await reader.readline():
                return
        writer.write(last + b"\r\n")
        await converse({}, reader, writer)

    return play


async def demanding_initial_response(reader: Reader, writer: Writer) -> None:
    """Offer LOGIN, and refuse it unless the user name comes with the command."""
    for reply in (b"220 hi", b"250-mail\r\n250 AUTH LOGIN"):
        writer.write(reply + b"\r\n")
        await reader.readline()
    writer.write(b"501 5.5.4 Initial response required\r\n")
    await reader.readline()


def password_is(password: str) -> Script:
    """Accept exactly this password, in UTF-8, and only by PLAIN."""
    expected = b64encode(b"\0you@example.org\0" + password.encode())

    async def play(reader: Reader, writer: Writer) -> None:
        for reply in (b"220 hi", b"250-mail\r\n250 AUTH PLAIN"):
            writer.write(reply + b"\r\n")
            line = (await reader.readline()).strip()
        right = line == b"AUTH PLAIN " + expected
        writer.write(b"235 ok\r\n" if right else b"535 5.7.8 wrong\r\n")
        await converse({}, reader, writer)

    return play

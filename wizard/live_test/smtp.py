"""One SMTP connection: commands out, replies in, encryption from the start or by STARTTLS.

This is a protocol of our own, although aiosmtplib is at hand. aiosmtplib waits for each reply
before it sends the next command, so it cannot send a group of them (RFC 2920); it drops what a
server says just before it hangs up, such as a 421 or the 535 behind a wrong password; and it
accepts replies that the server rejects. What is left of it here would be a buffer and a future.

One SMTP reply, read as strictly as the server's client reads it (model: lettre 0.11).

What a server offers in its reply to EHLO, as the server's client reads it (model: lettre).

Logging in exactly as the server's client does: one mechanism, one attempt (model: lettre).
"""

from __future__ import annotations

import asyncio
import binascii
import re
import socket
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Self

from wizard.live_test.events import Transcript
from wizard.secrets.secret import Secret
from wizard.text.display import MASK
from wizard.text.language import _

_LONGEST_LINE = 1000
_LONGEST_REPLY = 100_000
_LINE = re.compile(r"([2-5][0-5][0-9])([- ])(.*)\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\Z")


class MalformedReply(Exception):
    """Bytes that are not an SMTP reply; ``received`` is how they begin, as text."""

    def __init__(self, problem: str, received: bytes) -> None:
        super().__init__(problem)
        self.problem = problem
        self.received = received[:_LONGEST_LINE].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply code and the text of each line, exactly as the server sent it."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether the server's client goes on after it: every 2yz and 3yz."""
        return self.code < 400

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code that begins the text, if its class agrees with the code."""
        word = self.lines[0].split(" ", 1)[0]
        match = _ENHANCED.match(word)
        return word if match and match[1] == str(self.code)[0] else None

    @property
    def written(self) -> tuple[str, ...]:
        """The lines as they came, without their ends."""
        last = len(self.lines) - 1
        return tuple(
            f"{self.code}{' ' if number == last else '-'}{line}"
            for number, line in enumerate(self.lines)
        )

    @property
    def text(self) -> str:
        """Code and all lines on one line; a status code that every line repeats stands once."""
        repeated = self.enhanced
        first, *rest = self.lines
        tails = [line.removeprefix(f"{repeated} ") if repeated else line for line in rest]
        return " ".join([str(self.code), first, *tails])


def take_reply(received: bytearray) -> Reply | None:
    """Remove the first reply from ``received`` and return it; None while it is incomplete.

    Raises :class:`Malformed` when no continuation can make it a reply.
    """
    lines: list[str] = []
    code, offset = "", 0
    while (end := received.find(b"\n", offset)) >= 0:
        line = bytes(received[offset : end + 1])
        offset = end + 1
        match = _parse(line)
        if code and match[1] != code:
            raise MalformedReply(_("a reply whose lines have different codes"), line)
        code = match[1]
        lines.append(match[3])
        if match[2] == " ":
            del received[:offset]
            return Reply(int(code), tuple(lines))
        if offset > _LONGEST_REPLY:
            raise MalformedReply(_("a reply that is too long"), line)
    if len(received) - offset > _LONGEST_LINE:
        raise MalformedReply(_("a line that is too long"), bytes(received[offset:]))
    return None


def _parse(line: bytes) -> re.Match[str]:
    if len(line) > _LONGEST_LINE:
        raise MalformedReply(_("a line that is too long"), line)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise MalformedReply(_("a reply that is not UTF-8"), line) from None
    match = _LINE.match(text.removesuffix("\r\n"))
    if match is None:
        raise MalformedReply(_("what is not an SMTP reply"), line)
    if not text.endswith("\r\n"):
        raise MalformedReply(_("a line that does not end with CR LF"), line)
    return match


_MOST_RECEIVED = 200_000
"""Bytes; more than the longest reply. The server is not read from while this many wait."""
_UNLIMITED = 3600.0
"""Seconds; every wait has the live test's own deadline, so asyncio's must not come first."""


class ConnectionClosed(Exception):
    """The server ended the connection where an answer was due."""


class StarttlsInjection(Exception):
    """Unencrypted bytes came behind the reply to STARTTLS, before the encryption."""


class SmtpConnection(asyncio.Protocol):
    """Commands may be sent in groups; each reply belongs to the oldest one without a reply."""

    def __init__(self, sock: socket.socket, transcript: Transcript | None) -> None:
        self._sock = sock
        self._transcript = transcript
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._news = asyncio.Event()
        self._ended = False

    @classmethod
    async def open(
        cls,
        sock: socket.socket,
        host: str,
        context: ssl.SSLContext | None = None,
        transcript: Transcript | None = None,
    ) -> Self:
        """Take over a connected socket, encrypted from the first byte if there is a ``context``.

        Raises :class:`ssl.SSLError` or :class:`OSError` when the handshake fails. The socket is
        closed by :meth:`aclose`, and here if this raises or is cancelled.
        """
        conversation = cls(sock, transcript)
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: conversation,
                sock=sock,
                ssl=context,
                server_hostname=host if context else None,
                ssl_handshake_timeout=_UNLIMITED if context else None,
            )
        except BaseException:
            await conversation.aclose()
            raise
        return conversation

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep the bytes until somebody asks for a reply."""
        self._received += data
        if len(self._received) > _MOST_RECEIVED and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Wake whoever waits for a reply; what has arrived so far still counts."""
        self._ended = True
        self._news.set()

    # What the live test calls

    def send(self, *words: bytes, hidden: int = 0) -> None:
        """Send one command without waiting; the last ``hidden`` words stay out of the transcript.

        Behind the end of the connection this does nothing: the next reply will tell.
        """
        line = b" ".join(words)
        if b"\r" in line or b"\n" in line:
            raise ValueError("a command is one line")
        if self._write(line + b"\r\n"):
            shown = [word.decode("utf-8", "replace") for word in words[: len(words) - hidden]]
            self._say(" ".join([*shown, *[MASK] * hidden]))

    def send_mail(self, data: bytes) -> None:
        """Send a mail behind the reply to DATA; ``data`` ends with a dot on a line of its own."""
        if self._write(data):
            self._say(_("(the mail, {size} bytes)", size=len(data)))

    async def reply(self) -> Reply:
        """Wait for the next reply and return it, whatever its code.

        Raises :class:`ConnectionClosed` or :class:`MalformedReply`.
        """
        while True:
            try:
                reply = take_reply(self._received)
            except MalformedReply as error:
                self._note(f"{error.problem}: {error.received}")
                raise
            if reply is not None:
                break
            if self._ended:
                self._note(_("The server has ended the connection."))
                raise ConnectionClosed
            self._news.clear()
            await self._news.wait()
        if len(self._received) <= _MOST_RECEIVED and self._transport is not None:
            self._transport.resume_reading()
        if self._transcript is not None:
            for line in reply.written:
                self._transcript.received(line)
        return reply

    async def command(self, *words: bytes, hidden: int = 0) -> Reply:
        """Send one command and wait for its reply; see :meth:`send` and :meth:`reply`."""
        self.send(*words, hidden=hidden)
        return await self.reply()

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS behind a positive reply to STARTTLS.

        Raises :class:`Injected` if there is anything behind that reply: somebody on the way could
        have written it. Else as :meth:`open`.
        """
        if self._received:
            raise StarttlsInjection
        if self._transport is None or self._transport.is_closing():
            raise ConnectionClosed
        encrypted = await asyncio.get_running_loop().start_tls(
            self._transport,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=_UNLIMITED,
        )
        if encrypted is None:
            raise ConnectionClosed
        self._transport = encrypted

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS state: version, cipher, certificate. None on an unencrypted connection."""
        if self._transport is None:
            return None
        found = self._transport.get_extra_info("ssl_object")
        return found if isinstance(found, ssl.SSLObject) else None

    async def aclose(self) -> None:
        """Close the socket, now: without waiting for the other side's end of the encryption."""
        if self._transport is not None:
            self._transport.abort()
        try:
            # asyncio closes it in one of the next turns of the loop; meanwhile it is asyncio's.
            for _ in range(10):
                if self._sock.fileno() < 0:
                    return
                await asyncio.sleep(0)
        finally:
            self._sock.close()

    def _write(self, data: bytes) -> bool:
        if self._ended or self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def _say(self, text: str) -> None:
        if self._transcript is not None:
            self._transcript.sent(text)

    def _note(self, text: str) -> None:
        if self._transcript is not None:
            self._transcript.note(text)


MECHANISMS = ("PLAIN", "LOGIN")
"""The mechanisms that the server's client knows, in its order of preference."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """The keywords of the reply to EHLO. All matter only in upper case, as for the client."""

    keywords: frozenset[str]
    mechanisms: tuple[str, ...]
    """Everything that ``AUTH`` offers, in the server's order."""
    size: int | None
    """The largest mail in bytes; None if the server does not say."""

    @classmethod
    def parse(cls, reply: Reply) -> Extensions:
        """Read the lines; raise :class:`Malformed` where the client cannot."""
        if not reply.lines[0].split():
            raise MalformedReply(
                _("a reply to EHLO without the server's name"), reply.text.encode()
            )
        keywords: list[str] = []
        mechanisms: list[str] = []
        size = None
        for line in reply.lines:  # the client looks for keywords in the first line as well
            keyword, *words = line.split() or [""]
            keywords.append(keyword)
            if keyword == "AUTH":
                mechanisms += words
            elif keyword == "SIZE" and words and words[0].isascii() and words[0].isdigit():
                size = int(words[0][:18])
        return cls(frozenset(keywords), tuple(dict.fromkeys(mechanisms)), size)

    @property
    def mechanism(self) -> str | None:
        """The mechanism that the server's client will use."""
        return next((name for name in MECHANISMS if name in self.mechanisms), None)

    def has(self, keyword: str) -> bool:
        """Whether the server offers the extension ``keyword``."""
        return keyword in self.keywords


_CONTINUE = 334
_MOST_CHALLENGES = 10
_USER_PROMPTS = frozenset({"user name", "username:", "username", "user name\0"})
_PASSWORD_PROMPTS = frozenset({"password", "password:", "password\0"})


async def log_in(conversation: SmtpConnection, mechanism: str, user: str, secret: Secret) -> Reply:
    """Send the login; return the reply that decides, positive or not.

    ``mechanism`` is ``PLAIN`` or ``LOGIN``. Raises :class:`Malformed` for a challenge that the
    server's client cannot answer.
    """
    if mechanism == "PLAIN":
        reply = await conversation.command(b"AUTH", b"PLAIN", _plain(user, secret), hidden=1)
        if reply.code == _CONTINUE:
            raise MalformedReply(_("a challenge where PLAIN has none"), reply.text.encode())
        return reply
    reply = await conversation.command(b"AUTH", mechanism.encode())
    for _number in range(_MOST_CHALLENGES):
        if reply.code != _CONTINUE:
            return reply
        answer = user if _asks_for_user(reply) else secret.reveal()
        reply = await conversation.command(_base64(answer), hidden=1)
    raise MalformedReply(_("one challenge after the other"), reply.text.encode())


def as_sent(user: str, secret: Secret) -> tuple[str, ...]:
    """Return every form in which the secret goes over the line, so that none is ever shown."""
    return (
        secret.reveal(),
        _base64(secret.reveal()).decode(),
        _plain(user, secret).decode(),
    )


def _asks_for_user(reply: Reply) -> bool:
    """Tell the prompt for the user name (True) from that for the password (False)."""
    words = reply.lines[0].split()
    try:
        prompt = b64decode(words[0], validate=True).decode().lower() if words else ""
    except (binascii.Error, ValueError):
        prompt = ""
    if prompt in _USER_PROMPTS:
        return True
    if prompt in _PASSWORD_PROMPTS:
        return False
    raise MalformedReply(
        _("a prompt that is neither for user name nor password"), reply.text.encode()
    )


def _plain(user: str, secret: Secret) -> bytes:
    return _base64(f"\0{user}\0{secret.reveal()}")


def _base64(text: str) -> bytes:
    # A lone surrogate cannot be part of what the server sends either; the login is just wrong.
    return b64encode(text.encode("utf-8", "surrogatepass"))

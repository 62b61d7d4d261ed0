"""One SMTP connection, as strict as the server's own client (model: lettre 0.11).

aiosmtplib, which delivers the real mail (:mod:`wizard.live_test.delivery`), cannot come to the
verdict, for three reasons: it waits for each reply before it sends the next command, so that it
cannot send a group of commands (RFC 2920); it does not hand out the reply as it came, and accepts
replies that the server's client rejects; and it discards what was injected after the reply to
STARTTLS, which the test has to report.
"""

from __future__ import annotations

import asyncio
import binascii
import re
import socket
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Protocol, Self

from wizard.live_test.events import Transcript
from wizard.secrets.secret import Secret
from wizard.text.display import MASK
from wizard.text.language import _

_LONGEST_LINE = 1000
_LONGEST_REPLY = 100_000
_MOST_BUFFERED = 200_000
"""Bytes; more than the longest reply. Nothing more is read from the server while so many wait."""
_UNLIMITED = 3600.0
"""Seconds; the live test has its own deadline, before which none of asyncio's may come."""
_LINE = re.compile(r"([2-5][0-5][0-9])([- ])(.*)\Z", re.DOTALL)
_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3}\Z")
_MECHANISMS = ("PLAIN", "LOGIN")
"""The mechanisms that the server's client knows, in its order of preference."""
_CONTINUE = 334
_MOST_CHALLENGES = 10
_USER_PROMPTS = frozenset({"user name", "username:", "username", "user name\0"})
_PASSWORD_PROMPTS = frozenset({"password", "password:", "password\0"})


class ConnectionClosed(Exception):
    """The server closed the connection when a reply was due."""


class StarttlsInjection(Exception):
    """Unencrypted bytes came after the reply to STARTTLS, before the encryption."""


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
    def raw_lines(self) -> tuple[str, ...]:
        """The lines as they came, without their line ends."""
        last = len(self.lines) - 1
        return tuple(
            f"{self.code}{' ' if number == last else '-'}{line}"
            for number, line in enumerate(self.lines)
        )

    @property
    def text(self) -> str:
        """Code and text on one line; an enhanced code that every line repeats is given once."""
        repeated = self.enhanced
        first, *rest = self.lines
        tails = [line.removeprefix(f"{repeated} ") if repeated else line for line in rest]
        return " ".join([str(self.code), first, *tails])


def take_reply(received: bytearray) -> Reply | None:
    """Remove the first reply from ``received`` and return it; None while it is incomplete.

    Raises :class:`MalformedReply` when no continuation can make it a reply.
    """
    lines: list[str] = []
    code, offset = "", 0
    while (end := received.find(b"\n", offset)) >= 0:
        line = bytes(received[offset : end + 1])
        offset = end + 1
        match = _match_line(line)
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


def _match_line(line: bytes) -> re.Match[str]:
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


@dataclass(frozen=True, slots=True)
class Extensions:
    """The keywords in the reply to EHLO. As for the server's client, all must be upper-case."""

    keywords: frozenset[str] = frozenset()
    mechanisms: tuple[str, ...] = ()
    """Everything that ``AUTH`` offers, in the server's order."""
    size: int | None = None
    """The largest mail in bytes; None if the server does not say."""

    @classmethod
    def parse(cls, reply: Reply) -> Extensions:
        """Read the lines; raise :class:`MalformedReply` where the server's client cannot."""
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
        return next((name for name in _MECHANISMS if name in self.mechanisms), None)

    def has(self, keyword: str) -> bool:
        """Whether the server offers the extension ``keyword``."""
        return keyword in self.keywords


class SmtpConnection(asyncio.Protocol):
    """Commands may be sent in groups; replies come in the order of the commands."""

    def __init__(self, sock: socket.socket, transcript: Transcript | None) -> None:
        self._sock = sock
        self._transcript = transcript or Transcript()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._changed = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

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
        closed by :meth:`aclose`, or here if this raises or is cancelled.
        """
        connection = cls(sock, transcript)
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection,
                sock=sock,
                ssl=context,
                server_hostname=host if context else None,
                ssl_handshake_timeout=_UNLIMITED if context else None,
            )
        except BaseException:
            await connection.aclose()
            raise
        return connection

    # Called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to write to."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep the bytes until a reply is asked for."""
        self._received += data
        if len(self._received) > _MOST_BUFFERED and self._transport is not None:
            self._transport.pause_reading()
        self._changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Wake whoever waits for a reply; what has arrived so far still counts."""
        self._ended = True
        self._error = error
        self._changed.set()

    # Called by the live test

    def send(self, *words: bytes, hidden: int = 0) -> None:
        """Send one command without waiting; the last ``hidden`` words stay out of the transcript.

        Once the connection has ended this does nothing: reading the reply will raise.
        """
        line = b" ".join(words)
        if b"\r" in line or b"\n" in line:
            raise ValueError("a command is one line")
        if self._write(line + b"\r\n"):
            shown = [word.decode("utf-8", "replace") for word in words[: len(words) - hidden]]
            self._transcript.sent(" ".join([*shown, *[MASK] * hidden]))

    async def read_reply(self) -> Reply:
        """Wait for the next reply and return it, whatever its code.

        Raises :class:`ConnectionClosed` or :class:`MalformedReply`.
        """
        while (reply := self._take_reply()) is None:
            if self._ended:
                self._transcript.note(_("The mail server has hung up."))
                raise ConnectionClosed from self._error
            self._changed.clear()
            await self._changed.wait()
        if len(self._received) <= _MOST_BUFFERED and self._transport is not None:
            self._transport.resume_reading()
        self._transcript.received(*reply.raw_lines)
        return reply

    async def execute(self, *words: bytes, hidden: int = 0) -> Reply:
        """Send one command and return its reply; see :meth:`send` and :meth:`read_reply`."""
        self.send(*words, hidden=hidden)
        return await self.read_reply()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS after a positive reply to STARTTLS.

        Raises :class:`StarttlsInjection` if anything follows that reply, since somebody in
        between could have written it. Apart from that like :meth:`open`.
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
        """The state of the encryption: version, cipher, certificate. None without encryption."""
        if self._transport is None:
            return None
        state = self._transport.get_extra_info("ssl_object")
        return state if isinstance(state, ssl.SSLObject) else None

    async def aclose(self) -> None:
        """Close the socket at once, without waiting for the server to end the encryption."""
        if self._transport is not None:
            self._transport.abort()
        await await_closed(self._sock)

    def _take_reply(self) -> Reply | None:
        try:
            return take_reply(self._received)
        except MalformedReply as error:
            self._transcript.received(*error.received.splitlines())
            self._transcript.note(error.problem)
            raise

    def _write(self, data: bytes) -> bool:
        if self._ended or self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True


async def await_closed(sock: socket.socket) -> None:
    """Return once asyncio has closed ``sock``, whose transport was aborted; close it at the latest.

    asyncio does it in one of the next turns of its loop; until then the socket is asyncio's.
    """
    try:
        for _ in range(10):
            if sock.fileno() < 0:
                return
            await asyncio.sleep(0)
    finally:
        sock.close()


class Commands(Protocol):
    """A connection that commands can be sent on."""

    async def execute(self, *words: bytes, hidden: int = 0) -> Reply:
        """Send one command and return its reply; the last ``hidden`` words are not shown."""


async def log_in(connection: Commands, mechanism: str, user: str, secret: Secret) -> Reply:
    """Log in exactly as the server's client does: with one mechanism, once.

    ``mechanism`` is ``PLAIN`` or ``LOGIN``. Returns the reply that decides, positive or not.
    Raises :class:`MalformedReply` for a challenge that the server's client cannot answer.
    """
    if mechanism == "PLAIN":
        reply = await connection.execute(b"AUTH", b"PLAIN", _plain(user, secret), hidden=1)
        if reply.code == _CONTINUE:
            raise MalformedReply(_("a challenge where PLAIN has none"), reply.text.encode())
        return reply
    reply = await connection.execute(b"AUTH", mechanism.encode())
    for _number in range(_MOST_CHALLENGES):
        if reply.code != _CONTINUE:
            return reply
        answer = user if _asks_for_user(reply) else secret.reveal()
        reply = await connection.execute(_base64(answer), hidden=1)
    raise MalformedReply(_("one challenge after the other"), reply.text.encode())


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

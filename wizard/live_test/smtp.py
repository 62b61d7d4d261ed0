"""One SMTP connection: commands out, replies in, encryption from the start or by STARTTLS.

This is a protocol of our own, although aiosmtplib is at hand. aiosmtplib waits for each reply
before it sends the next command, so it cannot send a group of them (RFC 2920); it drops what a
server says just before it hangs up, such as a 421 or the 535 behind a wrong password; and it
accepts replies that the server rejects. What is left of it here would be a buffer and a future.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Self

from wizard.probe.reply import Malformed, Reply, take_reply
from wizard.probe.transcript import Transcript
from wizard.secrets.secret import MASK
from wizard.text.language import _

_MOST_RECEIVED = 200_000
"""Bytes; more than the longest reply. The server is not read from while this many wait."""
_UNLIMITED = 3600.0
"""Seconds; every wait has the live test's own deadline, so asyncio's must not come first."""


class ConnectionClosed(Exception):
    """The server ended the connection where an answer was due."""


class Injected(Exception):
    """Unencrypted bytes came behind the reply to STARTTLS, before the encryption."""


class Conversation(asyncio.Protocol):
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

        Raises :class:`ConnectionClosed` or :class:`wizard.probe.reply.Malformed`.
        """
        while True:
            try:
                reply = take_reply(self._received)
            except Malformed as error:
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
            raise Injected
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

"""One SMTP connection: commands out, replies in, encryption from the start or by STARTTLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Self

from aiosmtplib import SMTPException
from aiosmtplib.protocol import SMTPProtocol

from wizard.probe.reply import Reply, take_reply

_MOST_RECEIVED = 200_000
_UNLIMITED = 3600.0
"""Seconds; every wait has the live test's own deadline, so asyncio's must not come first."""


class ConnectionClosed(Exception):
    """The server ended the connection where an answer was due."""


class Injected(Exception):
    """Unencrypted bytes came behind the reply to STARTTLS, before the encryption."""


class Conversation(SMTPProtocol):
    """aiosmtplib's protocol, with every reply judged from its own bytes.

    aiosmtplib finds the end of a reply and keeps commands and replies paired. What the reply
    means is read once more as the server's client reads it: aiosmtplib passes on replies that the
    server rejects, and drops what a server says just before it closes the connection.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock = sock
        self._received = bytearray()

    @classmethod
    async def open(
        cls, sock: socket.socket, host: str, context: ssl.SSLContext | None = None
    ) -> Self:
        """Take over a connected socket, encrypted from the first byte if there is a ``context``.

        Raises :class:`ssl.SSLError` or :class:`OSError` when the handshake fails. The socket is
        closed by :meth:`aclose`, and here if this raises or is cancelled.
        """
        conversation = cls(sock)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
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

    def data_received(self, data: bytes) -> None:
        """Keep the bytes, also those that aiosmtplib drops because it has not asked for them."""
        if len(self._received) < _MOST_RECEIVED:
            self._received += data
        super().data_received(data)

    async def greeting(self) -> Reply:
        """Wait for the reply that the server begins with."""
        with contextlib.suppress(SMTPException):
            await self.read_response()
        return await self._reply()

    async def command(self, *words: bytes) -> Reply:
        """Send one command and return its reply, whatever its code.

        Raises :class:`ConnectionClosed` or :class:`wizard.probe.reply.Malformed`.
        """
        with contextlib.suppress(SMTPException):
            await self.execute_command(*words)
        return await self._reply()

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Begin TLS behind a positive reply to STARTTLS.

        Raises :class:`Injected` if there is anything behind that reply: somebody on the way could
        have written it. Else as :meth:`open`.
        """
        if self._received:
            raise Injected
        if not isinstance(self.transport, asyncio.Transport) or self.transport.is_closing():
            raise ConnectionClosed
        encrypted = await asyncio.get_running_loop().start_tls(
            self.transport,
            self,
            context,
            server_hostname=host,
            ssl_handshake_timeout=_UNLIMITED,
        )
        if encrypted is None:
            raise ConnectionClosed
        self.transport = encrypted

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS state: version, cipher, certificate. None on an unencrypted connection."""
        if self.transport is None:
            return None
        found = self.transport.get_extra_info("ssl_object")
        return found if isinstance(found, ssl.SSLObject) else None

    def take_leave(self) -> None:
        """Send QUIT without waiting for its reply: a client that just vanishes looks hostile."""
        with contextlib.suppress(SMTPException):
            self.write(b"QUIT\r\n")

    async def aclose(self) -> None:
        """Close the socket, now: without waiting for the other side's end of the encryption."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        try:
            # asyncio closes it in one of the next turns of the loop; meanwhile it is asyncio's.
            for _ in range(10):
                if self._sock.fileno() < 0:
                    return
                await asyncio.sleep(0)
        finally:
            self._sock.close()

    async def _reply(self) -> Reply:
        """Take the reply out of the bytes, whatever aiosmtplib has made of them."""
        while (reply := take_reply(self._received)) is None:
            if not self.is_connected:
                raise ConnectionClosed
            with contextlib.suppress(SMTPException):  # it gives up on long replies sooner
                await self.read_response()
        return reply

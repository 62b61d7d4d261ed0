"""A real mail server on loopback, for the demo and for tests."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from types import TracebackType
from typing import Any, Self

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from wizard.secrets.secret import Secret

DEMO_HOST = "mail.demo.example"
DEMO_USER = "wizard@demo.example"
_READY_SECONDS = 10.0
_OK = "250 2.0.0 OK"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail that the server has accepted."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    received: datetime


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the three servers on 127.0.0.1."""

    smtps: int
    starttls: int
    relay: int
    """Without encryption and without login."""


@dataclass(frozen=True, slots=True)
class Validity:
    """The names and times in the certificate; by default it never expires."""

    names: tuple[str, ...] = (DEMO_HOST, "localhost", "127.0.0.1")
    not_before: datetime | None = None
    not_after: datetime | None = None


class MailServer:
    """A context manager that serves SMTPS, STARTTLS and an open relay on loopback.

    Logins need an encrypted connection; the sender must be the login's own user. Accepted mails
    are kept in memory. The servers run in a daemon thread, on ports that the system chooses.
    """

    def __init__(self, user: str, password: Secret, *, certificate: Validity | None = None) -> None:
        certificate = certificate or Validity()
        self._account = _Account(user, password)
        self._authority = trustme.CA(organization_name="smtp-wizard demo")
        leaf = self._authority.issue_cert(
            *certificate.names,
            common_name=certificate.names[0],
            not_before=certificate.not_before,
            not_after=certificate.not_after,
        )
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        leaf.configure_cert(self._context)
        self._ports: Ports | None = None
        self._running = contextlib.ExitStack()

    @property
    def ports(self) -> Ports:
        """The ports, while the server runs."""
        if self._ports is None:
            raise RuntimeError("the mail server is not running")
        return self._ports

    @property
    def messages(self) -> tuple[ReceivedMail, ...]:
        """The mails accepted so far, oldest first."""
        return tuple(self._account.messages)

    @property
    def authority_pem(self) -> bytes:
        """The certificate of the throw-away authority, in PEM."""
        return self._authority.cert_pem.bytes()

    def trust(self, context: ssl.SSLContext) -> None:
        """Make ``context`` trust the throw-away authority."""
        self._authority.configure_trust(context)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_silenced("mail.log"))
            servers = stack.enter_context(_Servers(self._account, self._context))
            self._ports = servers.ports
            self._running = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ports = None
        self._running.close()


class _Account:
    """The one mailbox: who may log in, who may send, and what has arrived.

    The methods that begin with ``handle_`` are aiosmtpd's hooks.
    """

    def __init__(self, user: str, password: Secret) -> None:
        self._user = user
        self._password = password
        self.messages: list[ReceivedMail] = []

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Accept the one login; aiosmtpd refuses any other (535 5.7.8)."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        password = self._password.reveal().encode("utf-8", "surrogateescape")
        valid = hmac.compare_digest(data.login, self._user.encode())
        valid &= hmac.compare_digest(data.password, password)
        return AuthResult(success=valid, handled=False, auth_data=self._user if valid else None)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Announce PIPELINING, which aiosmtpd supports without saying so."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        server: _Server,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """On the encrypted ports, require a login and its user as the sender."""
        if server.needs_login:
            if not session.authenticated:
                return "530 5.7.0 Authentication required"
            if address.lower() != self._user.lower():
                return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return _OK

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep sender, recipients and subject."""
        content = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        self.messages.append(
            ReceivedMail(
                envelope.mail_from or "",
                tuple(envelope.rcpt_tos),
                str(content.get("Subject", "")),
                datetime.now(UTC),
            )
        )
        number = len(self.messages)
        return f"250 2.0.0 OK: queued as DEMO{number}; kept by the demo, delivered to nobody"


class _Server(SMTP):
    """aiosmtpd's protocol with the settings that the three servers share."""

    def __init__(self, account: _Account, *, needs_login: bool, **options: Any) -> None:
        super().__init__(
            account,
            hostname=DEMO_HOST,
            ident="smtp-wizard demo",
            enable_SMTPUTF8=True,
            authenticator=account.authenticate,
            **options,
        )
        self.needs_login = needs_login


class _Servers:
    """The three servers, in a thread with a loop of its own."""

    def __init__(self, account: _Account, context: ssl.SSLContext) -> None:
        self._account = account
        self._context = context
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._connections: list[_Server] = []
        self._ports: Ports | None = None
        self._thread = threading.Thread(target=self._run, name="demo mail server", daemon=True)

    @property
    def ports(self) -> Ports:
        if self._ports is None:
            raise RuntimeError("the demo's mail server could not be started")
        return self._ports

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(_READY_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_READY_SECONDS)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # By default, clients that disconnect in the middle of a command would be printed.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._stop = asyncio.Event()
        smtps = await self._listen(self._context, needs_login=True, auth_require_tls=False)
        starttls = await self._listen(
            None, needs_login=True, tls_context=self._context, require_starttls=True
        )
        relay = await self._listen(None, needs_login=False)
        servers = (smtps, starttls, relay)
        self._ports = Ports(*(server.sockets[0].getsockname()[1] for server in servers))
        self._ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        await self._disconnect()

    async def _listen(self, context: ssl.SSLContext | None, **options: Any) -> asyncio.Server:
        def connection() -> _Server:
            self._connections = [each for each in self._connections if each.transport]
            self._connections.append(_Server(self._account, **options, loop=self._loop))
            return self._connections[-1]

        loop = asyncio.get_running_loop()
        return await loop.create_server(connection, "127.0.0.1", 0, ssl=context)

    async def _disconnect(self) -> None:
        """End all connections, and wait until they are closed."""
        for connection in self._connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        for _ in range(100):
            if len(asyncio.all_tasks()) == 1 and not any(c.transport for c in self._connections):
                return
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Disable a logger, which would write to the terminal, and at debug level even logins."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before

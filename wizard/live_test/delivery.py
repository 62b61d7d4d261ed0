"""The real mail, handed over by another client (aiosmtplib) on a connection of its own.

It confirms the verdict independently: its encryption, its replies and the mail on the wire are not
the test's own. Only what the server's client does in its own way is prescribed: the address that
answered, the name for EHLO, one login by one mechanism, and the addresses exactly as they are.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, make_msgid

import aiosmtplib

from wizard.config.endpoint import Route, Security
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import JSON, StageFailed, StagePassed
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.live_test.session import SmtpSession, connection_failed
from wizard.live_test.smtp import ConnectionClosed, MalformedReply, Reply, await_closed, log_in
from wizard.live_test.transaction import (
    address_path,
    needs_smtputf8,
    reply_failure,
    require_positive,
)
from wizard.system.network import Network
from wizard.text.display import MASK
from wizard.text.language import N_, _

_Step = tuple[Stage, Callable[[], Awaitable[None]]]
SUBJECT = N_("Test mail: the mail settings of BOMnipotent Server work ✓")
_TEXT = N_(
    "Hello,\n\n"
    "this mail was sent by smtp-wizard, exactly as BOMnipotent Server will send its own mails.\n"
    "That you can read it proves:\n\n"
    "- The server {way}.\n"
    "- {login}\n"
    "- Mails from {sender} reach you; look whether this one was sorted as spam.\n\n"
    "Nobody needs to answer it. If you did not expect it, somebody has entered your address\n"
    "while setting up a BOMnipotent Server.\n"
)
_QUEUE_ID = re.compile(
    r"""queued\ (?:mail\ )?(?:for\ delivery\ )?(?:as|id:?)\ ?["<(]?([^\s">),;]+)  # Postfix
    | \bid=([^\s,;]+)  # Exim
    | ^250\ (?:2\.\d\.\d\ )?Ok\ ([0-9A-Za-z-]{16,})(?:\s|$)  # Amazon SES
    | ^250\ 2\.0\.0\ ([0-9A-Za-z]{10,})\ Message\ accepted  # Sendmail
    """,
    re.IGNORECASE | re.VERBOSE,
)


class Delivery:
    """One mail to ``recipient``, after the test of ``session`` has passed, as steps.

    The steps raise what the stages of the test raise; none is ever repeated. End it with
    :meth:`aclose`.
    """

    def __init__(
        self, settings: SmtpSettings, network: Network, session: SmtpSession, recipient: str
    ) -> None:
        self._settings = settings
        self._route = settings.route
        self._network = network
        self._session = session
        self._recipient = recipient
        self._login = settings.login
        self._mail = compose_test_mail(
            settings.user, recipient, self._route, self._login[0] if self._login else None
        )
        self._sock: socket.socket | None = None
        self._client: _Client | None = None
        self._taken: Reply | None = None
        """The reply to the mail."""
        self._answered = False
        """Whether the server has answered everything that was sent to it."""
        self._gave_up = False
        """Whether aiosmtplib does not go on after the last reply, be it positive or not."""

    def steps(self) -> Iterator[_Step]:
        """Yield the steps in order; run each before asking for the next."""
        yield Stage.GREETING, self._connect
        yield Stage.EHLO, self._introduce
        if self._route.security is Security.STARTTLS:
            yield Stage.STARTTLS, self._start_tls
            yield Stage.EHLO, self._introduce
        if self._login is not None:
            yield Stage.AUTH, self._log_in
        yield Stage.MAIL, self._name_sender
        yield Stage.RCPT, self._name_recipient
        yield Stage.DATA, self._hand_over

    def accepted(self) -> StagePassed:
        """Say how the mail was taken; after the last step."""
        reply, redact = self._taken, self._session.redact
        assert reply is not None  # noqa: S101 - the order of steps()
        identifier = queue_id(reply)
        queued = None if identifier is None else redact(identifier)
        detail: dict[str, JSON] = {
            "said": redact(reply.text),
            "queue_id": queued,
            "bytes": len(self._mail),
        }
        taken = N_("{host} has taken the mail to {recipient}.")
        if queued:
            taken = N_("{host} has taken the mail to {recipient} as {queued}.")
        recipient = redact(self._recipient)
        message = _(taken, host=self._route.host, recipient=recipient, queued=queued)
        return StagePassed(message, detail)

    async def quit(self) -> None:
        """Send QUIT if the server can still take it; what it answers does not matter."""
        if self._answered and self._smtp.is_connected:
            self._show("QUIT")
            await self._answer(self._smtp.quit())

    async def aclose(self) -> None:
        """Close the connection at once, whatever its state."""
        if self._client is not None:
            self._client.close()
        if self._sock is not None:
            await await_closed(self._sock)

    # The steps

    async def _connect(self) -> None:
        address, route = self._session.address, self._route
        assert address is not None  # noqa: S101 - the test has passed
        self._session.transcript.note(_("Another client (aiosmtplib) connects to send the mail."))
        try:
            self._sock = await self._network.connect(address)
        except TimeoutError:
            raise
        except OSError as error:
            raise connection_failed(error) from error
        use_tls = route.security is Security.TLS
        self._client = _Client(
            hostname=route.host,
            sock=self._sock,
            local_hostname=self._session.ehlo_name,
            use_tls=use_tls,
            start_tls=False,
            tls_context=None if route.security is Security.NONE else self._network.tls_context(),
            timeout=None,
        )
        try:
            await self._positive(Stage.GREETING, self._smtp.connect())
        except aiosmtplib.SMTPConnectError as error:
            cause = error.__cause__
            if isinstance(cause, aiosmtplib.SMTPServerDisconnected) or not use_tls:
                raise ConnectionClosed from error
            words = cause if isinstance(cause, OSError) else error
            raise self._session.handshake_failed(Stage.TLS, words) from error

    async def _introduce(self) -> None:
        self._show("EHLO", self._session.ehlo_name)
        await self._positive(Stage.EHLO, self._smtp.ehlo())

    async def _start_tls(self) -> None:
        if not self._smtp.supports_extension("STARTTLS"):
            raise StageFailed(Failure(Stage.STARTTLS, Cause.STARTTLS_MISSING))
        self._show("STARTTLS")
        try:
            await self._positive(Stage.STARTTLS, self._smtp.starttls())
        except ssl.SSLError as error:
            raise self._session.handshake_failed(Stage.STARTTLS, error) from error

    async def _log_in(self) -> None:
        """Log in once, with the mechanism of the verdict: ``login()`` would try others too."""
        assert self._login is not None  # noqa: S101 - the order of steps()
        user, secret = self._login
        if self._session.extensions.mechanism == "PLAIN":
            self._show("AUTH", "PLAIN", MASK)
            reply = await self._answer(self._smtp.auth_plain(user, secret.reveal()))
        else:
            reply = await log_in(self, "LOGIN", user, secret)
        require_positive(Stage.AUTH, reply, self._session.redact)

    async def _name_sender(self) -> None:
        sender = self._settings.user
        options: list[bytes] = []
        if needs_smtputf8(sender, self._recipient):
            options = [b"SMTPUTF8"]
            if self._smtp.supports_extension("8BITMIME"):  # the headers are UTF-8 as well
                options.append(b"BODY=8BITMIME")
        await self._name(Stage.MAIL, b"FROM:", sender, *options)

    async def _name_recipient(self) -> None:
        await self._name(Stage.RCPT, b"TO:", self._recipient)

    async def _name(self, stage: Stage, word: bytes, address: str, *options: bytes) -> None:
        """Send MAIL or RCPT.

        aiosmtplib's own methods read ``address`` like one in a header of a mail, where a comma
        or parentheses have a meaning: the mail would go to somebody else.
        """
        verb = stage.value.upper().encode()
        reply = await self.execute(verb, word + address_path(stage, address), *options)
        require_positive(stage, reply, self._session.redact)

    async def _hand_over(self) -> None:
        self._show("DATA", _("(the mail, {size} bytes)", size=len(self._mail)))
        self._taken = await self._positive(Stage.DATA, self._smtp.data(self._mail))

    # Replies

    async def execute(self, *words: bytes, hidden: int = 0) -> Reply:
        """Send one command and return its reply; the last ``hidden`` words are not shown."""
        shown = [word.decode("utf-8", "replace") for word in words[: len(words) - hidden]]
        self._show(*shown, *[MASK] * hidden)
        return await self._answer(self._smtp.execute_command(*words))

    def _show(self, *words: str) -> None:
        self._session.transcript.sent(" ".join(words))

    @property
    def _smtp(self) -> _Client:
        assert self._client is not None  # noqa: S101 - the order of steps()
        return self._client

    async def _positive(self, stage: Stage, command: Awaitable[aiosmtplib.SMTPResponse]) -> Reply:
        """Return the reply to ``command``; raise :class:`StageFailed` if it ends the dialogue."""
        redact = self._session.redact
        reply = require_positive(stage, await self._answer(command), redact)
        if self._gave_up:
            raise StageFailed(reply_failure(stage, Cause.UNUSUAL_REPLY, reply, redact))
        return reply

    async def _answer(self, command: Awaitable[aiosmtplib.SMTPResponse]) -> Reply:
        """Return the reply to ``command``, whatever its code.

        Raises :class:`ConnectionClosed` or :class:`MalformedReply`.
        """
        transcript = self._session.transcript
        self._answered = self._gave_up = False
        try:
            code, text = await command
        except aiosmtplib.SMTPResponseException as error:
            self._gave_up = True
            code, text = error.code, error.message
        except aiosmtplib.SMTPServerDisconnected:
            transcript.note(_("The mail server has hung up."))
            raise ConnectionClosed from None
        raw = text.encode("utf-8", "surrogateescape")
        if code < 200:  # aiosmtplib's own, for what is no reply
            raise MalformedReply(_("what is not an SMTP reply"), raw.partition(b": ")[2])
        if raw.decode("utf-8", "replace") != text:
            raise MalformedReply(_("a reply that is not UTF-8"), raw)
        self._answered = True
        reply = Reply(code, tuple(text.split("\n")))
        transcript.received(*reply.raw_lines)
        return reply


class _Client(aiosmtplib.SMTP):
    """Closes at once: a server that is silent would delay the end of the encryption."""

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


# The mail


def compose_test_mail(sender: str, recipient: str, route: Route, login: str | None) -> bytes:
    """Return the mail with CR LF as line ends: plain ASCII unless an address is not."""
    international = needs_smtputf8(sender, recipient)
    mail = EmailMessage(policy=SMTPUTF8 if international else SMTP)
    mail["From"] = _address(sender, "smtp-wizard")
    mail["To"] = _address(recipient)
    mail["Subject"] = _(SUBJECT)
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=_message_id_domain(sender, route))
    mail["Auto-Submitted"] = "auto-generated"
    accepted = (
        _("The login of {login} is accepted.", login=login) if login else _("No login is needed.")
    )
    text = _(_TEXT, way=route.in_words(), login=accepted, sender=sender)
    mail.set_content(text, cte="quoted-printable")
    return mail.as_bytes()


def queue_id(reply: Reply) -> str | None:
    """Return the mail's identifier in the server's log, where the reply tells it."""
    match = _QUEUE_ID.search(reply.text)
    return next((group for group in match.groups() if group), None) if match else None


def _address(text: str, name: str = "") -> Address:
    try:
        return Address(name, addr_spec=text)
    except (HeaderParseError, ValueError):  # not an address by RFC 5322, but maybe to the server
        local, at, domain = text.rpartition("@")
        return Address(name, local, domain) if at else Address(name, text)


def _message_id_domain(sender: str, route: Route) -> str:
    domain = sender.rpartition("@")[2]
    return domain if "@" in sender and domain.isascii() else route.host

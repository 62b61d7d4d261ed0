"""The stages of the live test, each one a coroutine that passes or raises :class:`Failed`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from wizard.failure import Cause, Certificate, Failure, Stage
from wizard.probe.certificate import read_certificate
from wizard.probe.conversation import Conversation, Injected
from wizard.probe.events import JSON, Outcome
from wizard.probe.extensions import Extensions
from wizard.probe.login import as_sent, log_in
from wizard.probe.network import Address, Network
from wizard.probe.printable import printable
from wizard.probe.race import Connected
from wizard.probe.reach import connect, resolve
from wizard.probe.reply import Reply
from wizard.probe.step import Failed, Passed, Step
from wizard.probe.tls import cause_of, words_of
from wizard.settings import Security, SmtpSettings, is_nearby

_DAYS_LEFT = 14
_IN_ADDRESSES = 5


class Session:
    """One connection with these settings. Not for a second use; end it with :meth:`aclose`."""

    def __init__(
        self, settings: SmtpSettings, network: Network, recipient: str | None, compose: bool
    ) -> None:
        self._settings = settings
        self._route = settings.route
        self._network = network
        self._recipient = recipient
        self._compose = compose
        self._hidden = as_sent(*settings.login) if settings.login else ()
        self._addresses: Sequence[Address] = ()
        self._connected: Connected | None = None
        self._conversation: Conversation | None = None
        self._extensions = Extensions(frozenset(), (), None)
        self._sender_accepted = False
        self.ehlo_name = self._route.ehlo_name or _own_name()

    def steps(self) -> Iterator[Step]:
        """Give the stages of this route in order."""
        security = self._route.security
        yield Stage.DNS, self._resolve
        yield Stage.TCP, self._connect
        if security is Security.TLS:
            yield Stage.TLS, self._handshake
        yield Stage.GREETING, self._greet
        yield Stage.EHLO, self._introduce
        if security is Security.STARTTLS:
            yield Stage.STARTTLS, self._start_tls
            yield Stage.EHLO, self._introduce
        yield Stage.AUTH, self._log_in
        yield Stage.MAIL, self._name_sender
        if self._recipient is not None:
            yield Stage.RCPT, self._name_recipient
        yield Stage.RSET, self._reset
        yield Stage.QUIT, self._quit

    @property
    def address(self) -> Address | None:
        """The address that answered."""
        return self._connected.address if self._connected else None

    def printable(self, text: str) -> str:
        """Make text from outside fit to be shown, without the secret in any form."""
        return printable(text, self._hidden)

    def failed_reply(self, stage: Stage, reply: Reply) -> Failed:
        """Build the failure for a reply that refuses."""
        said = self.printable(reply.text)
        return Failed(Failure(stage, Cause.REPLY, reply.code, reply.enhanced, said))

    def take_leave(self) -> None:
        """Say QUIT and do not wait."""
        if self._conversation is not None:
            self._conversation.take_leave()

    async def aclose(self) -> None:
        """Close the connection at once, whatever its state."""
        if self._conversation is not None:
            await self._conversation.aclose()
        elif self._connected is not None:
            self._connected.sock.close()

    async def _resolve(self) -> Passed:
        self._addresses = await resolve(self._network, self._route, self._compose)
        ips = [address.ip for address in self._addresses]
        shown = " and ".join(ips[:_IN_ADDRESSES])
        literal = ips == [self._route.host]
        message = "This is an IP address." if literal else f"{self._route.host} is {shown}."
        return Passed(message, {"addresses": ips})

    async def _connect(self) -> Passed:
        found = self._connected = await connect(self._network, self._addresses)
        failed = [f"{address.ip}: {words_of(why)}" for address, why in found.failed.items()]
        silent = [address.ip for address in found.silent]
        detail: dict[str, JSON] = {
            "address": found.address.ip,
            "port": found.address.port,
            "failed": failed,
            "silent": silent,
        }
        concern = None
        if silent:
            concern = Failure(Stage.TCP, Cause.ADDRESS_SILENT, text=" and ".join(silent))
        message = f"Port {found.address.port} of {found.address.ip} answered"
        if found.address.port != self._route.port:  # only a network of its own, like the demo's
            message += f" in place of port {self._route.port}"
        return Passed(f"{message}.", detail, concern=concern)

    async def _open(self, stage: Stage, context: ssl.SSLContext | None) -> None:
        assert self._connected is not None  # noqa: S101 - the order of steps()
        try:
            self._conversation = await Conversation.open(
                self._connected.sock, self._route.host, context
            )
        except OSError as error:
            raise Failed(Failure(stage, cause_of(error), text=words_of(error))) from error

    async def _handshake(self) -> Passed:
        await self._open(Stage.TLS, self._network.tls_context())
        return self._encrypted(Stage.TLS)

    def _encrypted(self, stage: Stage) -> Passed:
        tls = self._talk.tls
        if tls is None:
            raise Failed(Failure(stage, Cause.CLOSED))
        version, cipher = tls.version() or "TLS", tls.cipher()
        der = tls.getpeercert(binary_form=True)
        certificate = read_certificate(der) if der else None
        detail: dict[str, JSON] = {"version": version, "cipher": cipher[0] if cipher else None}
        if certificate is None:
            return Passed(f"Encrypted with {version}.", detail)
        days = (certificate.not_after - datetime.now(UTC)).days
        detail |= certificate_detail(certificate) | {"days_left": days}
        concern = None
        if days < _DAYS_LEFT:
            concern = Failure(stage, Cause.CERTIFICATE_ENDS_SOON, certificate=certificate)
        until = f"{certificate.not_after:%Y-%m-%d}"
        message = f"Encrypted with {version}; the certificate is valid until {until}."
        return Passed(message, detail, concern=concern)

    # Talking to the server

    @property
    def _talk(self) -> Conversation:
        assert self._conversation is not None  # noqa: S101 - the order of steps()
        return self._conversation

    async def _command(self, stage: Stage, *words: bytes) -> Reply:
        reply = await self._talk.command(*words)
        if not reply.positive:
            raise self.failed_reply(stage, reply)
        return reply

    async def _greet(self) -> Passed:
        if self._conversation is None:
            await self._open(Stage.GREETING, None)
        reply = await self._talk.greeting()
        if not reply.positive:
            raise self.failed_reply(Stage.GREETING, reply)
        return Passed(f"{self._route.host} has greeted.", {"said": self.printable(reply.text)})

    async def _introduce(self) -> Passed:
        reply = await self._command(Stage.EHLO, b"EHLO", self.ehlo_name.encode())
        offered = self._extensions = Extensions.parse(reply)
        mechanisms = [self.printable(name) for name in offered.mechanisms]
        offer = f"login by {', '.join(mechanisms)}" if mechanisms else "no login"
        if self._route.security is Security.STARTTLS and self._talk.tls is None:
            offer = "STARTTLS" if offered.has("STARTTLS") else "no STARTTLS"
        detail: dict[str, JSON] = {
            "name": self.ehlo_name,
            "mechanisms": mechanisms,
            "size": offered.size,
            "pipelining": offered.has("PIPELINING"),
            "smtputf8": offered.has("SMTPUTF8"),
            "starttls": offered.has("STARTTLS"),
        }
        return Passed(self.printable(f"{self._route.host} offers {offer}."), detail)

    async def _start_tls(self) -> Passed:
        stage = Stage.STARTTLS
        if not self._extensions.has("STARTTLS"):
            raise Failed(Failure(stage, Cause.STARTTLS_MISSING))
        await self._command(stage, b"STARTTLS")
        try:
            await self._talk.encrypt(self._network.tls_context(), self._route.host)
        except Injected as error:
            raise Failed(Failure(stage, Cause.INJECTED)) from error
        except OSError as error:
            raise Failed(Failure(stage, cause_of(error), text=words_of(error))) from error
        return self._encrypted(stage)

    async def _log_in(self) -> Passed:
        login = self._settings.login
        if login is None:
            return Passed("No login, because no secret is set.", outcome=Outcome.SKIP)
        mechanism = self._extensions.mechanism
        if mechanism is None:
            offered = self.printable(", ".join(self._extensions.mechanisms))
            cause = Cause.NO_MECHANISM if offered else Cause.NO_AUTH
            text = offered or ("STARTTLS" if self._extensions.has("STARTTLS") else "")
            raise Failed(Failure(Stage.AUTH, cause, text=text))
        user, secret = login
        reply = await log_in(self._talk, mechanism, user, secret)
        if not reply.positive:
            raise self.failed_reply(Stage.AUTH, reply)
        clear = self._route.security is Security.NONE and not is_nearby(self._route.host)
        concern = Failure(Stage.AUTH, Cause.CLEAR_TEXT_LOGIN) if clear else None
        detail: dict[str, JSON] = {"mechanism": mechanism, "said": self.printable(reply.text)}
        return Passed(
            f"{self._route.host} accepts the login ({mechanism}).", detail, concern=concern
        )

    async def _name_sender(self) -> Passed:
        user, stage = self._settings.user, Stage.MAIL
        words = [b"FROM:" + _path(stage, user)]
        if not f"{user}{self._recipient or ''}".isascii():
            if not self._extensions.has("SMTPUTF8"):
                raise Failed(Failure(stage, Cause.SMTPUTF8_MISSING))
            words.append(b"SMTPUTF8")
        reply = await self._command(stage, b"MAIL", *words)
        self._sender_accepted = True
        said = self.printable(reply.text)
        return Passed(f"{self._route.host} accepts mails from {printable(user)}.", {"said": said})

    async def _name_recipient(self) -> Passed:
        recipient, stage = self._recipient or "", Stage.RCPT
        if not self._sender_accepted:
            return Passed("Not asked, because the sender has to wait.", outcome=Outcome.SKIP)
        reply = await self._command(stage, b"RCPT", b"TO:" + _path(stage, recipient))
        said = self.printable(reply.text)
        return Passed(
            f"{self._route.host} accepts mails to {printable(recipient)}.", {"said": said}
        )

    async def _reset(self) -> Passed:
        await self._command(Stage.RSET, b"RSET")
        return Passed("The sender is taken back; nothing was sent.")

    async def _quit(self) -> Passed:
        await self._command(Stage.QUIT, b"QUIT")
        return Passed(f"{self._route.host} has said goodbye.")


def certificate_detail(certificate: Certificate) -> dict[str, JSON]:
    """Return a certificate for machines; dates in ISO 8601."""
    return {
        "subject": certificate.subject,
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def _own_name() -> str:
    """Return the name that the server's client gives with EHLO: this machine's host name."""
    name = socket.gethostname()
    return (
        name
        if name and name.isascii() and name.isprintable() and " " not in name
        else "[127.0.0.1]"
    )


def _path(stage: Stage, address: str) -> bytes:
    """Return ``<address>``; refuse what would end it early."""
    if any(char in "<> " or not char.isprintable() for char in address):
        raise Failed(Failure(stage, Cause.NOT_AN_ADDRESS))
    return f"<{address}>".encode()

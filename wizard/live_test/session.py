"""The stages of the live test, each one a coroutine that passes or raises :class:`Failed`.

From a host name to a connection, with what stands in the way told apart.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence

from wizard.config.settings import (
    Route,
    Security,
    SmtpSettings,
    is_container_name,
    is_loopback,
    is_nearby,
)
from wizard.live_test.events import (
    JSON,
    StageFailed,
    StageOutcome,
    StagePassed,
    StageStep,
    Transcript,
)
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.live_test.smtp import (
    Extensions,
    Reply,
    SmtpConnection,
    StarttlsInjection,
    as_sent,
    log_in,
)
from wizard.live_test.tls import describe_tls, error_words, tls_cause
from wizard.live_test.transaction import Transaction, refused
from wizard.system.network import Address, Connected, Network, connect_first
from wizard.text.display import sanitize
from wizard.text.language import N_, _

_IN_ADDRESSES = 5


class SmtpSession:
    """One connection with these settings. Not for a second use; end it with :meth:`aclose`.

    ``compose``: the server runs in a container. ``deliver``: a mail goes to ``recipient``.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        network: Network,
        *,
        recipient: str | None = None,
        deliver: bool = False,
        compose: bool = False,
        transcript: Transcript | None = None,
    ) -> None:
        self._settings = settings
        self._route = settings.route
        self._network = network
        self._recipient = recipient
        self._deliver = deliver
        self._compose = compose
        self._transcript = transcript
        self._hidden = secret_encodings(settings)
        self._addresses: Sequence[Address] = ()
        self._connected: Connected | None = None
        self._conversation: SmtpConnection | None = None
        self._transaction: Transaction | None = None
        self.extensions = Extensions(frozenset(), (), None)
        self.ehlo_name = self._route.ehlo_name or _own_name()

    def steps(self) -> Iterator[StageStep]:
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
        transaction = self._transaction = Transaction(
            self._talk,
            self.extensions,
            self._settings,
            self._recipient,
            self._deliver,
            self.printable,
        )
        yield Stage.MAIL, transaction.name_sender
        if transaction.names_recipient:
            yield Stage.RCPT, transaction.name_recipient
        if self._deliver:
            yield Stage.DATA, transaction.hand_over
        if not transaction.delivered:
            yield Stage.RSET, transaction.reset
        yield Stage.QUIT, transaction.quit

    @property
    def address(self) -> Address | None:
        """The address that answered."""
        return self._connected.address if self._connected else None

    def printable(self, text: str) -> str:
        """Make text from outside fit to be shown, without the secret in any form."""
        return sanitize(text, self._hidden)

    def take_leave(self) -> None:
        """Say QUIT and do not wait."""
        if self._transaction is not None:
            self._transaction.take_leave()
        elif self._conversation is not None:
            self._conversation.send(b"QUIT")

    async def aclose(self) -> None:
        """Close the connection at once, whatever its state."""
        if self._conversation is not None:
            await self._conversation.aclose()
        elif self._connected is not None:
            self._connected.sock.close()

    async def _resolve(self) -> StagePassed:
        self._addresses = await resolve(self._network, self._route, self._compose)
        ips = [address.ip for address in self._addresses]
        shown = _(" and ").join(ips[:_IN_ADDRESSES])
        message = _("{host} is {addresses}.", host=self._route.host, addresses=shown)
        if ips == [self._route.host]:
            message = _("This is an IP address.")
        return StagePassed(message, {"addresses": ips})

    async def _connect(self) -> StagePassed:
        found = self._connected = await connect(self._network, self._addresses)
        failed = [f"{address.ip}: {error_words(why)}" for address, why in found.failed.items()]
        silent = [address.ip for address in found.silent]
        detail: dict[str, JSON] = {
            "address": found.address.ip,
            "port": found.address.port,
            "failed": failed,
            "silent": silent,
        }
        concern = None
        if silent:
            concern = Failure(Stage.TCP, Cause.ADDRESS_SILENT, silent=tuple(silent))
        port, ip = found.address.port, found.address.ip
        message = _("Port {port} of {ip} answered.", port=port, ip=ip)
        if port != self._route.port:  # only a network of its own, like the demo's
            message = _(
                "Port {port} of {ip} answered in place of port {usual}.",
                port=port,
                ip=ip,
                usual=self._route.port,
            )
        self._note(message)
        return StagePassed(message, detail, concern=concern)

    async def _open(self, stage: Stage, context: ssl.SSLContext | None) -> None:
        assert self._connected is not None  # noqa: S101 - the order of steps()
        try:
            self._conversation = await SmtpConnection.open(
                self._connected.sock, self._route.host, context, self._transcript
            )
        except OSError as error:
            raise self._no_tls(stage, error) from error

    async def _handshake(self) -> StagePassed:
        await self._open(Stage.TLS, self._network.tls_context())
        return self._encrypted(Stage.TLS)

    def _no_tls(self, stage: Stage, error: OSError) -> StageFailed:
        words = error_words(error)
        self._note(_("The encryption failed: {words}.", words=words))
        return StageFailed(Failure(stage, tls_cause(error), system_words=words))

    def _encrypted(self, stage: Stage) -> StagePassed:
        if self._talk.tls is None:
            raise StageFailed(Failure(stage, Cause.CLOSED))
        passed = describe_tls(stage, self._talk.tls)
        self._note(passed.message)
        return passed

    # Talking to the server

    @property
    def _talk(self) -> SmtpConnection:
        assert self._conversation is not None  # noqa: S101 - the order of steps()
        return self._conversation

    def _positive(self, stage: Stage, reply: Reply) -> Reply:
        if not reply.positive:
            raise refused(stage, reply, self.printable)
        return reply

    async def _greet(self) -> StagePassed:
        if self._conversation is None:
            await self._open(Stage.GREETING, None)
        reply = self._positive(Stage.GREETING, await self._talk.reply())
        return StagePassed(
            _("{host} has greeted.", host=self._route.host), {"said": self.printable(reply.text)}
        )

    async def _introduce(self) -> StagePassed:
        reply = await self._talk.command(b"EHLO", self.ehlo_name.encode())
        offered = self.extensions = Extensions.parse(self._positive(Stage.EHLO, reply))
        mechanisms = [self.printable(name) for name in offered.mechanisms]
        offer = (
            N_("{host} offers login by {names}.") if mechanisms else N_("{host} offers no login.")
        )
        if self._route.security is Security.STARTTLS and self._talk.tls is None:
            has_starttls = offered.has("STARTTLS")
            offer = (
                N_("{host} offers STARTTLS.") if has_starttls else N_("{host} offers no STARTTLS.")
            )
        message = _(offer, host=self._route.host, names=", ".join(mechanisms))
        detail: dict[str, JSON] = {
            "name": self.ehlo_name,
            "mechanisms": mechanisms,
            "size": offered.size,
            "pipelining": offered.has("PIPELINING"),
            "smtputf8": offered.has("SMTPUTF8"),
            "starttls": offered.has("STARTTLS"),
        }
        return StagePassed(self.printable(message), detail)

    async def _start_tls(self) -> StagePassed:
        stage = Stage.STARTTLS
        if not self.extensions.has("STARTTLS"):
            raise StageFailed(Failure(stage, Cause.STARTTLS_MISSING))
        self._positive(stage, await self._talk.command(b"STARTTLS"))
        try:
            await self._talk.encrypt(self._network.tls_context(), self._route.host)
        except StarttlsInjection as error:
            self._note(_("There was unencrypted data behind the reply to STARTTLS."))
            raise StageFailed(Failure(stage, Cause.INJECTED)) from error
        except OSError as error:
            raise self._no_tls(stage, error) from error
        return self._encrypted(stage)

    async def _log_in(self) -> StagePassed:
        login = self._settings.login
        if login is None:
            return StagePassed(_("No login, because no secret is set."), outcome=StageOutcome.SKIP)
        mechanism = self.extensions.mechanism
        if mechanism is None:
            raise StageFailed(self._no_mechanism())
        reply = self._positive(Stage.AUTH, await log_in(self._talk, mechanism, *login))
        clear = self._route.security is Security.NONE and not is_nearby(self._route.host)
        concern = Failure(Stage.AUTH, Cause.CLEAR_TEXT_LOGIN) if clear else None
        detail: dict[str, JSON] = {"mechanism": mechanism, "said": self.printable(reply.text)}
        message = _(
            "{host} accepts the login ({mechanism}).", host=self._route.host, mechanism=mechanism
        )
        return StagePassed(message, detail, concern=concern)

    def _no_mechanism(self) -> Failure:
        offered = tuple(filter(None, map(self.printable, self.extensions.mechanisms)))
        return Failure(
            Stage.AUTH,
            Cause.NO_MECHANISM if offered else Cause.NO_AUTH,
            mechanisms=offered,
            offers_starttls=self.extensions.has("STARTTLS"),
        )

    def _note(self, text: str) -> None:
        if self._transcript is not None:
            self._transcript.note(text)


def secret_encodings(settings: SmtpSettings) -> tuple[str, ...]:
    """Return every form in which the secret could appear in what is shown."""
    return as_sent(*settings.login) if settings.login else ()


def _own_name() -> str:
    """Return the name that the server's client gives with EHLO: this machine's host name."""
    name = socket.gethostname()
    usable = name and name.isascii() and name.isprintable() and " " not in name
    return name if usable else "[127.0.0.1]"


_PATIENCE = 2.0
"""Seconds that an address has left once another one has answered."""
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


async def resolve(network: Network, route: Route, compose: bool) -> Sequence[Address]:
    """Return the addresses of the route's host, at least one; raise :class:`Failed`.

    ``compose``: the server runs in a container, to which loopback is itself, and which may know
    names that this machine does not.
    """
    if compose and is_loopback(route.host):
        raise StageFailed(Failure(Stage.DNS, Cause.CONTAINER_INTERNAL))
    try:
        addresses = await network.resolve(route.host, route.port)
    except socket.gaierror as error:
        text = sanitize(error.strerror or "")
        if compose and is_container_name(route.host):
            cause = Cause.CONTAINER_INTERNAL
        elif error.errno in _NO_SUCH_NAME:
            cause = Cause.NAME_UNKNOWN
        else:
            cause = Cause.RESOLVER_DOWN
        raise StageFailed(Failure(Stage.DNS, cause, system_words=text)) from error
    if not addresses:
        raise StageFailed(Failure(Stage.DNS, Cause.NAME_UNKNOWN))
    return addresses


async def connect(network: Network, addresses: Sequence[Address]) -> Connected:
    """Connect to the address that the server would use.

    Raises :class:`Failed`, or :class:`TimeoutError` where the system has waited long enough.
    """
    try:
        return await connect_first(network, addresses, _PATIENCE)
    except TimeoutError:
        raise
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        cause = Cause.CONNECTION_REFUSED if refused else Cause.UNREACHABLE
        raise StageFailed(Failure(Stage.TCP, cause, system_words=error_words(error))) from error

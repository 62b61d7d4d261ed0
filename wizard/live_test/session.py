"""One connection to the mail server, as stages that each pass or raise :class:`StageFailed`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from wizard.config.endpoint import Route, Security, is_container_name, is_loopback
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import (
    JSON,
    StageFailed,
    StageOutcome,
    StagePassed,
    StageStep,
    Transcript,
)
from wizard.live_test.failure import Cause, Failure, Stage, shown_user
from wizard.live_test.smtp import (
    Extensions,
    Reply,
    SmtpConnection,
    StarttlsInjection,
    log_in,
)
from wizard.live_test.standpoint import Standpoint
from wizard.live_test.tls import describe_tls, error_words, tls_cause
from wizard.live_test.transaction import Transaction, require_positive
from wizard.system.network import Address, Connected, Network, connect_first
from wizard.text.language import N_, _
from wizard.text.redaction import Redactor

_SHORT = 51
"""Characters that a stage has on its line of a terminal with 80 columns."""
_PATIENCE = 2.0
"""Seconds that an address has left once another one has answered."""
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


class SmtpSession:
    """The stages of one connection with these settings. End it with :meth:`aclose`.

    ``grouped``: see :class:`Transaction`.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        standpoint: Standpoint,
        *,
        recipient: str | None = None,
        grouped: bool = True,
    ) -> None:
        self._settings = settings
        self._route = settings.route
        self._standpoint = standpoint
        self._network = standpoint.network
        self._recipient = recipient
        self._grouped = grouped
        self._addresses: Sequence[Address] = ()
        self._connected: Connected | None = None
        self._connection: SmtpConnection | None = None
        self._transaction: Transaction | None = None
        self.extensions = Extensions()
        self.ehlo_name = self._route.ehlo_name or _host_name(standpoint)
        self.redact = _redactor(settings, self.ehlo_name, recipient or "")
        """Makes text from outside fit to be shown, without the secret."""
        self.transcript = Transcript(self.redact)

    def stages(self) -> Iterator[StageStep]:
        """Yield the stages of this route in order; run each before asking for the next."""
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
        # The extensions of the last EHLO are the ones that count, and only known by now.
        transaction = self._transaction = Transaction(
            self._smtp,
            self.extensions,
            self._settings,
            self._recipient,
            self._grouped,
            self.redact,
        )
        yield Stage.MAIL, transaction.name_sender
        if transaction.names_recipient:
            yield Stage.RCPT, transaction.name_recipient
        yield Stage.RSET, transaction.reset
        yield Stage.QUIT, transaction.quit

    @property
    def address(self) -> Address | None:
        """The address that answered."""
        return self._connected.address if self._connected else None

    @property
    def is_nearby(self) -> bool:
        """Whether the connection stays on this machine, as the address that answered tells.

        A name tells nothing: one without a dot may lead anywhere. Networks of containers are on
        this machine, with private addresses, and have such names.
        """
        connected = self._connected
        if connected is None:
            return False
        ip = ip_address(connected.address.ip.partition("%")[0])
        if ip.is_loopback or connected.address.ip == connected.own_ip:
            return True
        return (
            self._standpoint.in_container and ip.is_private and is_container_name(self._route.host)
        )

    @property
    def recipient(self) -> str:
        """The address that is named as the recipient, as it may be shown."""
        return self.redact(self._recipient or self._settings.user)

    @property
    def postponed(self) -> bool:
        """Whether the mail server has accepted no mail yet, and wants it sent again."""
        return self._transaction is not None and self._transaction.postponed

    def send_quit(self) -> None:
        """Send QUIT and do not wait: a client that just vanishes looks hostile."""
        if self._transaction is not None:
            self._transaction.send_quit()
        elif self._connection is not None:
            self._connection.send(b"QUIT")

    async def aclose(self) -> None:
        """Close the connection at once, whatever its state."""
        if self._connection is not None:
            await self._connection.aclose()
        elif self._connected is not None:
            self._connected.sock.close()

    # From a name to an encrypted connection

    async def _resolve(self) -> StagePassed:
        self._addresses = await _resolve(self._standpoint, self._route)
        ips, host = [address.ip for address in self._addresses], self._route.host
        message = _("{host} is {addresses}.", host=host, addresses=_(" and ").join(ips))
        if ips == [host]:
            message = _("This is an IP address.")
        elif len(ips) > 1 and len(message) > _SHORT:
            self.transcript.note(message)
            message = _("{host} is {ip} and {more} more.", host=host, ip=ips[0], more=len(ips) - 1)
        return StagePassed(message, {"addresses": ips})

    async def _connect(self) -> StagePassed:
        connected = self._connected = await _connect(self._network, self._addresses)
        errors = connected.failed.items()
        silent = tuple(address.ip for address in connected.silent)
        port, ip = connected.address.port, connected.address.ip
        detail: dict[str, JSON] = {
            "address": ip,
            "port": port,
            "failed": [f"{address.ip}: {error_words(error)}" for address, error in errors],
            "silent": list(silent),
        }
        concern = Failure(Stage.TCP, Cause.ADDRESS_SILENT, silent=silent) if silent else None
        self.transcript.note(_("Port {port} of {ip} answers.", port=port, ip=ip))
        message, usual = _("Port {port} answers.", port=port), self._route.port
        if port != usual:  # only a network of its own, like the demo's
            message = _("Port {port} answers in place of port {usual}.", port=port, usual=usual)
        return StagePassed(message, detail, concern=concern)

    async def _handshake(self) -> StagePassed:
        await self._open(Stage.TLS, self._network.tls_context())
        return self._encrypted(Stage.TLS)

    async def _open(self, stage: Stage, context: ssl.SSLContext | None) -> None:
        assert self._connected is not None  # noqa: S101 - the order of stages()
        try:
            self._connection = await SmtpConnection.open(
                self._connected.sock, self._route.host, context, self.transcript
            )
        except OSError as error:
            raise self.handshake_failed(stage, error) from error

    def handshake_failed(self, stage: Stage, error: OSError) -> StageFailed:
        """Note why the encryption failed, and return the failure."""
        words = self.redact(error_words(error))
        self.transcript.note(_("The encryption failed: {words}.", words=words))
        return StageFailed(Failure(stage, tls_cause(error), system_words=words))

    def _encrypted(self, stage: Stage) -> StagePassed:
        if self._smtp.tls is None:
            raise StageFailed(Failure(stage, Cause.CLOSED))
        tls = self._smtp.tls
        only_here = self._standpoint.in_container and self._network.is_trusted_only_here(tls)
        passed = describe_tls(stage, tls, self.redact, only_here=only_here)
        self.transcript.note(passed.message)
        return passed

    # From the greeting to the login

    @property
    def _smtp(self) -> SmtpConnection:
        assert self._connection is not None  # noqa: S101 - the order of stages()
        return self._connection

    def _require_positive(self, stage: Stage, reply: Reply) -> Reply:
        return require_positive(stage, reply, self.redact)

    async def _greet(self) -> StagePassed:
        if self._connection is None:
            await self._open(Stage.GREETING, None)
        reply = self._require_positive(Stage.GREETING, await self._smtp.read_reply())
        return StagePassed(
            _("{host} has greeted.", host=self._route.host), {"said": self.redact(reply.text)}
        )

    async def _introduce(self) -> StagePassed:
        reply = await self._smtp.execute(b"EHLO", self.ehlo_name.encode())
        offered = self.extensions = Extensions.parse(self._require_positive(Stage.EHLO, reply))
        mechanisms = [self.redact(name) for name in offered.mechanisms]
        has_starttls = offered.has("STARTTLS")
        if self._route.security is Security.STARTTLS and self._smtp.tls is None:
            offer = N_("STARTTLS is offered.") if has_starttls else N_("STARTTLS is not offered.")
        elif offered.mechanism is not None:
            offer = N_("A login by {names} is offered.")
        elif mechanisms:
            offer = N_("Only logins by {names} are offered.")
        else:
            offer = N_("No login is offered.")
        message = _(offer, names=offered.mechanism or ", ".join(mechanisms))
        detail: dict[str, JSON] = {
            "name": self.ehlo_name,
            "mechanisms": mechanisms,
            "size": offered.size,
            "pipelining": offered.has("PIPELINING"),
            "smtputf8": offered.has("SMTPUTF8"),
            "starttls": has_starttls,
        }
        return StagePassed(self.redact(message), detail)

    async def _start_tls(self) -> StagePassed:
        stage = Stage.STARTTLS
        if not self.extensions.has("STARTTLS"):
            raise StageFailed(Failure(stage, Cause.STARTTLS_MISSING))
        self._require_positive(stage, await self._smtp.execute(b"STARTTLS"))
        try:
            await self._smtp.start_tls(self._network.tls_context(), self._route.host)
        except StarttlsInjection as error:
            self.transcript.note(_("Unencrypted data followed the reply to STARTTLS."))
            raise StageFailed(Failure(stage, Cause.INJECTED)) from error
        except OSError as error:
            raise self.handshake_failed(stage, error) from error
        return self._encrypted(stage)

    async def _log_in(self) -> StagePassed:
        login, stage = self._settings.login, Stage.AUTH
        if self._settings.unknown_secret:
            problem = self._settings.unknown_secret
            raise StageFailed(Failure(stage, Cause.SECRET_UNKNOWN, problem=problem))
        if login is None:
            return StagePassed(_("No login: no password is set."), outcome=StageOutcome.SKIP)
        mechanism = self.extensions.mechanism
        if mechanism is None:
            raise StageFailed(self._no_mechanism())
        reply = self._require_positive(stage, await log_in(self._smtp, mechanism, *login))
        readable = self._route.security is Security.NONE and not self.is_nearby
        concern = Failure(stage, Cause.CLEAR_TEXT_LOGIN) if readable else None
        detail: dict[str, JSON] = {"mechanism": mechanism, "said": self.redact(reply.text)}
        message = _("{user} is accepted.", user=shown_user(stage, self._settings))
        return StagePassed(message, detail, concern=concern)

    def _no_mechanism(self) -> Failure:
        offered = tuple(filter(None, map(self.redact, self.extensions.mechanisms)))
        return Failure(
            Stage.AUTH,
            Cause.NO_MECHANISM if offered else Cause.NO_AUTH,
            mechanisms=offered,
            offers_starttls=self.extensions.has("STARTTLS"),
        )


def _redactor(settings: SmtpSettings, *public: str) -> Redactor:
    """Return what hides the secret, and one in the endpoint even if it takes no part."""
    logins = [login for login in (settings.login, settings.endpoint.credentials) if login]
    return Redactor(
        [secret.reveal() for _user, secret in logins],
        [user for user, _secret in logins],
        [settings.user, settings.route.host, *public],
    )


def _host_name(standpoint: Standpoint) -> str:
    """Return the name that the server's client gives with EHLO: its machine's host name."""
    name = standpoint.ehlo_name or socket.gethostname()
    usable = name and name.isascii() and name.isprintable() and " " not in name
    return name if usable else "[127.0.0.1]"


async def _resolve(standpoint: Standpoint, route: Route) -> Sequence[Address]:
    """Return the addresses of the route's host, at least one; raise :class:`StageFailed`.

    Inside a container loopback is the container itself, and names may be known that this machine
    does not know, or knows as something else.
    """
    differs, host = standpoint.names_differ, route.host
    if differs and (is_loopback(host) or host.lower() in standpoint.only_inside):
        raise StageFailed(Failure(Stage.DNS, Cause.CONTAINER_INTERNAL))
    try:
        addresses = await standpoint.network.resolve(host, route.port)
    except socket.gaierror as error:
        if differs and is_container_name(host):
            cause = Cause.CONTAINER_INTERNAL
        elif error.errno in _NO_SUCH_NAME:
            cause = Cause.NAME_UNKNOWN
        else:
            cause = Cause.RESOLVER_DOWN
        raise StageFailed(Failure(Stage.DNS, cause)) from error
    if not addresses:
        raise StageFailed(Failure(Stage.DNS, Cause.NAME_UNKNOWN))
    return addresses


async def _connect(network: Network, addresses: Sequence[Address]) -> Connected:
    """Connect to the address that the server would use.

    Raises :class:`StageFailed`, or :class:`TimeoutError` where the system has waited long enough.
    """
    try:
        return await connect_first(network, addresses, _PATIENCE)
    except TimeoutError:
        raise
    except OSError as error:
        raise connection_failed(error) from error


def connection_failed(error: OSError) -> StageFailed:
    """Return the failure of a connection that was refused, or has no way there."""
    refused = isinstance(error, ConnectionRefusedError)
    cause = Cause.CONNECTION_REFUSED if refused else Cause.UNREACHABLE
    return StageFailed(Failure(Stage.TCP, cause, system_words=error_words(error)))

"""A mail relay that runs as a service beside the server: where it passes its mails on to.

The server's documentation proposes the image ``crazymax/msmtpd``, whose variables become lines of
msmtp's configuration: https://github.com/crazy-max/docker-msmtpd and
https://marlam.de/msmtp/msmtp.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wizard.compose.container import Container
from wizard.config.endpoint import Endpoint, Route, Security
from wizard.config.settings import SmtpSettings, check_endpoint, check_user
from wizard.errors import FileRefused, Finding, InvalidValue, Severity
from wizard.secrets.secret import Secret
from wizard.text.language import _

IMAGE = "crazymax/msmtpd"
SERVICE, PORT = "smtp_relay", 2500
"""What the server's documentation calls the relay, and where the image listens."""
PASSWORD = "SMTP_PASSWORD"  # noqa: S105
_NETWORK = "smtp_network"
_MSMTPD = re.compile(r"(?:^|/)msmtpd(?:[:@]|$)")
_MARK = "# Written by smtp-wizard; smtp-wizard set --relay writes it anew."
_SERVICES = """\
services:
  {service}:
    image: {image}
    environment:
{environment}
    healthcheck:
      test: ["CMD", "msmtp", "--version"]
      interval: 30s
      timeout: 10s
      retries: 3
    networks:
      - {network}
    restart: unless-stopped
  {server}:
    depends_on:
      {service}:
        condition: service_healthy
    networks:
{networks}
networks:
  {network}:
    driver: bridge
"""
_MOST_BYTES = 480
"""msmtp reads lines of up to 500 bytes."""
_BY_PASSWORD = re.compile(r"on|plain|login|cram-md5|scram-.*")


@dataclass(frozen=True, slots=True)
class RelaySettings(SmtpSettings):
    """What a relay uses to pass on the server's mails; ``user`` is their sender."""

    way: Route = field(kw_only=True)
    account: tuple[str, Secret] | None = field(kw_only=True)

    @property
    def route(self) -> Route:
        """Where the relay connects to."""
        return self.way

    @property
    def login(self) -> tuple[str, Secret] | None:
        """User name and password of the login; None when the relay does not log in."""
        return self.account


@dataclass(frozen=True, slots=True)
class Relay:
    """A service of an image that is known, with its variables as the container gets them."""

    service: str
    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, service: str, model: Mapping[str, object]) -> Relay | None:
        """Return the relay that a service is, in the form of ``docker compose config``."""
        if not _MSMTPD.search(str(model.get("image") or "")):
            return None
        found = model.get("environment")
        pairs = found.items() if isinstance(found, Mapping) else ()
        return cls(
            service, {name: _as_read(value) for name, value in pairs if value and _as_read(value)}
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return _port(self.variables.get("LISTEN_PORT", "")) or PORT

    def problems(self) -> Iterator[Finding]:
        """Yield why it passes nothing on, or why that cannot be tested; ``field`` is a variable."""
        given = self.variables.keys()
        try:
            check_endpoint(self._host)
        except InvalidValue:
            yield _error(
                "relay-host",
                _("The relay has no usable SMTP_HOST, so that it passes no mail on."),
                _("Write the name of your mail server there."),
                "SMTP_HOST",
            )
        if _port(self.variables.get("SMTP_PORT", "25")) is None:
            yield _error(
                "relay-host",
                _("SMTP_PORT of the relay is not the number of a port."),
                _("Write the port of your mail server there, mostly 465 or 587."),
                "SMTP_PORT",
            )
        method = self._method
        for name in ("SMTP_USER", "SMTP_PASSWORD"):
            file = f"{name}_FILE" in given
            if method == "off" and name == "SMTP_PASSWORD" and (file or name in given):
                yield _error(
                    "relay-login-off",
                    _("The relay has a password, but does not log in with it."),
                    _('Add to its environment:   SMTP_AUTH: "on"'),
                    "SMTP_AUTH",
                )
            elif _BY_PASSWORD.fullmatch(method) and not file and name not in given:
                yield _error(
                    "relay-login-incomplete",
                    _("The relay is to log in, but its {name} is empty.", name=name),
                    _("Set it, or the variable that it comes from in .env."),
                    name,
                )

    def settings(self, sender: str) -> RelaySettings | None:
        """Return what it uses for a mail of ``sender``.

        None where a problem keeps it from trying, or its login is not by a password known here.
        """
        if any(self.problems()):
            return None
        login = None
        if self._method != "off":
            found = [self.variables.get(name) for name in ("SMTP_USER", "SMTP_PASSWORD")]
            if not (_BY_PASSWORD.fullmatch(self._method) and found[0] and found[1]):
                return None
            login = found[0], Secret(found[1])
        if self.variables.get("SMTP_ALLOW_FROM_OVERRIDE") == "off":
            sender = self.variables.get("SMTP_FROM", sender)
        host = check_endpoint(self._host)
        return RelaySettings(sender, host, way=self._route(host), account=login)

    @property
    def _host(self) -> str:
        return self.variables.get("SMTP_HOST", "")

    @property
    def _method(self) -> str:
        return self.variables.get("SMTP_AUTH", "off")

    def _route(self, host: Endpoint) -> Route:
        security, port = Security.NONE, 25
        if self.variables.get("SMTP_TLS") == "on":
            starttls = self.variables.get("SMTP_STARTTLS", "on") == "on"
            security = Security.STARTTLS if starttls else Security.TLS
            port = 25 if starttls else 465
        name = self.variables.get("SMTP_DOMAIN", "localhost")
        number = _port(self.variables.get("SMTP_PORT", ""))
        return Route(host.route(False).host, number or port, security, name)


def check_sender(sender: str) -> str:
    """Return a sender that mail servers take, else raise :class:`InvalidValue`."""
    if "@" not in check_user(sender):
        raise InvalidValue(
            "relay-sender",
            _("The sender is not a mail address."),
            _("Enter the address from which the server's mails are to come."),
        )
    return sender


def relay_settings(settings: SmtpSettings, sender: str) -> RelaySettings:
    """Return what a relay uses in place of ``settings`` for the mails of ``sender``.

    Raises :class:`InvalidValue` where msmtp cannot use them.
    """
    if settings.route.host == SERVICE:
        raise InvalidValue(
            "relay-itself",
            _("The endpoint is the relay itself."),
            _("Give the mail server at which it is to log in: --endpoint HOST"),
        )
    login = settings.login
    for text in (login and (login[0], login[1].reveal())) or ():
        if _as_read(text) != text or len(text.encode()) > _MOST_BYTES:
            raise InvalidValue(
                "relay-login",
                _(
                    "The relay cannot log in with a user or secret that has blanks or quotes "
                    "around it, or more than {limit} bytes.",
                    limit=_MOST_BYTES,
                ),
                _("Have another one generated."),
            )
    way = settings.route._replace(ehlo_name=check_sender(sender).rpartition("@")[2])
    return RelaySettings(
        sender,
        settings.endpoint,
        settings.starttls,
        settings.secret,
        settings.unknown_secret,
        way=way,
        account=login,
    )


def relay_obstacle(container: Container | None) -> FileRefused | None:
    """Return why no relay can be put beside the server; None where one can."""
    if container is None or not container.service or container.refusal:
        return FileRefused(
            "relay-not-possible",
            _("A relay needs a compose file with the server in it, which is not there."),
            _("Set up a relay yourself, and give its address as the endpoint: smtp://HOST:PORT"),
        )
    if SERVICE in container.services and not is_written_here(container):
        return FileRefused(
            "relay-exists",
            _("The compose file has a service {name} already.", name=SERVICE),
            _(
                "Give it as the endpoint: smtp-wizard set --endpoint {url} --no-secret",
                url=f"smtp://{SERVICE}:{PORT}",
            ),
            path=container.project.find_service(SERVICE).path,
        )
    if mode := container.model.get("network_mode"):
        return FileRefused(
            "relay-not-possible",
            _("The server uses the network {mode}, where it finds no other service.", mode=mode),
            _("Remove network_mode from the service {name}.", name=container.service),
            path=container.project.find_service(container.service).path,
        )
    return None


def is_written_here(container: Container) -> bool:
    """Whether the project's override file is one that set up a relay before."""
    path = container.project.override
    return path is not None and (container.project.text(path) or "").startswith(_MARK)


def relay_services(container: Container, relay: RelaySettings) -> str:
    """Return a compose file that puts a relay beside the server, for Compose to merge.

    The networks that the server has already are named as well: without a list it has the default
    one, which any list replaces.
    """
    login, way = relay.login, relay.route
    tls = way.security is not Security.NONE
    variables = {
        "SMTP_HOST": way.host,
        "SMTP_PORT": str(way.port),
        "SMTP_TLS": "on" if tls else "off",
        "SMTP_STARTTLS": "on" if way.security is Security.STARTTLS else "off",
        "SMTP_TLS_CHECKCERT": "on",
        "SMTP_AUTH": "off" if login is None else "on",
        "SMTP_USER": "" if login is None else login[0],
        "SMTP_FROM": relay.user,
        "SMTP_DOMAIN": way.ehlo_name or "localhost",
    }
    environment = [f"      {name}: {_quoted(text)}" for name, text in variables.items() if text]
    if login is not None:
        environment.append(f"      {PASSWORD}: ${{{PASSWORD}:?}}")
    names = (*container.networks, _NETWORK)
    networks = [f"      {_quoted(name)}:" for name in dict.fromkeys(names)]
    return f"{_MARK}\n" + _SERVICES.format(
        service=SERVICE,
        image=IMAGE,
        environment="\n".join(environment),
        network=_NETWORK,
        server=_quoted(container.service),
        networks="\n".join(networks),
    )


def _quoted(text: str) -> str:
    """Return a text as YAML has it, so that Compose puts no variable in."""
    plain = re.fullmatch(r"[A-Za-z_][\w-]*", text, re.ASCII) and text.lower() not in _WORDS
    return text if plain else json.dumps(text.replace("$", "$$"), ensure_ascii=False)


_WORDS = ("on", "off", "yes", "no", "true", "false", "null", "y", "n")
"""What is no text in YAML."""


def _port(text: str) -> int | None:
    """Return the number of a port; None for any other text."""
    number = int(text) if re.fullmatch("[0-9]{1,5}", text) else 0
    return number if 0 < number < 1 << 16 else None


def _error(code: str, message: str, remedy: str, variable: str) -> Finding:
    return Finding(code, message, remedy, Severity.ERROR, field=variable)


def _as_read(value: str) -> str:
    """Return a value as msmtp reads it from its line: without blanks or quotes around it."""
    value = value.strip(" \t")
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value

"""A mail relay that runs as a service beside the server: where it passes its mails on to.

The server's documentation proposes the image ``crazymax/msmtpd``, whose variables become lines of
msmtp's configuration: https://github.com/crazy-max/docker-msmtpd and
https://marlam.de/msmtp/msmtp.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from wizard.config.endpoint import Endpoint, Route, Security
from wizard.config.settings import SmtpSettings, check_endpoint
from wizard.errors import Finding, InvalidValue, Severity
from wizard.secrets.secret import Secret
from wizard.text.language import _

IMAGE = "crazymax/msmtpd"
PORT = 2500
_MSMTPD = re.compile(r"(?:^|/)msmtpd(?:[:@]|$)")
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
        text = self.variables.get("LISTEN_PORT", "")
        return int(text) if text.isdecimal() else PORT

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
        port = self.variables.get("SMTP_PORT", "25")
        if not (port.isdecimal() and 0 < int(port) < 1 << 16):
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
        number = int(self.variables.get("SMTP_PORT", str(port)))
        return Route(host.route(False).host, number, security, name)


def _error(code: str, message: str, remedy: str, variable: str) -> Finding:
    return Finding(code, message, remedy, Severity.ERROR, field=variable)


def _as_read(value: str) -> str:
    """Return a value as msmtp reads it from its line: without blanks or quotes around it."""
    value = value.strip(" \t")
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value

"""What the server makes of ``[smtp]``: the values it uses, and what is unwise about them.

The server is closed source. What its documentation leaves open is modelled here and in
:mod:`wizard.config.endpoint` after the Rust crates ``lettre`` 0.11 (where an endpoint leads, which
login is used) and ``dotenvy`` (where a ``${NAME}`` is read from). Nothing here does I/O; values are
valid once they are built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.config.endpoint import Endpoint, Route, Security, is_ip_address, is_nearby
from wizard.errors import Finding, InvalidValue
from wizard.secrets.secret import Secret
from wizard.text.language import N_, _


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """What the server will use: every ``${NAME}`` replaced, every value valid."""

    user: str
    endpoint: Endpoint
    starttls: bool = False
    secret: Secret | None = None

    @property
    def route(self) -> Route:
        """Where these settings lead."""
        return self.endpoint.route(self.starttls)

    @property
    def login(self) -> tuple[str, Secret] | None:
        """User name and password of the login; None when the server does not log in."""
        if self.secret is not None:
            return self.user, self.secret
        return self.endpoint.credentials


def check_user(user: str) -> str:
    """Return ``user`` if the server can use it, else raise :class:`InvalidValue`.

    It need not be a mail address: some providers give a token name (see :func:`settings_findings`).
    """
    if not user:
        raise InvalidValue(
            "user-empty",
            _("The user is empty."),
            _("Enter the name you log in with at your mail provider, usually your mail address."),
        )
    if user != user.strip():
        raise InvalidValue(
            "user-blanks",
            _("The user has blanks around it, which would become part of the name."),
            _("Remove them."),
        )
    if not user.isprintable():
        raise InvalidValue(
            "user-characters",
            _("The user contains a line break or a control character."),
            _("Enter it as one line of printable text."),
        )
    if len(user) > 320:
        raise InvalidValue(
            "user-too-long",
            _(
                "The user is {length} characters long; a mail address has at most 320.",
                length=len(user),
            ),
            _("Enter the login name alone."),
        )
    return user


def check_recipient(address: str) -> str:
    """Return ``address`` if a test mail can be sent there, else raise :class:`InvalidValue`."""
    local, at, domain = address.rpartition("@")
    if not (at and local and domain) or not address.isprintable() or set(address) & set(" <>,;"):
        raise InvalidValue(
            "recipient",
            _("This is not one mail address."),
            _("Enter an address whose mailbox you can look into, for example you@example.org."),
        )
    return address


TEXT_KEYS: Mapping[str, Callable[[str], Any]] = {"user": check_user, "endpoint": Endpoint.parse}
"""The keys of ``[smtp]`` with a text, and what makes of it what the server uses, or raises."""
SWITCHES: Mapping[str, str] = {
    "starttls": N_("starttls is {value} in config.toml, which is neither true nor false."),
}
"""The keys that are true or false, absent ones false; and what to say of another ``{value}``."""


def settings_findings(settings: SmtpSettings) -> Iterator[Finding]:
    """Yield what works differently from what an operator may expect of these settings."""
    if "@" not in settings.user:
        yield Finding(
            "user-not-an-address",
            _(
                "The user is not a mail address. The server sends its mails from this name, "
                "and many mail servers refuse such a sender."
            ),
            field="user",
        )
    yield from encryption_findings(settings)
    if settings.secret is not None and "${" in settings.secret.reveal():
        yield Finding(
            "secret-contains-reference",
            _(
                "The secret contains ${, which the server may take for a variable. Choose a "
                "secret without it if the login fails."
            ),
            field="secret",
        )


def encryption_findings(settings: SmtpSettings) -> Iterator[Finding]:
    """Yield what is unwise about the way in which the connection is encrypted, or is not."""
    route, is_url = settings.route, settings.endpoint.is_url
    if settings.starttls and is_url:
        yield Finding(
            "starttls-without-effect",
            _(
                "starttls has no effect on an endpoint that begins with smtp://. Use the "
                "bare host name, or append ?tls=required to the endpoint.",
            ),
            field="starttls",
        )
    elif settings.starttls:
        yield Finding(
            "starttls-discouraged",
            _(
                "SMTPS (port 465) is the better choice where the mail server offers it: "
                "STARTTLS begins in clear text."
            ),
            field="starttls",
        )
    if route.security is Security.NONE and settings.login and not is_nearby(route.host):
        yield Finding(
            "clear-text-login",
            _(
                "The password is sent to {host} in clear text: everybody on the way can read "
                "it. Use the bare host name, or append ?tls=required to the endpoint.",
                host=route.host,
            ),
            field="endpoint",
        )
    if route.security is not Security.NONE and is_ip_address(route.host):
        yield Finding(
            "address-needs-certificate",
            _(
                "The endpoint is an IP address: the certificate must name this very address, "
                "which is rare. Prefer the host name."
            ),
            field="endpoint",
        )

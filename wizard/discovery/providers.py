"""What is known about mail providers, from the table ``providers.toml`` in this package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from wizard.config.endpoint import Route, Security


class UserNameForm(StrEnum):
    """What an account's user name for SMTP looks like."""

    ADDRESS = "address"
    LOCAL_PART = "local-part"
    LOGIN = "login"
    """A name or key that the provider assigns."""
    FIXED = "fixed"
    """The same for every account."""


class ProviderNote(StrEnum):
    """What an operator has to know about a provider; `guide` has the words."""

    APP_PASSWORD = "app-password"  # noqa: S105  (these are codes)
    APP_PASSWORD_WITH_2FA = "app-password-with-2fa"  # noqa: S105
    TWO_STEP_FIRST = "two-step-first"
    AUTHORIZATION_CODE = "authorization-code"
    MAIL_PASSWORD = "mail-password"  # noqa: S105
    MAILBOX_PASSWORD = "mailbox-password"  # noqa: S105
    DELIVERY_BOX = "delivery-box"
    SECRET_EXPIRES = "secret-expires"  # noqa: S105
    LOCKS_OUT = "locks-out"
    SMTP_MUST_BE_ENABLED = "smtp-must-be-enabled"
    SMTP_IN_ACCOUNT = "smtp-in-account"
    ENTRA_DEFAULTS = "entra-defaults"
    ACCESS_MUST_BE_ENABLED = "access-must-be-enabled"
    PAID_PLAN = "paid-plan"
    BASIC_AUTH_RETIRING = "basic-auth-retiring"
    OAUTH_ONLY = "oauth-only"
    NO_SMTP = "no-smtp"
    ONLY_BRIDGE = "only-bridge"
    RELAY_RULE = "relay-rule"
    HVE_ACCOUNT = "hve-account"
    INSIDE_TENANT_ONLY = "inside-tenant-only"
    OWN_LINES_ONLY = "own-lines-only"
    NEVER_DELIVERS = "never-delivers"
    CERTIFIED_MAIL = "certified-mail"
    SECRET_IS_API_KEY = "secret-is-api-key"  # noqa: S105
    SMTP_CREDENTIALS = "smtp-credentials"
    GENERATED_PASSWORD = "generated-password"  # noqa: S105
    SMTP_KEY = "smtp-key"
    SMTP_TOKEN = "smtp-token"  # noqa: S105
    SERVER_TOKEN = "server-token"  # noqa: S105
    KEY_PAIR = "key-pair"
    PROJECT_ID = "project-id"
    SENDER_DOMAIN_MUST_MATCH = "sender-domain-must-match"
    SENDER_MUST_BE_VERIFIED = "sender-must-be-verified"
    MAIN_ADDRESS = "main-address"
    DOLLAR_IN_PASSWORD = "dollar-in-password"  # noqa: S105
    SANDBOX = "sandbox"
    PAID_PLANS_DIFFER = "paid-plans-differ"
    OTHER_PLANS_DIFFER = "other-plans-differ"
    HOST_BY_REGION = "host-by-region"
    CLOUD_BLOCKS_465 = "cloud-blocks-465"


_UNUSABLE = frozenset({ProviderNote.OAUTH_ONLY, ProviderNote.NO_SMTP, ProviderNote.ONLY_BRIDGE})
_MX = "{mx}"
"""In place of a host: the one that receives the mail of the domain."""
_NAMES = ("domains", "mx", "hosts")
"""Keys with names separated by blanks."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. ``smtps`` and ``starttls`` are host names, None where not offered.

    `provider_by_mx` and `provider_by_host` fill in the host where each customer has another one.
    """

    id: str
    name: str
    source: str
    checked: str
    """Year and month."""
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    smtps: str | None = None
    starttls: str | None = None
    starttls_ports: tuple[int, ...] = (587,)
    """The one to suggest first."""
    user: UserNameForm = UserNameForm.ADDRESS
    fixed_user: str | None = None
    login_optional: bool = False
    """Whether it may know the sender by its IP address."""
    notes: tuple[ProviderNote, ...] = ()
    app_password_at: str | None = None
    """The page where an app password is made, or that tells how."""
    two_step_at: str | None = None
    """The page where 2-step verification is switched on."""
    app_password_letters: int = 0
    """How many letters an app password has that is displayed with blanks in it."""
    ends: str | None = None
    """The day on which the service ends, as in 2027-03-31."""
    password_until: str | None = None
    """The month until which it accepts logins by password, as in 2028-09."""
    unconfirmed: tuple[str, ...] = ()
    """Fields and notes that nobody has confirmed."""

    @property
    def usable(self) -> bool:
        """Whether the server can send mails through this provider at all."""
        return _UNUSABLE.isdisjoint(self.notes)

    @property
    def _preferred(self) -> str | None:
        """The key of the host to suggest: what is confirmed before what is not, TLS first."""
        offered = [key for key in ("smtps", "starttls") if getattr(self, key) is not None]
        return min(offered, key=lambda key: key in self.unconfirmed, default=None)

    def is_confirmed(self, *, by_mx: bool = False) -> bool:
        """Whether the host of :meth:`preferred_server` is, and the MX record that led to it."""
        mx_is_unsure = by_mx and "mx" in self.unconfirmed
        return self._preferred not in self.unconfirmed and not mx_is_unsure

    @property
    def only_starttls(self) -> bool:
        """Whether the only way in is STARTTLS."""
        unknown = "smtps" in self.unconfirmed
        return self.smtps is None and self.starttls is not None and not unknown

    def needs(self, note: ProviderNote) -> bool:
        """Whether ``note`` is confirmed for this provider."""
        return note in self.notes and note not in self.unconfirmed

    def offers_smtps(self, host: str) -> bool:
        """Whether ``host`` is confirmed to be encrypted from the first byte on port 465."""
        return host.lower() == self.smtps and "smtps" not in self.unconfirmed

    def user_of(self, address: str) -> str | None:
        """Return the SMTP user name for ``address``; None if it cannot be derived."""
        match self.user:
            case UserNameForm.ADDRESS:
                return address
            case UserNameForm.LOCAL_PART:
                return address.rpartition("@")[0]
            case UserNameForm.FIXED:
                return self.fixed_user
            case UserNameForm.LOGIN:
                return None

    def join_app_password(self, text: str) -> str:
        """Return an app password without the blanks it is displayed with; any other as it is."""
        joined = "".join(text.split())
        return joined if self._has_letters_of_app_password(joined) else text

    def may_be_app_password(self, text: str) -> bool:
        """Whether ``text`` has the letters of one, or it is not known how many those are."""
        return not self.app_password_letters or self._has_letters_of_app_password(text)

    def _has_letters_of_app_password(self, text: str) -> bool:
        return len(text) == self.app_password_letters and text.isascii() and text.isalpha()

    def preferred_server(self) -> Route | None:
        """Return where to connect to; None if nothing is known."""
        if self.smtps is not None and self._preferred == "smtps":
            return Route(self.smtps, 465, Security.TLS)
        if self.starttls is not None:
            return Route(self.starttls, self.starttls_ports[0], Security.STARTTLS)
        return None

    def other_ports(self) -> tuple[Route, ...]:
        """Return the ways in for machines that cannot reach the usual ports."""
        if self.starttls is None:
            return ()
        ports = [port for port in self.starttls_ports[1:] if port != 587]
        return tuple(Route(self.starttls, port, Security.STARTTLS) for port in ports)

    def at(self, host: str) -> Provider:
        """Return the provider with ``host`` filled in, where each customer has another one."""
        if _MX not in {self.smtps, self.starttls}:
            return self
        smtps, starttls = (host if each == _MX else each for each in (self.smtps, self.starttls))
        return replace(self, smtps=smtps, starttls=starttls)


def provider_by_domain(domain: str) -> Provider | None:
    """Return the provider of mail addresses at ``domain`` (lower-case ASCII)."""
    return _table().find("domains", domain)


def provider_by_mx(host: str) -> Provider | None:
    """Return the provider that receives mail on ``host``, the target of an MX record."""
    provider = _table().find("mx", host.lower())
    return None if provider is None else provider.at(host.lower())


def provider_by_host(host: str) -> Provider | None:
    """Return the provider whose host for outgoing mail is ``host``."""
    provider = _table().find("hosts", host.lower())
    return None if provider is None else provider.at(host.lower())


def known_domains() -> tuple[str, ...]:
    """Return the domains of all providers' mail addresses."""
    return tuple(domain for provider in providers() for domain in provider.domains)


def is_filter(host: str) -> bool:
    """Whether ``host``, the target of an MX record, only filters mail or forwards it."""
    return any(name in _table().filters for name in _name_and_parents(host.lower()))


def providers() -> tuple[Provider, ...]:
    """Return the whole table."""
    return _table().providers


class _Table:
    """The table, with an index of its names for every kind of name."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.providers = tuple(_provider(entry) for entry in data["provider"])
        self.filters = frozenset(data["filters"].split())
        self._index: dict[str, dict[str, Provider]] = {kind: {} for kind in _NAMES}
        for provider in self.providers:
            self._index["domains"] |= dict.fromkeys(provider.domains, provider)
            self._index["mx"] |= dict.fromkeys(provider.mx, provider)
            servers = (each for each in (provider.smtps, provider.starttls) if each != _MX)
            hosts = (*provider.hosts, *filter(None, servers))
            self._index["hosts"] |= dict.fromkeys(hosts, provider)

    def find(self, kind: str, name: str) -> Provider | None:
        """Return the provider with ``name`` or, of those above it, the longest."""
        index = self._index[kind]
        return next((index[each] for each in _name_and_parents(name) if each in index), None)


@cache
def _table() -> _Table:
    import pkgutil  # most commands never need it
    import tomllib

    data = pkgutil.get_data("wizard.discovery", "providers.toml")
    if data is None:
        raise RuntimeError("providers.toml is missing from the package")
    return _Table(tomllib.loads(data.decode()))


def _provider(entry: dict[str, Any]) -> Provider:
    entry |= {key: tuple(entry[key].split()) for key in _NAMES if key in entry}
    entry = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    entry["notes"] = tuple(ProviderNote(code) for code in entry.get("notes", ()))
    entry["user"] = UserNameForm(entry.get("user", "address"))
    return Provider(**entry)


def _name_and_parents(name: str) -> Iterator[str]:
    yield name
    while "." in name:
        name = name.partition(".")[2]
        yield name


def is_within(host: str, domain: str) -> bool:
    """Whether ``host`` is ``domain`` or a name below it."""
    return host == domain or host.endswith(f".{domain}")

"""What is known about mail providers, from the table ``providers.toml`` in this package."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from wizard.config.endpoint import Security


class UserNameForm(StrEnum):
    """What an account's user name for SMTP looks like."""

    ADDRESS = "address"
    LOCAL_PART = "local-part"
    LOGIN = "login"
    """A name or key that the provider assigns."""
    FIXED = "fixed"
    """The same for every account."""


class ProviderNote(StrEnum):
    """What an operator has to know about a provider; `sentences` has the words."""

    APP_PASSWORD = "app-password"  # noqa: S105  (these are codes)
    APP_PASSWORD_WITH_2FA = "app-password-with-2fa"  # noqa: S105
    TWO_STEP_FIRST = "two-step-first"
    AUTHORIZATION_CODE = "authorization-code"
    MAIL_PASSWORD = "mail-password"  # noqa: S105
    SMTP_MUST_BE_ENABLED = "smtp-must-be-enabled"
    ACCESS_MUST_BE_ENABLED = "access-must-be-enabled"
    BASIC_AUTH_RETIRING = "basic-auth-retiring"
    OAUTH_ONLY = "oauth-only"
    NO_SMTP = "no-smtp"
    SECRET_IS_API_KEY = "secret-is-api-key"  # noqa: S105
    SMTP_CREDENTIALS = "smtp-credentials"
    SMTP_KEY = "smtp-key"
    SMTP_TOKEN = "smtp-token"  # noqa: S105
    SERVER_TOKEN = "server-token"  # noqa: S105
    KEY_PAIR = "key-pair"
    PROJECT_ID = "project-id"
    SENDER_DOMAIN_MUST_MATCH = "sender-domain-must-match"
    MAIN_ADDRESS = "main-address"
    DOLLAR_IN_PASSWORD = "dollar-in-password"  # noqa: S105
    SANDBOX = "sandbox"
    PAID_PLANS_DIFFER = "paid-plans-differ"
    OTHER_PLANS_DIFFER = "other-plans-differ"
    CLOUD_BLOCKS_465 = "cloud-blocks-465"


_UNUSABLE = frozenset({ProviderNote.OAUTH_ONLY, ProviderNote.NO_SMTP})


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. ``smtps`` and ``starttls`` are host names, None where not offered."""

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
    user: UserNameForm = UserNameForm.ADDRESS
    fixed_user: str | None = None
    notes: tuple[ProviderNote, ...] = ()
    app_password_at: str | None = None
    """The page where an app password is made, or that tells how."""
    two_step_at: str | None = None
    """The page where 2-step verification is switched on."""
    app_password_letters: int = 0
    """How many letters an app password has that is displayed with blanks in it."""
    unconfirmed: tuple[str, ...] = ()
    """Fields and notes that nobody has confirmed."""

    @property
    def usable(self) -> bool:
        """Whether the server can send mails through this provider at all."""
        return _UNUSABLE.isdisjoint(self.notes)

    @property
    def host_is_confirmed(self) -> bool:
        """Whether the host of :meth:`preferred_server` is confirmed."""
        return ("smtps" if self.smtps else "starttls") not in self.unconfirmed

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
        is_one = len(joined) == self.app_password_letters and joined.isascii() and joined.isalpha()
        return joined if is_one else text

    def preferred_server(self) -> tuple[str, Security] | None:
        """Return host and encryption, preferring TLS; None if neither is known."""
        if self.smtps is not None:
            return self.smtps, Security.TLS
        return None if self.starttls is None else (self.starttls, Security.STARTTLS)


def provider_by_domain(domain: str) -> Provider | None:
    """Return the provider of mail addresses at ``domain`` (lower-case ASCII)."""
    return _longest((name, p) for p in providers() for name in p.domains if is_within(domain, name))


def provider_by_mx(host: str) -> Provider | None:
    """Return the provider that receives mail on ``host``, the target of an MX record."""
    host = host.lower()
    return _longest((name, p) for p in providers() for name in p.mx if is_within(host, name))


def provider_by_host(host: str) -> Provider | None:
    """Return the provider whose host for outgoing mail is ``host``."""
    host = host.lower()
    return _longest(
        (name, p)
        for p in providers()
        for name in (*p.hosts, p.smtps, p.starttls)
        if name is not None and is_within(host, name)
    )


@cache
def providers() -> tuple[Provider, ...]:
    """Return the whole table."""
    import pkgutil  # most commands never need it
    import tomllib

    data = pkgutil.get_data("wizard.discovery", "providers.toml")
    if data is None:
        raise RuntimeError("providers.toml is missing from the package")
    return tuple(_provider(entry) for entry in tomllib.loads(data.decode())["provider"])


def _provider(entry: dict[str, Any]) -> Provider:
    entry = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    entry["notes"] = tuple(ProviderNote(code) for code in entry.get("notes", ()))
    entry["user"] = UserNameForm(entry.get("user", "address"))
    return Provider(**entry)


def is_within(host: str, domain: str) -> bool:
    """Whether ``host`` is ``domain`` or a name below it."""
    return host == domain or host.endswith(f".{domain}")


def _longest(matches: Iterable[tuple[str, Provider]]) -> Provider | None:
    return max(matches, key=lambda match: len(match[0]), default=(None, None))[1]

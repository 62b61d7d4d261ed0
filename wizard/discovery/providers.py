"""What is known about single mail providers: a table in ``providers.toml``, read once.

The table is part of the program, like a module: reading it depends on nothing of this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from wizard.config.settings import Security


class UserNameForm(StrEnum):
    """What an account's user name for SMTP looks like."""

    ADDRESS = "address"
    LOCAL_PART = "local-part"
    LOGIN = "login"
    """A name, or a key, that the provider makes."""
    FIXED = "fixed"
    """The same for every account."""


class ProviderNote(StrEnum):
    """What an operator has to know about a provider. Sentences belong to whoever shows them."""

    APP_PASSWORD = "app-password"  # noqa: S105  (these are codes)
    APP_PASSWORD_WITH_2FA = "app-password-with-2fa"  # noqa: S105
    TWO_STEP_FIRST = "two-step-first"
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


_CANNOT_BE_USED = frozenset({ProviderNote.OAUTH_ONLY, ProviderNote.NO_SMTP})


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
    specials: tuple[ProviderNote, ...] = ()
    unsure: tuple[str, ...] = ()
    """Names of fields and codes of specials that nobody has confirmed."""

    @property
    def usable(self) -> bool:
        """Whether the server can send mails through this provider at all."""
        return _CANNOT_BE_USED.isdisjoint(self.specials)

    @property
    def only_starttls(self) -> bool:
        """Whether the only way in is STARTTLS."""
        unknown = "smtps" in self.unsure
        return self.smtps is None and self.starttls is not None and not unknown

    def needs(self, special: ProviderNote) -> bool:
        """Whether ``special`` is known of this provider, and not only supposed."""
        return special in self.specials and special not in self.unsure

    def offers_smtps(self, host: str) -> bool:
        """Whether ``host`` is known to be encrypted from the first byte on port 465."""
        return host.lower() == self.smtps and "smtps" not in self.unsure

    def user_of(self, address: str) -> str | None:
        """Return the user name for SMTP of ``address``; None where nobody can tell."""
        match self.user:
            case UserNameForm.ADDRESS:
                return address
            case UserNameForm.LOCAL_PART:
                return address.rpartition("@")[0]
            case UserNameForm.FIXED:
                return self.fixed_user
            case UserNameForm.LOGIN:
                return None

    def way_in(self) -> tuple[str, Security] | None:
        """Return host and encryption, the better where there are two; None where unknown."""
        if self.smtps is not None:
            return self.smtps, Security.TLS
        return None if self.starttls is None else (self.starttls, Security.STARTTLS)


def provider_by_domain(domain: str) -> Provider | None:
    """Return the provider of mail addresses at ``domain``, which is in lower-case ASCII."""
    return _longest((name, p) for p in providers() for name in p.domains if _below(domain, name))


def provider_by_mx(host: str) -> Provider | None:
    """Return the provider that receives mails on ``host``, which a domain's MX record names."""
    host = host.lower()
    return _longest((name, p) for p in providers() for name in p.mx if _below(host, name))


def provider_by_host(host: str) -> Provider | None:
    """Return the provider that takes mails on ``host``."""
    host = host.lower()
    return _longest(
        (name, p)
        for p in providers()
        for name in (*p.hosts, p.smtps, p.starttls)
        if name is not None and _below(host, name)
    )


@cache
def providers() -> tuple[Provider, ...]:
    """Return the whole table."""
    import pkgutil  # most commands never ask
    import tomllib

    data = pkgutil.get_data("wizard.discovery", "providers.toml")
    if data is None:
        raise RuntimeError("providers.toml is not where the package is")
    return tuple(_provider(entry) for entry in tomllib.loads(data.decode())["provider"])


def _provider(entry: dict[str, Any]) -> Provider:
    entry = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    entry["specials"] = tuple(ProviderNote(code) for code in entry.get("specials", ()))
    entry["user"] = UserNameForm(entry.get("user", "address"))
    return Provider(**entry)


def _below(name: str, parent: str) -> bool:
    return name == parent or name.endswith(f".{parent}")


def _longest(matches: Iterable[tuple[str, Provider]]) -> Provider | None:
    return max(matches, key=lambda match: len(match[0]), default=(None, None))[1]

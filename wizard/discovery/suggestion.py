"""What discovery finds: suggestions, each with its source, in the order of trust.

The domain of a mail address, in the form that the DNS has.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from wizard.config.settings import Endpoint, Route
from wizard.errors import InvalidValue
from wizard.text.language import _


class DiscoverySource(StrEnum):
    """Where a suggestion comes from, the most trustworthy first."""

    DOMAIN = "domain"
    """The provider is known by the domain of the address."""
    MX = "mx"
    """The provider is known by the host that receives the domain's mails."""
    SRV = "srv"
    """The domain names the server in its DNS (RFC 6186, RFC 8314)."""
    AUTOCONFIG = "autoconfig"
    """The domain publishes settings for mail programs."""
    GUESS = "guess"
    """A host with a usual name accepts connections."""

    @property
    def rank(self) -> int:
        """0 for the most trustworthy."""
        return list(DiscoverySource).index(self)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to send mails, in the form that the server can use; sentences are printable.

    ``endpoint`` and ``starttls`` are the values of config.toml. ``endpoint`` is empty, and
    ``usable`` false, where there is no way at all.
    """

    source: DiscoverySource
    words: str
    """Where it comes from, as a sentence."""
    endpoint: str = ""
    starttls: bool = False
    user: str | None = None
    """None where nobody says: keep what is there."""
    provider: str | None = None
    """The provider's name, where it is known."""
    specials: tuple[str, ...] = ()
    """Sentences on what to know or do; where ``usable`` is false, the first ones say why."""
    usable: bool = True

    @property
    def route(self) -> Route | None:
        """Where the server would connect to."""
        return Endpoint.parse(self.endpoint).route(self.starttls) if self.endpoint else None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source has to say."""

    suggestions: tuple[Suggestion, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences on what was found and cannot be used, or could not be asked."""


@dataclass(frozen=True, slots=True)
class SearchState:
    """The whole picture so far. ``pending`` is empty in the last one."""

    domain: str
    suggestions: tuple[Suggestion, ...] = ()
    """Best first."""
    pending: tuple[DiscoverySource, ...] = ()
    """The sources that have not answered yet."""
    remarks: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more follows."""
        return not self.pending

    @property
    def settled(self) -> tuple[Suggestion, ...]:
        """The suggestions that nothing better can come before any more.

        From one picture to the next this only grows at its end: fit to be numbered.
        """
        pending = min((source.rank for source in self.pending), default=len(DiscoverySource))
        return tuple(each for each in self.suggestions if each.source.rank < pending)

    @property
    def best(self) -> Suggestion | None:
        """The most trustworthy suggestion that the server can use."""
        return next((found for found in self.suggestions if found.usable), None)


def ranked_suggestions(found: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Order suggestions by trust; of those with the same values only the best stays.

    It takes over the user name from another one where it has none itself. Guesses are left out
    where anybody knows better.
    """
    best: dict[tuple[str, bool], Suggestion] = {}
    for suggestion in sorted(found, key=lambda each: each.source.rank):
        values = suggestion.endpoint, suggestion.starttls
        known = best.setdefault(values, suggestion)
        if known.user is None and suggestion.user is not None:
            best[values] = replace(known, user=suggestion.user)
    known_better = any(each.source is not DiscoverySource.GUESS for each in best.values())
    return tuple(
        each
        for each in best.values()
        if each.source is not DiscoverySource.GUESS or not known_better
    )


def domain_of(address: str) -> str:
    """Return the domain in lower-case ASCII; raise :class:`InvalidValue` if there is none."""
    _local, at, text = address.rpartition("@")
    if not at:
        raise InvalidValue(
            "domain-missing",
            _("This is not a mail address, so there is no domain to look at."),
            _("Enter the mail server by hand."),
        )
    domain = as_host(text)
    if domain is None:
        raise InvalidValue(
            "domain-invalid",
            _("What stands behind the @ is not a domain on the internet."),
            _("Correct the mail address, or enter the mail server by hand."),
        )
    return domain


def as_host(text: str) -> str | None:
    """Return ``text`` as a host name on the internet in lower-case ASCII, None if it is none.

    An IP address is none, nor is a name of one label: nobody outside of a machine or a container
    network can mean the same by it.
    """
    if len(text) > 253:
        return None
    try:
        name = text.lower() if text.isascii() else _in_ascii(text)
        Endpoint.parse(name)
    except (UnicodeError, InvalidValue):
        return None
    if "." not in name or "://" in name or name.endswith(".localhost") or _is_address(name):
        return None
    return name


def _in_ascii(text: str) -> str:
    """Return the form that the DNS has; raise :class:`UnicodeError` where there is none."""
    import idna  # most names need none of it

    return idna.encode(text, uts46=True).decode("ascii")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_within(host: str, domain: str) -> bool:
    """Whether ``host`` is ``domain`` or a name below it."""
    return host == domain or host.endswith(f".{domain}")

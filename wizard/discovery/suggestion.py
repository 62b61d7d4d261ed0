"""What discovery finds: suggestions, each with its source, the most trustworthy first."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from wizard.config.endpoint import Endpoint, Route
from wizard.errors import InvalidValue
from wizard.text.language import _


class DiscoverySource(StrEnum):
    """Where a suggestion comes from, the most trustworthy source first."""

    DOMAIN = "domain"
    """The provider is known by the domain of the address."""
    MX = "mx"
    """The provider is known by the host that receives the domain's mail."""
    SRV = "srv"
    """The domain names the server in its DNS (RFC 6186, RFC 8314)."""
    AUTOCONFIG = "autoconfig"
    """The domain publishes settings for mail programs."""
    DIRECTORY = "directory"
    """Mozilla's directory lists the domain; asked only on request, since it learns the domain."""
    GUESS = "guess"
    """A host with a usual name accepts connections."""

    @property
    def rank(self) -> int:
        """0 for the most trustworthy."""
        return list(DiscoverySource).index(self)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to send mail, in a form that the server can use; sentences are printable.

    ``endpoint`` and ``starttls`` are values for config.toml. If there is no way at all,
    ``endpoint`` is empty and ``usable`` false.
    """

    source: DiscoverySource
    origin: str
    """Where it comes from, as a sentence."""
    endpoint: str = ""
    starttls: bool = False
    user: str | None = None
    """None if unknown: what is set stays."""
    provider: str | None = None
    """The provider's name, if it is known."""
    notes: tuple[str, ...] = ()
    """Sentences about what to know or do; if ``usable`` is false, the first ones say why."""
    usable: bool = True
    safe: bool = False
    """Whether it may be filled in without asking: the wizard's own list names a confirmed host, or
    the domain names one of its own, which TLS then proves. Everything else is only offered."""

    @property
    def route(self) -> Route | None:
        """Where the server would connect to."""
        return Endpoint.parse(self.endpoint).route(self.starttls) if self.endpoint else None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source has found."""

    suggestions: tuple[Suggestion, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences about what cannot be used, and about who could not be asked."""


@dataclass(frozen=True, slots=True)
class SearchState:
    """Everything that is known so far; in the last state, ``pending`` is empty."""

    domain: str
    suggestions: tuple[Suggestion, ...] = ()
    """Best first."""
    pending: tuple[DiscoverySource, ...] = ()
    """Sources that have not answered yet."""
    remarks: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether this is the last state."""
        return not self.pending

    @property
    def settled(self) -> tuple[Suggestion, ...]:
        """The suggestions that nothing better can come before any more.

        From one state to the next it only grows at its end, so they can be numbered.
        """
        pending = min((source.rank for source in self.pending), default=len(DiscoverySource))
        return tuple(each for each in self.suggestions if each.source.rank < pending)

    @property
    def best(self) -> Suggestion | None:
        """The most trustworthy suggestion that the server can use."""
        return next((found for found in self.suggestions if found.usable), None)


def ranked_suggestions(found: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Order suggestions by trust, and keep the best of those with the same values.

    If it has no user name, it takes that of another one. Guesses are dropped if any other source
    has an answer.
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
            _("What follows the @ is not a domain on the internet."),
            _("Correct the mail address, or enter the mail server by hand."),
        )
    return domain


def as_host(text: str) -> str | None:
    """Return ``text`` as a public host name in lower-case ASCII, or None if it is not one.

    An IP address is not one, nor is a name of a single label: it means something else on every
    machine and in every container network.
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
    """Return the form used in the DNS; raise :class:`UnicodeError` if there is none."""
    import idna  # most names do not need it

    return idna.encode(text, uts46=True).decode("ascii")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

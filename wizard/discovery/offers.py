"""Suggestions made of what is known about a provider, or of the servers that a source names."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.config.endpoint import SCHEME, Endpoint, Route, Security
from wizard.discovery import guide, sentences
from wizard.discovery.providers import (
    Provider,
    is_within,
    provider_by_domain,
    provider_by_host,
)
from wizard.discovery.suggestion import DiscoverySource, SourceResult, Suggestion, domain_of
from wizard.errors import InvalidValue


def suggest_by_domain(address: str) -> Suggestion | None:
    """Return what is known about the provider of ``address`` from its domain alone.

    This needs no network and takes any text, so it can be called while the operator types.
    """
    try:
        domain = domain_of(address)
    except InvalidValue:
        return None
    provider = provider_by_domain(domain)
    if provider is None:
        return None
    return suggestion_from_provider(
        provider, address, DiscoverySource.DOMAIN, sentences.known_by_domain(provider)
    )


def notes_on_endpoint(endpoint: str) -> tuple[str, ...]:
    """Return what to know about the provider whose host ``endpoint`` names; takes any text."""
    provider = _provider_at(endpoint)
    return () if provider is None else guide.notes_on_provider(provider)


def hint_about_secret(endpoint: str) -> str:
    """Return in a few words which secret the provider wants at ``endpoint``, or nothing."""
    provider = _provider_at(endpoint)
    return "" if provider is None else guide.hint(provider)


def guide_to_secret(endpoint: str) -> guide.Guide | None:
    """Return how to get the secret for ``endpoint``; None where the password simply is the one."""
    provider = _provider_at(endpoint)
    return None if provider is None else guide.guide(provider)


def join_app_password(endpoint: str, text: str) -> str:
    """Return ``text`` without the blanks in which the provider displays its app passwords."""
    provider = _provider_at(endpoint)
    return text if provider is None else provider.join_app_password(text)


def doubt_about_secret(endpoint: str, text: str) -> str:
    """Say that ``text`` does not look like the app password that is wanted; empty if it may be."""
    provider = _provider_at(endpoint)
    if provider is None or provider.may_be_app_password(text):
        return ""
    return sentences.not_an_app_password(provider)


def suggestion_from_provider(
    provider: Provider, address: str, source: DiscoverySource, origin: str
) -> Suggestion:
    """Return the settings for ``address`` at ``provider``."""
    route = provider.preferred_server()
    endpoint, starttls = (_settings_for(route) if route is not None else None) or ("", False)
    usable = provider.usable and bool(endpoint)
    return Suggestion(
        source,
        origin,
        endpoint,
        starttls,
        user=provider.user_of(address),
        provider=provider.name,
        notes=guide.notes_on_provider(provider),
        usable=usable,
        safe=usable and provider.is_confirmed(by_mx=source is DiscoverySource.MX),
    )


def _provider_at(endpoint: str) -> Provider | None:
    try:
        return provider_by_host(Endpoint.parse(endpoint).route(starttls=False).host)
    except InvalidValue:
        return None


_NAMED_BY_DOMAIN = frozenset({DiscoverySource.SRV, DiscoverySource.AUTOCONFIG})
"""Sources in which the domain itself speaks."""


@dataclass(frozen=True, slots=True)
class AdvertisedServer:
    """A server that a source names; the host name in ``route`` has been checked."""

    route: Route
    user: str | None = None
    takes_password: bool = True


def suggestions_from(
    source: DiscoverySource, domain: str, origin: str, servers: list[AdvertisedServer]
) -> SourceResult:
    """Turn what BOMnipotent Server can use into suggestions, and the rest into remarks."""
    suggestions: list[Suggestion] = []
    remarks: list[str] = []
    for server in servers:
        settings = _settings_for(server.route)
        if settings is None:
            remarks.append(sentences.out_of_reach(source, server.route))
            continue
        suggestions.append(_suggestion(source, domain, origin, server, settings))
    return SourceResult(tuple(suggestions), tuple(remarks))


def _settings_for(route: Route) -> tuple[str, bool] | None:
    """Return the endpoint and starttls that lead exactly to ``route``; None if nothing does."""
    for text in (route.host, f"{SCHEME}{route.host}:{route.port}?tls=required"):
        for starttls in (False, True):
            reached = Endpoint.parse(text).route(starttls)
            if reached == route and reached.security is not Security.NONE:
                return text, starttls
    return None


def _suggestion(
    source: DiscoverySource,
    domain: str,
    origin: str,
    server: AdvertisedServer,
    settings: tuple[str, bool],
) -> Suggestion:
    host = server.route.host
    provider = provider_by_host(host)
    usable = server.takes_password and (provider is None or provider.usable)
    own = source in _NAMED_BY_DOMAIN and is_within(host, domain)
    said = [] if server.takes_password else [sentences.no_password_login(source, host)]
    if provider is not None:
        said += guide.notes_on_provider(provider)
    elif not is_within(host, domain):
        said.append(sentences.outside(domain))
    return Suggestion(
        source,
        origin,
        *settings,
        user=server.user,
        provider=None if provider is None else provider.name,
        notes=tuple(said),
        usable=usable,
        safe=usable and own,
    )

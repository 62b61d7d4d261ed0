"""Suggestions from the table of providers, which need no network."""

from __future__ import annotations

from wizard.config.settings import Endpoint, Security
from wizard.discovery import providers, sentences
from wizard.discovery.domain import domain_of
from wizard.discovery.providers import Provider
from wizard.discovery.suggestion import Source, Suggestion
from wizard.errors import InvalidValue


def recognise(address: str) -> Suggestion | None:
    """Return what is known about the provider of ``address`` by its domain alone.

    For a word while the operator types: nothing is asked, and any text will do.
    """
    try:
        domain = domain_of(address)
    except InvalidValue:
        return None
    provider = providers.by_domain(domain)
    if provider is None:
        return None
    return of_provider(
        provider, address, Source.DOMAIN, sentences.known_by_domain(provider, domain)
    )


def about(endpoint: str) -> tuple[str, ...]:
    """Return what to know about the provider whose host ``endpoint`` names; any text will do."""
    provider = _at(endpoint)
    return () if provider is None else sentences.specials_of(provider)


def about_secret(endpoint: str) -> tuple[str, ...]:
    """Return of that what concerns the secret: which one it has to be, and where it comes from."""
    provider = _at(endpoint)
    return () if provider is None else sentences.secret_specials_of(provider)


def of_provider(provider: Provider, address: str, source: Source, sentence: str) -> Suggestion:
    """Return the settings for ``address`` at ``provider``."""
    host, security = provider.way_in() or ("", Security.TLS)
    return Suggestion(
        source,
        sentence,
        host,
        security is Security.STARTTLS,
        user=provider.user_of(address),
        provider=provider.name,
        specials=sentences.specials_of(provider),
        usable=provider.usable and bool(host),
    )


def _at(endpoint: str) -> Provider | None:
    try:
        return providers.by_host(Endpoint.parse(endpoint).route(starttls=False).host)
    except InvalidValue:
        return None

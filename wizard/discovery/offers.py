"""A server that somebody names, and the form in which BOMnipotent Server can use it.

Suggestions from the table of providers, which need no network.
"""

from __future__ import annotations

from dataclasses import dataclass

from wizard.config.settings import SCHEME, Endpoint, Route, Security
from wizard.discovery import sentences
from wizard.discovery.providers import Provider, provider_by_domain, provider_by_host
from wizard.discovery.sentences import no_password_login
from wizard.discovery.suggestion import (
    DiscoverySource,
    SourceResult,
    Suggestion,
    domain_of,
    is_within,
)
from wizard.errors import InvalidValue


def suggest_by_domain(address: str) -> Suggestion | None:
    """Return what is known about the provider of ``address`` by its domain alone.

    For a word while the operator types: nothing is asked, and any text will do.
    """
    try:
        domain = domain_of(address)
    except InvalidValue:
        return None
    provider = provider_by_domain(domain)
    if provider is None:
        return None
    return of_provider(
        provider, address, DiscoverySource.DOMAIN, sentences.known_by_domain(provider, domain)
    )


def notes_on_endpoint(endpoint: str) -> tuple[str, ...]:
    """Return what to know about the provider whose host ``endpoint`` names; any text will do."""
    provider = _at(endpoint)
    return () if provider is None else sentences.specials_of(provider)


def notes_on_secret(endpoint: str) -> tuple[str, ...]:
    """Return of that what concerns the secret: which one it has to be, and where it comes from."""
    provider = _at(endpoint)
    return () if provider is None else sentences.secret_specials_of(provider)


def of_provider(
    provider: Provider, address: str, source: DiscoverySource, sentence: str
) -> Suggestion:
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
        return provider_by_host(Endpoint.parse(endpoint).route(starttls=False).host)
    except InvalidValue:
        return None


@dataclass(frozen=True, slots=True)
class AdvertisedServer:
    """``route`` leads to a checked host name; ``password`` says that it takes logins by one."""

    route: Route
    user: str | None = None
    password: bool = True


def suggestions_from(
    source: DiscoverySource, domain: str, sentence: str, offers: list[AdvertisedServer]
) -> SourceResult:
    """Make suggestions of the offers that the server can use, and remarks of the others."""
    suggestions: list[Suggestion] = []
    remarks: list[str] = []
    for offer in offers:
        form = _form(offer.route)
        if form is None:
            remarks.append(sentences.out_of_reach(source, offer.route))
            continue
        suggestions.append(_suggestion(source, domain, sentence, offer, form))
    return SourceResult(tuple(suggestions), tuple(remarks))


def _form(route: Route) -> tuple[str, bool] | None:
    """Return endpoint and starttls that lead exactly to ``route``; None where nothing does."""
    for text in (route.host, f"{SCHEME}{route.host}:{route.port}?tls=required"):
        for starttls in (False, True):
            reached = Endpoint.parse(text).route(starttls)
            if reached == route and reached.security is not Security.NONE:
                return text, starttls
    return None


def _suggestion(
    source: DiscoverySource,
    domain: str,
    sentence: str,
    offer: AdvertisedServer,
    form: tuple[str, bool],
) -> Suggestion:
    host = offer.route.host
    provider = provider_by_host(host)
    specials = [] if offer.password else [no_password_login(source, host)]
    if provider is not None:
        specials += sentences.specials_of(provider)
    elif not is_within(host, domain):
        specials.append(sentences.outside(host, domain))
    return Suggestion(
        source,
        sentence,
        *form,
        user=offer.user,
        provider=None if provider is None else provider.name,
        specials=tuple(specials),
        usable=offer.password and (provider is None or provider.usable),
    )

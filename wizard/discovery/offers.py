"""A server that somebody names, and the form in which BOMnipotent Server can use it."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.config.settings import SCHEME, Endpoint, Route, Security
from wizard.discovery import providers, sentences
from wizard.discovery.domain import within
from wizard.discovery.suggestion import Answer, Source, Suggestion


@dataclass(frozen=True, slots=True)
class Offer:
    """``route`` leads to a checked host name; ``password`` says that it takes logins by one."""

    route: Route
    user: str | None = None
    password: bool = True


def answer(source: Source, domain: str, sentence: str, offers: list[Offer]) -> Answer:
    """Make suggestions of the offers that the server can use, and remarks of the others."""
    suggestions: list[Suggestion] = []
    remarks: list[str] = []
    for offer in offers:
        form = _form(offer.route)
        if form is None:
            remarks.append(sentences.out_of_reach(source, offer.route))
            continue
        suggestions.append(_suggestion(source, domain, sentence, offer, form))
    return Answer(tuple(suggestions), tuple(remarks))


def _form(route: Route) -> tuple[str, bool] | None:
    """Return endpoint and starttls that lead exactly to ``route``; None where nothing does."""
    for text in (route.host, f"{SCHEME}{route.host}:{route.port}?tls=required"):
        for starttls in (False, True):
            reached = Endpoint.parse(text).route(starttls)
            if reached == route and reached.security is not Security.NONE:
                return text, starttls
    return None


def _suggestion(
    source: Source, domain: str, sentence: str, offer: Offer, form: tuple[str, bool]
) -> Suggestion:
    host = offer.route.host
    provider = providers.by_host(host)
    specials = [] if offer.password else [sentences.no_login(source, host)]
    if provider is not None:
        specials += sentences.specials_of(provider)
    elif not within(host, domain):
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

"""Fourth step: the mail server, suggestions for it, and how the connection is encrypted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from wizard.config.draft import Draft
from wizard.config.endpoint import SCHEME, Endpoint, Security
from wizard.discovery.offers import notes_on_endpoint
from wizard.discovery.sentences import search_status
from wizard.discovery.suggestion import SearchState, Suggestion
from wizard.errors import InvalidValue
from wizard.formats.variables import expand
from wizard.text.language import N_, _
from wizard.ui.steps.mail_server_search import MailServerSearch
from wizard.ui.steps.model import (
    Choice,
    ChoiceOption,
    Heading,
    Part,
    Step,
    StepForm,
    TextBlock,
    TextInput,
    Values,
)


class MailServerStep(StepForm):
    """The endpoint, the encryption, and a sentence about the connection they lead to."""

    HEADING = Heading(
        Step.SERVER,
        N_("Which mail server takes the mails?"),
        N_(
            "The host name of your provider's server for outgoing mail, often smtp.example.org or "
            "mail.example.org, without a port. Your provider calls it SMTP server or outgoing mail "
            "server.\n\n"
            "SMTPS encrypts from the first byte, on port 465. Choose it wherever the mail server "
            "offers it. STARTTLS begins in clear text on port 587 and encrypts before the login; "
            "the server insists on it.\n\n"
            "A local relay is written smtp://host:port, for example smtp://localhost:2500. The "
            "server then connects without encryption; append ?tls=required for STARTTLS.\n\n"
            "To suggest a mail server, the wizard looks into its own list of providers first, "
            "without any network. For other domains it asks the DNS and, by HTTPS, the domain's "
            "own web servers, and connects to smtp. and mail. in front of it. Of your address only "
            "the domain leaves this machine. Started with --no-lookup, the wizard asks nobody. "
            "Whatever it finds, you decide, and every field can be changed."
        ),
    )
    FIELDS = ("endpoint", "starttls")

    def values(self) -> Values:
        """Return both fields."""
        return {"endpoint": self.start.endpoint, "starttls": bool(self.start.starttls)}

    def parts(self, values: Values) -> Sequence[Part]:
        """Return the field, the choice if it has any effect, and the connection they lead to."""
        draft = self.draft(values)
        suggestions = self._suggestions(values["endpoint"])
        has_choice = not draft.endpoint.lower().startswith(SCHEME)
        encryption = (
            ChoiceOption(_("SMTPS: encrypted from the first byte, port 465 (best)"), False),
            ChoiceOption(_("STARTTLS: encrypted before the login, port 587"), True),
        )
        return [
            TextInput(
                "endpoint",
                _("Mail server (host name)"),
                _("for example mail.example.org"),
                guidance=suggestions.text,
                offers=suggestions.offers,
            ),
            Choice("starttls", encryption, _("Encryption"), has_choice),
            TextBlock(self._route(draft), "route"),
        ]

    async def wait_for_options(self) -> None:
        """Wait for the first suggestion, or until it is certain that there is none."""
        async with aclosing(self.session.discovery.updates()) as updates:
            async for _update in updates:
                if not self.waiting_message():
                    return

    async def updates(self) -> AsyncGenerator[None, None]:
        """Follow the search."""
        async for _update in self.session.discovery.updates():
            yield

    def waiting_message(self) -> str:
        """Say what is being searched for, until there is a first suggestion."""
        return search_message(self.session.discovery)

    def stop_waiting(self) -> None:
        """Stop the search."""
        self.session.discovery.stop()

    def draft(self, values: Values) -> Draft:
        """Return the draft with both; the scheme in lower case, as the server wants it."""
        text = values["endpoint"]
        if text[: len(SCHEME)].lower() == SCHEME:
            text = SCHEME + text[len(SCHEME) :]
        return replace(self.start, endpoint=text, starttls=values["starttls"])

    def _suggestions(self, endpoint: str) -> Suggestions:
        session = self.session
        return suggestions_for(
            session.discovery,
            session.expanded(self.start.user),
            session.expanded(endpoint),
            stored=bool(self.start.endpoint),
        )

    def _route(self, draft: Draft) -> str:
        try:
            text = expand(draft.endpoint, self.session.current.lookup)
            return Endpoint.parse(text).route(bool(draft.starttls)).as_sentence()
        except InvalidValue:
            return ""  # the field says so once the operator leaves it


_MAX_OFFERS = 3
_OFFERS = {
    Security.TLS: N_("{number} {endpoint}, port {port}, SMTPS"),
    Security.STARTTLS: N_("{number} {endpoint}, port {port}, STARTTLS"),
    Security.NONE: N_("{number} {endpoint}, port {port}, not encrypted"),
}
_HOW = {
    (True, True): N_("Enter takes it over; or type another host name."),
    (True, False): N_("Enter takes over 1; or type a number, or another host name."),
    (False, True): N_("To take it over, type 1 instead."),
    (False, False): N_("To take one over, type its number instead."),
}
"""(whether the field is empty, whether there is only one offer) → how to accept one."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Text about the suggestions, and the values that each number, from 1 on, stands for."""

    text: str = ""
    offers: tuple[Values, ...] = ()


def suggestions_for(
    discovery: MailServerSearch, user: str, endpoint: str, *, stored: bool
) -> Suggestions:
    """Return the suggestions that suit the ``endpoint`` in the field.

    If an endpoint is ``stored`` already, only better ones are mentioned: neither the search itself
    nor its failure.
    """
    state = discovery.state
    settled = () if state is None else state.settled
    best = _best_of_each_host(settled)
    for suggestion in best:
        if suggestion.endpoint == endpoint:
            return Suggestions(_sentences(suggestion, user))
    offered = best[:_MAX_OFFERS]
    lines = [" ".join(notes_on_endpoint(endpoint)), *_offers(offered, user, typed=bool(endpoint))]
    if state is not None and not offered and not stored:
        searching = discovery.searching
        lines.append(_progress(state, discovery.elapsed) if searching else _no_result(state))
    values = tuple({"endpoint": each.endpoint, "starttls": each.starttls} for each in offered)
    return Suggestions("\n".join(filter(None, lines)), values)


def search_message(discovery: MailServerSearch) -> str:
    """Say what is being searched for; nothing once there is a suggestion."""
    state = discovery.state
    if state is None or state.finished or state.settled:
        return ""
    return _(
        "Looking for the mail server of {domain}, {seconds:.0f} s at most.",
        domain=state.domain,
        seconds=discovery.seconds,
    )


def unusable_provider(suggestion: Suggestion) -> str:
    """Say why nothing can be sent through a provider."""
    return f"! {suggestion.origin} {' '.join(suggestion.notes)}"


def _best_of_each_host(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Leave out a suggestion that differs from a better one only in encryption, chosen below."""
    best: dict[str, Suggestion] = {}
    for suggestion in suggestions:
        if suggestion.usable:
            best.setdefault(suggestion.endpoint, suggestion)
    return list(best.values())


def _offers(offered: Sequence[Suggestion], user: str, *, typed: bool) -> list[str]:
    """List the offers, say how to accept one, and only then where each comes from."""
    if not offered:
        return []
    alone = len(offered) == 1
    lines = [_offer(number, each) for number, each in enumerate(offered, 1)]
    lines.append(_(_HOW[not typed, alone]))
    for number, each in enumerate(offered, 1):
        sentences = _sentences(each, user)
        lines.append(sentences if alone else f"{number}: {sentences}")
    return lines


def _offer(number: int, suggestion: Suggestion) -> str:
    route = suggestion.route
    if route is None:
        return ""
    return _(_OFFERS[route.security], number=number, endpoint=suggestion.endpoint, port=route.port)


def _sentences(suggestion: Suggestion, user: str) -> str:
    """Say where a suggestion comes from and what to know about it."""
    sentences = [suggestion.origin, *suggestion.notes]
    if suggestion.user not in (None, user):
        sentences.append(
            _(
                "The user there is {theirs}, not {yours}: go back to change it.",
                theirs=suggestion.user,
                yours=user,
            )
        )
    return " ".join(sentences)


def _progress(state: SearchState, elapsed: float) -> str:
    return _(
        "Looking for the mail server of {domain} … {seconds:.0f} s",
        domain=state.domain,
        seconds=elapsed,
    )


def _no_result(state: SearchState) -> str:
    """Say why there is nothing to accept."""
    unusable = [unusable_provider(each) for each in state.suggestions if not each.usable]
    return "\n".join(unusable or [*state.remarks, search_status(state)])

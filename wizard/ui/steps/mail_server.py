"""Fourth step: the mail server, what is suggested for it, and how the connection is encrypted."""

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
from wizard.ui.steps.live_test import route_in_words
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
    """The endpoint, the encryption, and in words what the server will do with them."""

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
        """Both fields."""
        return {"endpoint": self.start.endpoint, "starttls": bool(self.start.starttls)}

    def parts(self, values: Values) -> Sequence[Part]:
        """The field, the choice where it has any effect, the consequence."""
        draft = self.draft(values)
        suggested = self._suggestions(values["endpoint"])
        chooses = not draft.endpoint.lower().startswith(SCHEME)
        encryption = (
            ChoiceOption(_("SMTPS: encrypted from the first byte, port 465 (best)"), False),
            ChoiceOption(_("STARTTLS: encrypted before the login, port 587"), True),
        )
        return [
            TextInput(
                "endpoint",
                _("Mail server (host name)"),
                _("for example mail.example.org"),
                about=suggested.text,
                offers=suggested.offers,
            ),
            Choice("starttls", encryption, _("Encryption"), chooses),
            TextBlock(self._route(draft), "route"),
        ]

    async def known(self) -> None:
        """Wait for the first suggestion, or until there is none."""
        async with aclosing(self.session.discovery.changes()) as changes:
            async for _change in changes:
                if not self.waiting():
                    return

    async def changes(self) -> AsyncGenerator[None, None]:
        """Follow the search."""
        async for _change in self.session.discovery.changes():
            yield

    def waiting(self) -> str:
        """The search, as long as it has come to nothing."""
        return waiting_message(self.session.discovery)

    def skip(self) -> None:
        """Look no further."""
        self.session.discovery.stop()

    def draft(self, values: Values) -> Draft:
        """Take both over; a scheme is written in lower case, as the server wants it."""
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
            return route_in_words(Endpoint.parse(text).route(bool(draft.starttls)))
        except InvalidValue:
            return ""  # said below the field once the operator leaves it


_MOST = 3
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
"""By whether nothing is typed, and whether there is only one."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What to read, and what each number takes over, from 1 on."""

    text: str = ""
    offers: tuple[Values, ...] = ()


def suggestions_for(
    discovery: MailServerSearch, user: str, endpoint: str, *, stored: bool
) -> Suggestions:
    """Return what fits to what stands in the field now.

    Where an ``endpoint`` was ``stored``, only better knowledge is worth a word: not the search
    itself, nor that it came to nothing.
    """
    found = discovery.found
    settled = () if found is None else found.settled
    best = _best_of_each_host(settled)
    for suggestion in best:
        if suggestion.endpoint == endpoint:
            return Suggestions(_sentences(suggestion, user))
    offered = best[:_MOST]
    lines = [" ".join(notes_on_endpoint(endpoint)), *_offers(offered, user, typed=bool(endpoint))]
    if found is not None and not offered and not stored:
        lines.append(_looking(found, discovery.waited) if discovery.looking else _nothing(found))
    values = tuple({"endpoint": each.endpoint, "starttls": each.starttls} for each in offered)
    return Suggestions("\n".join(filter(None, lines)), values)


def waiting_message(discovery: MailServerSearch) -> str:
    """Say what is worth waiting for, as a sentence; nothing where something is known already."""
    found = discovery.found
    if found is None or found.finished or found.settled:
        return ""
    return _(
        "Looking for the mail server of {domain}, {seconds:.0f} s at most.",
        domain=found.domain,
        seconds=discovery.seconds,
    )


def unusable_provider(suggestion: Suggestion) -> str:
    """Say why nothing can be sent through a provider."""
    return f"! {suggestion.origin} {' '.join(suggestion.notes)}"


def _best_of_each_host(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Leave out what differs from a better one by its encryption alone: that is chosen below."""
    best: dict[str, Suggestion] = {}
    for suggestion in found:
        if suggestion.usable:
            best.setdefault(suggestion.endpoint, suggestion)
    return list(best.values())


def _offers(offered: Sequence[Suggestion], user: str, *, typed: bool) -> list[str]:
    """List them, say how to take one over, and only then where each comes from."""
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
    """Say where it comes from and what to know about it."""
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


def _looking(found: SearchState, waited: float) -> str:
    return _(
        "Looking for the mail server of {domain} … {seconds:.0f} s",
        domain=found.domain,
        seconds=waited,
    )


def _nothing(found: SearchState) -> str:
    """Say why there is nothing to take over."""
    hopeless = [unusable_provider(each) for each in found.suggestions if not each.usable]
    return "\n".join(hopeless or [*found.remarks, search_status(found)])

"""Fourth step: the mail server and how the connection is encrypted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from wizard.config.draft import Draft
from wizard.config.settings import SCHEME, Endpoint, expand
from wizard.errors import InvalidValue
from wizard.flow.form import Form
from wizard.flow.step import Heading, Step
from wizard.text.language import N_, _
from wizard.ui.steps.live_test import route_in_words
from wizard.ui.steps.mail_server import Suggestions, suggestions, waiting
from wizard.ui.steps.model import Choice, Option, Part, Text, Values, Words


class ServerForm(Form):
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
            Option(_("SMTPS: encrypted from the first byte, port 465 (best)"), False),
            Option(_("STARTTLS: encrypted before the login, port 587"), True),
        )
        return [
            Text(
                "endpoint",
                _("Mail server (host name)"),
                _("for example mail.example.org"),
                about=suggested.text,
                offers=suggested.offers,
            ),
            Choice("starttls", encryption, _("Encryption"), chooses),
            Words(self._route(draft), "route"),
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
        return waiting(self.session.discovery)

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
        return suggestions(
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

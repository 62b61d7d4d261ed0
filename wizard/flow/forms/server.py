"""Fourth step: the mail server and how the connection is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wizard.draft import Draft
from wizard.errors import InvalidValue
from wizard.flow.form import Form
from wizard.flow.live_test import route_in_words
from wizard.flow.part import Choice, Option, Part, Text, Values, Words
from wizard.flow.step import Heading, Step
from wizard.settings import SCHEME, Endpoint, expand

_ENCRYPTION = (
    Option("SMTPS: encrypted from the first byte, port 465 (best)", False),
    Option("STARTTLS: encrypted before the login, port 587", True),
)


class ServerForm(Form):
    """The endpoint, the encryption, and in words what the server will do with them."""

    HEADING = Heading(
        Step.SERVER,
        "Which mail server takes the mails?",
        "The host name of your provider's server for outgoing mail, often smtp.example.org or "
        "mail.example.org, without a port. Your provider calls it SMTP server or outgoing mail "
        "server.\n\n"
        "SMTPS encrypts from the first byte, on port 465. Choose it wherever the mail server "
        "offers it. STARTTLS begins in clear text on port 587 and encrypts before the login; "
        "the server insists on it.\n\n"
        f"A local relay is written {SCHEME}host:port, for example {SCHEME}localhost:2500. "
        "The server then connects without encryption; append ?tls=required for STARTTLS.",
    )
    FIELDS = ("endpoint", "starttls")

    def values(self) -> Values:
        """Both fields."""
        return {"endpoint": self.start.endpoint, "starttls": bool(self.start.starttls)}

    def parts(self, values: Values) -> Sequence[Part]:
        """The field, the choice where it has any effect, the consequence."""
        draft = self.draft(values)
        chooses = not draft.endpoint.lower().startswith(SCHEME)
        return [
            Text("endpoint", "Mail server (host name)", "for example mail.example.org"),
            Choice("starttls", _ENCRYPTION, "Encryption", chooses),
            Words(self._route(draft), "route"),
        ]

    def draft(self, values: Values) -> Draft:
        """Take both over; a scheme is written in lower case, as the server wants it."""
        text = values["endpoint"]
        if text[: len(SCHEME)].lower() == SCHEME:
            text = SCHEME + text[len(SCHEME) :]
        return replace(self.start, endpoint=text, starttls=values["starttls"])

    def _route(self, draft: Draft) -> str:
        try:
            text = expand(draft.endpoint, self.session.current.lookup)
            return route_in_words(Endpoint.parse(text).route(bool(draft.starttls)))
        except InvalidValue:
            return ""  # said below the field once the operator leaves it

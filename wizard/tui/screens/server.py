"""Fourth step: the mail server and how the connection is encrypted."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RadioSet

from wizard.draft import Draft
from wizard.errors import InvalidValue
from wizard.settings import SCHEME, Endpoint, expand
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.choice import Choice
from wizard.tui.widgets.field import Field
from wizard.tui.widgets.sentence import Sentence


class ServerScreen(StepScreen):
    """The endpoint, the encryption, and in words what the server will do with them."""

    STEP = Step.SERVER
    TITLE_TEXT = "Which mail server takes the mails?"
    FIELDS = ("endpoint", "starttls")
    HELP_TEXT = (
        "The host name of your provider's server for outgoing mail, often smtp.example.org or "
        "mail.example.org, without a port. Your provider calls it SMTP server or outgoing mail "
        "server.\n\n"
        "SMTPS encrypts from the first byte, on port 465. Choose it wherever the mail server "
        "offers it. STARTTLS begins in clear text on port 587 and encrypts before the login; "
        "the server insists on it.\n\n"
        f"A local relay is written {SCHEME}host:port, for example {SCHEME}localhost:2500. "
        "The server then connects without encryption; append ?tls=required for STARTTLS."
    )

    def compose_body(self) -> ComposeResult:
        """The field, the choice, the consequence."""
        yield Field(
            "Mail server (host name)",
            self.draft.endpoint,
            placeholder="for example mail.example.org",
            name="endpoint",
        )
        with Vertical(id="encryption"):
            yield Sentence("Encryption", classes="label")
            yield Choice(
                [
                    ("SMTPS: encrypted from the first byte, port 465 (best)", False),
                    ("STARTTLS: encrypted before the login, port 587", True),
                ],
                bool(self.draft.starttls),
            )
        yield Sentence(id="route", classes="route")

    def on_mount(self) -> None:
        """Begin to type at once."""
        self._show_route()
        self.query_one(Field).focus_input()

    @on(Field.Edited)
    @on(RadioSet.Changed)
    def _show_route(self) -> None:
        draft = self.collect()
        self.query_one("#encryption").display = not draft.endpoint.lower().startswith(SCHEME)
        self.query_one("#route", Sentence).say(self._in_words(draft))

    def _in_words(self, draft: Draft) -> str:
        try:
            text = expand(draft.endpoint, self.session.current.lookup)
            return f"The server {Endpoint.parse(text).route(bool(draft.starttls)).in_words()}."
        except InvalidValue:
            return ""  # said below the field once the operator leaves it

    def collect(self) -> Draft:
        """Take both over; a scheme is written in lower case, as the server wants it."""
        text = self.query_one(Field).value
        if text[: len(SCHEME)].lower() == SCHEME:
            text = SCHEME + text[len(SCHEME) :]
        return replace(self.draft, endpoint=text, starttls=bool(self.query_one(Choice).value))

"""Third step: the name the server logs in with."""

from __future__ import annotations

from dataclasses import replace

from textual import on
from textual.app import ComposeResult

from wizard.draft import Draft
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.field import Field
from wizard.tui.widgets.sentence import Sentence


class UserScreen(StepScreen):
    """One field."""

    STEP = Step.USER
    TITLE_TEXT = "Who does the server log in as?"
    FIELDS = ("user",)
    HELP_TEXT = (
        "The name you log in with at your mail provider, in most cases your full mail address. "
        "The server also sends its mails from this address.\n\n"
        "A few providers want only the part before the @, or a fixed name such as apikey. "
        "That works for the login, but many of them then refuse the name as a sender; the live "
        "test shows it."
    )

    def compose_body(self) -> ComposeResult:
        """The field, and a word about names that are no addresses."""
        yield Sentence("Usually the full mail address; the server also sends its mails from it.")
        yield Field("User", self.draft.user, placeholder="for example you@example.org", name="user")
        yield Sentence(id="caution", classes="caution")

    def on_mount(self) -> None:
        """Begin to type at once."""
        self._advise()
        self.query_one(Field).focus_input()

    @on(Field.Left)
    def _advise(self) -> None:
        user = self.query_one(Field).value
        unusual = bool(user) and "@" not in user and "${" not in user
        self.query_one("#caution", Sentence).say(
            "! This is not a mail address. The server sends its mails from this name, and many "
            "mail servers refuse that."
            if unusual
            else ""
        )

    def collect(self) -> Draft:
        """Take the field over."""
        return replace(self.draft, user=self.query_one(Field).value)

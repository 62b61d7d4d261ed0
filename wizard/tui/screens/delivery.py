"""Second step: send mails, or do without the verification of users."""

from __future__ import annotations

from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RadioSet

from wizard.draft import Draft
from wizard.settings import SkipForm
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.choice import Choice
from wizard.tui.widgets.sentence import Sentence


class DeliveryScreen(StepScreen):
    """Asks for the server's version only where nothing tells it."""

    STEP = Step.DELIVERY
    TITLE_TEXT = "Should the server verify its users by mail?"
    HELP_TEXT = (
        "BOMnipotent Server sends a mail to everybody who requests an account, to prove that "
        "the address is theirs. For that it needs an account at a mail server.\n\n"
        "Without verification anybody can register with any address. The server warns about "
        "it in its log for every mail it does not send. Use this for a trial, or until mail "
        "works.\n\n"
        "How the verification is skipped depends on the server's version: a server does not "
        "start with the form of another version."
    )

    def compose_body(self) -> ComposeResult:
        """Two choices, and the version."""
        yield Choice(
            [
                ("Yes, send mails through a mail server", False),
                ("No, skip the verification (lowers security)", True),
            ],
            self.draft.skip,
            id="skip",
        )
        with Vertical(id="version"):
            yield Sentence("Which version of the server?", classes="label")
            yield Choice(
                [
                    ("0.5 or 0.6 (skip_user_verification)", SkipForm.GLOBAL),
                    ("0.7 or later ([user] skip_verification)", SkipForm.USER_TABLE),
                ],
                self.draft.skip_form or SkipForm.GLOBAL,
                id="form",
            )
            yield Sentence(
                "The version is printed by: bomnipotent_server --version", classes="quiet"
            )

    def on_mount(self) -> None:
        """Show the question about the version only when its answer counts."""
        self._show_version()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """Follow the choice."""
        event.stop()
        self._show_version()

    def _show_version(self) -> None:
        known = self.session.current.skip_form() is not None
        self.query_one("#version").display = self._skips() and not known

    def _skips(self) -> bool:
        return bool(self.query_one("#skip", Choice).value)

    def collect(self) -> Draft:
        """Take the choice over, and the version where it was asked for."""
        draft = replace(self.draft, skip=self._skips())
        if self.query_one("#version").display:
            return replace(draft, skip_form=self.query_one("#form", Choice).value)
        return draft

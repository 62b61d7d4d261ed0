"""Seventh step: every line that will change, and the decision to write."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from wizard.text.display import escape_controls
from wizard.text.language import _
from wizard.ui.steps.model import Step
from wizard.ui.steps.review import HEADING, Review
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual.basics import PlainText
from wizard.ui.textual.step_screen import StepScreen

_STYLES = {"+": "$success", "-": "$error", "@": "dim"}


class ReviewScreen(StepScreen):
    """Shows the plan that will be written, with the secret masked."""

    def __init__(self, session: WizardSession, review: Review, steps: Sequence[Step]) -> None:
        super().__init__(session, review.draft, steps, HEADING)
        self._review = review

    def compose_body(self) -> ComposeResult:
        """Yield the failure of the last attempt, diffs, secret, warnings."""
        review = self._review
        if review.failure:
            yield PlainText(review.failure, id="failure", classes="failed")
        if review.unchanged:
            yield PlainText(review.unchanged)
        for file in review.files:
            yield PlainText(file.heading, classes="label")
            yield Static(_diff(file.diff), classes="diff", markup=False)
        for message in review.stores:
            yield PlainText(message, classes="label")
        yield PlainText(review.consequence, classes="quiet")
        for warning in review.warnings:
            yield PlainText(warning, classes="caution")

    def compose_buttons(self) -> ComposeResult:
        """Yield the button that writes, or says that nothing has to be written."""
        yield Button(self._review.write, id="next", variant="primary", compact=True)
        yield Button(_("Back"), id="back", compact=True)

    def on_mount(self) -> None:
        """Let Enter write."""
        self.query_one("#next").focus()


def _diff(lines: Sequence[str]) -> Content:
    return Content("\n").join(
        Content.styled(escape_controls(line), _STYLES.get(line[:1], "")) for line in lines
    )

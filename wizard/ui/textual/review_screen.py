"""Seventh step: every line that will change, and the word to write."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from wizard.text.display import visible
from wizard.text.language import _
from wizard.ui.steps.model import Step
from wizard.ui.steps.review import HEADING, Review
from wizard.ui.steps.session import Session
from wizard.ui.textual.basics import Sentence
from wizard.ui.textual.step_screen import StepScreen

_STYLES = {"+": "$success", "-": "$error", "@": "dim"}


class ReviewScreen(StepScreen):
    """Shows the plan that is written, with the secret masked."""

    def __init__(self, session: Session, review: Review, steps: Sequence[Step]) -> None:
        super().__init__(session, review.draft, steps, HEADING)
        self._review = review

    def compose_body(self) -> ComposeResult:
        """Failure of the last attempt, diffs, secret, cautions."""
        review = self._review
        if review.failure:
            yield Sentence(review.failure, id="failure", classes="failed")
        if review.unchanged:
            yield Sentence(review.unchanged)
        for file in review.files:
            yield Sentence(file.heading, classes="label")
            yield Static(_diff(file.diff), classes="diff", markup=False)
        for words in review.stores:
            yield Sentence(words, classes="label")
        yield Sentence(review.consequence, classes="quiet")
        for caution in review.cautions:
            yield Sentence(caution, classes="caution")

    def compose_buttons(self) -> ComposeResult:
        """Write, where there is something to write."""
        yield Button(self._review.write, id="next", variant="primary", compact=True)
        yield Button(_("Back"), id="back", compact=True)

    def on_mount(self) -> None:
        """Enter writes."""
        self.query_one("#next").focus()


def _diff(lines: Sequence[str]) -> Content:
    return Content("\n").join(
        Content.styled(visible(line), _STYLES.get(line[:1], "")) for line in lines
    )

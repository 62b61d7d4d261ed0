"""Seventh step: every line that will change, and the word to write."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from wizard import advice
from wizard.change import FileChange
from wizard.draft import Draft
from wizard.plan import Plan
from wizard.probe.events import Verdict
from wizard.tui.session import Session, Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.sentence import Sentence
from wizard.visible import visible

_STYLES = {"+": "$success", "-": "$error", "@": "dim"}


class ReviewScreen(StepScreen):
    """Shows the plan that is written, with the secret masked."""

    STEP = Step.REVIEW
    TITLE_TEXT = "Review: nothing has been written yet"
    HELP_TEXT = (
        "Lines with - go, lines with + come; everything else stays byte by byte. Secrets are "
        "shown as ********.\n\n"
        "Both files are written or none. Each is replaced in one step, so that the server never "
        "reads half a file; owner, group and mode stay as they are."
    )

    def __init__(
        self, session: Session, draft: Draft, steps: Sequence[Step], plan: Plan, failure: str
    ) -> None:
        super().__init__(session, draft, steps)
        self._plan = plan
        self._failure = failure

    def compose_body(self) -> ComposeResult:
        """Failure of the last attempt, diffs, secret, cautions."""
        yield Sentence(self._failure, id="failure", classes="failed")
        if not self._plan.changed:
            yield Sentence("Everything is as you want it already: nothing has to be changed.")
        for change in self._plan.changes:
            if change.changed:
                yield Sentence(_heading(change), classes="label")
                yield Static(_diff(change), classes="diff", markup=False)
        for words in self._plan.about_stores:
            yield Sentence(words, classes="label")
        yield Sentence(self._consequence(), classes="quiet")
        report = self.session.report_for(self.draft)
        if self._plan.changed and self.draft.delivers and not self.draft.skip:
            if report is None:
                yield Sentence("! These values were not tested.", classes="caution")
            elif report.verdict is Verdict.FAIL:
                yield Sentence(
                    "! The live test says that the server will fail to send its mails with these "
                    "values: nobody new can register until that is mended.",
                    classes="caution",
                )
        for caution in advice.warnings(self.session.current, self.draft, self._plan):
            yield Sentence(f"! {caution.message}", classes="caution")

    def compose_buttons(self) -> ComposeResult:
        """Write, where there is something to write."""
        label = "Write" if self._plan.changed else "Done"
        yield Button(label, id="next", variant="primary", compact=True)
        yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        """Hide what is not there."""
        self.query_one("#failure").display = bool(self._failure)
        self.query_one("#next").focus()

    def _consequence(self) -> str:
        if not self._plan.changed:
            return ""
        if self._plan.restart_needed:
            return "The server must be started again afterwards."
        return "A running server reloads this by itself."

    def check(self, draft: Draft) -> dict[str, str]:
        """The plan has been checked already."""
        return {}


def _heading(change: FileChange) -> str:
    state = "new file" if change.created else "changed"
    return f"{change.before.shown} ({state}, mode {change.mode:04o})"


def _diff(change: FileChange) -> Content:
    lines = [Content.styled(visible(line), _STYLES.get(line[:1], "")) for line in change.diff()]
    return Content("\n").join(lines)

"""Sixth step: the live test as a checklist that fills as it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from wizard.config.draft import Draft
from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.live_test.events import (
    Event,
    StageFinished,
    StageOutcome,
    StageStarted,
    TestFinished,
    TestReport,
    VerdictReached,
)
from wizard.live_test.evidence import ticket
from wizard.live_test.failure import Stage, Verdict
from wizard.text.language import N_, _
from wizard.ui.steps import live_test
from wizard.ui.steps.live_test import ADDRESS, TO_WHOM, live_test_events
from wizard.ui.steps.model import Step
from wizard.ui.steps.pages import Page
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual.basics import PlainText
from wizard.ui.textual.dialogs import PageScreen
from wizard.ui.textual.field import Field
from wizard.ui.textual.step_screen import StepScreen

_OUTCOMES = {
    StageOutcome.PASS: "$success",
    StageOutcome.WARN: "$warning",
    StageOutcome.FAIL: "$error",
    StageOutcome.SKIP: "dim",
}
_VERDICTS = {
    Verdict.PASS: "passed",
    Verdict.WARN: "warned",
    Verdict.FAIL: "failed",
    Verdict.UNTESTABLE: "warned",
}


class LiveTestScreen(StepScreen):
    """Runs the test at once, unless exactly these values were tested already."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "test_again", N_("Again")),
        Binding("ctrl+s", "send", live_test.SEND),
        Binding("ctrl+t", "details", live_test.DETAILS),
        *(
            Binding(str(number), f"choose_alternative({number})", show=False)
            for number in range(1, 10)
        ),
    ]

    def __init__(self, session: WizardSession, draft: Draft, steps: Sequence[Step]) -> None:
        super().__init__(session, draft, steps, live_test.HEADING)

    def compose_body(self) -> ComposeResult:
        """Yield verdict and remedy first, then the stages."""
        yield PlainText(id="verdict")
        yield PlainText(id="diagnosis")
        yield PlainText(id="alternatives")
        yield PlainText(id="route", classes="route")
        yield Static(id="stages", markup=False)

    def compose_buttons(self) -> ComposeResult:
        """Yield the buttons; the label of going on says what it means."""
        yield Button(_("Stop"), id="next", variant="primary", compact=True)
        yield Button(_(live_test.AGAIN), id="again", compact=True)
        yield Button(_(live_test.BACK), id="back", compact=True)

    def on_mount(self) -> None:
        """Show the last report of these values, or run the test."""
        self._finished: list[StageFinished] = []
        self._current: tuple[Stage, float] | None = None
        self._test_started = time.monotonic()
        self._testing = False
        self.set_interval(1.0, self._tick)
        report = self.session.report_for(self.draft)
        if report is None:
            self.action_test_again()
        else:
            self._show_report(report)

    def action_test_again(self) -> None:
        """Test again."""
        self._test()

    def _test(self, recipient: str | None = None) -> None:
        self._finished, self._current, self._testing = [], None, True
        self._test_started = time.monotonic()
        self._show_result("", "", "")
        self._label_next(_("Stop"))
        self._draw_stages()
        self._run(recipient)

    @work(exclusive=True)
    async def _run(self, recipient: str | None) -> None:
        self.query_one("#route", PlainText).set_text(live_test.route_of(self.session, self.draft))
        async with aclosing(live_test_events(self.session, self.draft, recipient)) as events:
            async for event in events:
                self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case StageStarted(stage):
                self._current = stage, time.monotonic()
            case StageFinished():
                self._current = None
                self._finished.append(event)
            case VerdictReached(verdict) if verdict is not Verdict.WARN:  # said with its diagnosis
                self._show_result(live_test.verdict_in_words(verdict), "", _VERDICTS[verdict])
            case TestFinished(report):
                self._show_report(report)
                return
        self._draw_stages()

    def _show_report(self, report: TestReport) -> None:
        self._testing, self._current = False, None
        self._finished = list(report.stages)
        if report.route is not None:
            self.query_one("#route", PlainText).set_text(report.route.as_sentence())
        diagnosis = "\n".join(live_test.explanation(report))
        verdict, style = live_test.verdict_in_words(report.verdict), _VERDICTS[report.verdict]
        self._show_result(verdict, diagnosis, style, "\n".join(_offers(report)))
        failed = report.verdict is Verdict.FAIL
        go_on = live_test.GO_ON_ANYWAY if failed else live_test.GO_ON
        self._label_next(_(go_on))
        self._draw_stages()
        self.query_one("#back" if failed else "#next", Button).focus()

    def _show_result(self, verdict: str, diagnosis: str, style: str, offers: str = "") -> None:
        self.query_one("#verdict", PlainText).set_classes(style)
        self.query_one("#verdict", PlainText).set_text(verdict)
        self.query_one("#diagnosis", PlainText).set_text(diagnosis)
        self.query_one("#alternatives", PlainText).set_text(offers)

    def _label_next(self, text: str) -> None:
        button = self.query_one("#next", Button)
        button.label = text
        button.refresh(layout=True)

    def _tick(self) -> None:
        if self._testing:
            self._draw_stages()

    def _draw_stages(self) -> None:
        lines = [_line(event) for event in live_test.lines_to_show(self._finished)]
        if self._current is not None:
            stage, started = self._current
            elapsed = time.monotonic() - started
            clock = f"{elapsed:.0f} s" if elapsed >= 1 else ""
            lines.append(Content(f"▸ {_stage(stage)} {clock:>8}"))
        if self._testing:
            elapsed = time.monotonic() - self._test_started
            ends = _(live_test.ENDS, seconds=max(0.0, self.session.timeout - elapsed))
            lines.append(Content.styled(f"{ends} {_('Esc stops.')}", "dim"))
        self.query_one("#stages", Static).update(Content("\n").join(lines))

    def action_next(self) -> None:
        """Stop a running test; else go on, whatever the verdict."""
        if self._testing:
            self._stop()
        else:
            super().action_next()

    def action_back(self) -> None:
        """Stop a running test; else go back."""
        if self._testing:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_node(self)
        self._testing, self._current = False, None
        self._show_result(_(live_test.STOPPED), "", "warned")
        self._label_next(_(live_test.GO_ON_UNTESTED))
        self._draw_stages()

    def action_choose_alternative(self, number: int) -> None:
        """Put an alternative into the draft, and test it with the login."""
        report = self.session.report_for(self.draft)
        if self._testing or report is None or number > len(report.alternatives):
            return
        other = report.alternatives[number - 1]
        self.draft = replace(self.draft, endpoint=other.endpoint, starttls=other.starttls)
        self._test()

    def action_send(self) -> None:
        """Send a real mail with the values of this draft."""
        if not self._testing:
            suggestion = live_test.recipient_for(self.draft)
            self.app.push_screen(AddressScreen(suggestion), self._send_to)

    def _send_to(self, recipient: str | None) -> None:
        if recipient is not None:
            self._test(recipient)

    def action_details(self) -> None:
        """Show all details of the test, as for a ticket."""
        report = self.session.report_for(self.draft)
        if not self._testing and report is not None:
            self.app.push_screen(PageScreen(Page(_(live_test.DETAILS), ticket(report))))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Test again; the base class handles the other buttons."""
        if event.button.id == "again":
            event.stop()
            self.action_test_again()


def _offers(report: TestReport) -> list[str]:
    """Return the key for each alternative, and what it does."""
    return [
        f"{number} {live_test.offer(other)}"
        for number, other in enumerate(report.alternatives, start=1)
    ]


def _stage(stage: Stage) -> str:
    """Return the name of a stage, padded to the width of the longest."""
    width = max(len(_(name)) for name in live_test.STAGES.values()) + 1
    return f"{_(live_test.STAGES[stage]):<{width}}"


def _line(event: StageFinished) -> Content:
    return Content.assemble(
        (live_test.MARKS[event.outcome], _OUTCOMES[event.outcome]),
        f" {_stage(event.stage)} {event.seconds * 1000:>5.0f} ms  ",
        Content(event.message),
    )


class AddressScreen(ModalScreen[str | None]):
    """Asks where a real test mail should go; returns None if the operator cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", N_("Cancel"), key_display="Esc"),
    ]

    def __init__(self, suggestion: str) -> None:
        super().__init__()
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        """Yield one field."""
        with Vertical(id="question"):
            yield PlainText(_(TO_WHOM))
            yield Field(_(ADDRESS), self._suggestion, name="recipient")
            with Horizontal():
                yield Button(_("Send"), id="send", variant="primary", compact=True)
                yield Button(_("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """Put the cursor into the field."""
        self.query_one(Field).focus_input()

    @on(Field.Confirmed)
    @on(Button.Pressed, "#send")
    def _send(self) -> None:
        field = self.query_one(Field)
        try:
            self.dismiss(check_recipient(field.value))
        except InvalidValue as problem:
            field.show_problem(f"{problem.message} {problem.remedy}")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

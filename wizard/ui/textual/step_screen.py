"""What all step screens have in common; each adds its own body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button

from wizard.config.draft import Draft
from wizard.text.language import N_, _
from wizard.ui.steps.model import Heading, Navigation, Step, StepResult
from wizard.ui.steps.pages import Page
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual.basics import KeyBar, PlainText, StepBar
from wizard.ui.textual.dialogs import PageScreen


class StepScreen(Screen[StepResult]):
    """A step of the flow: gets a draft and returns a new one; no I/O."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", N_("Back")),
        Binding("f1,ctrl+g", "help", N_("Help"), key_display="F1"),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
        # Let the body scroll, whatever has the focus.
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
    ]

    def __init__(
        self, session: WizardSession, draft: Draft, steps: Sequence[Step], heading: Heading
    ) -> None:
        super().__init__()
        self.session = session
        self.draft = draft
        self.heading = heading
        self._steps = steps

    def compose(self) -> ComposeResult:
        """Yield step bar, title, body, buttons and key bar."""
        step = self.heading.step
        if step in self._steps:
            yield StepBar(self._steps, step, {Step.TEST: self._test_sign()})
        with VerticalScroll(id="body", can_focus=False):
            yield PlainText(_(self.heading.title), id="title")
            hint = self.session.hints.get(step.value)
            if hint:
                yield PlainText(hint, classes="hint")
            yield from self.compose_body()
        with Horizontal(id="buttons"):
            yield from self.compose_buttons()
        yield KeyBar()

    def _test_sign(self) -> str:
        report = self.session.report_for(self.draft)
        return "!" if report is None else {"pass": "✓", "fail": "✗"}.get(report.verdict, "!")

    def compose_body(self) -> ComposeResult:
        """Yield the step's own widgets."""
        raise NotImplementedError

    def compose_buttons(self) -> ComposeResult:
        """Yield the buttons of the last line."""
        yield Button(_("Next"), id="next", variant="primary", compact=True)
        yield Button(_("Back"), id="back", compact=True)

    def collect(self) -> Draft:
        """Return the draft with what is on the screen now; never validates."""
        return self.draft

    def action_next(self) -> None:
        """Go on."""
        self.dismiss(StepResult(Navigation.NEXT, self.collect()))

    def action_back(self) -> None:
        """Go back with everything that was entered, valid or not."""
        self.dismiss(StepResult(Navigation.BACK, self.collect()))

    def action_scroll(self, lines: int) -> None:
        """Scroll the body."""
        self.query_one("#body").scroll_relative(y=lines, animate=False)

    def action_help(self) -> None:
        """Explain the step."""
        self.app.push_screen(PageScreen(Page(_(self.heading.title), _(self.heading.help))))

    @on(Button.Pressed, "#next")
    def _next_pressed(self) -> None:
        self.action_next()

    @on(Button.Pressed, "#back")
    def _back_pressed(self) -> None:
        self.action_back()

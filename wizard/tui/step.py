"""What all steps look like and how they are left; each screen adds its own middle part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Footer

from wizard.draft import Draft
from wizard.probe.events import Verdict
from wizard.tui.session import Session, Step
from wizard.tui.widgets.choice import Choice
from wizard.tui.widgets.field import Field
from wizard.tui.widgets.sentence import Sentence
from wizard.tui.widgets.step_bar import StepBar


class Move(Enum):
    """Where to go from a step."""

    NEXT = auto()
    BACK = auto()


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step was left, and what has been entered up to then."""

    move: Move
    draft: Draft


class StepScreen(Screen[StepResult]):
    """A step of the flow. It reads the draft it is given and returns a new one; no I/O."""

    STEP: ClassVar[Step]
    TITLE_TEXT: ClassVar[str]
    HELP_TEXT: ClassVar[str]
    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The fields of the draft that this step asks for."""
    NEXT_LABEL: ClassVar[str] = "Next"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("f1,ctrl+g", "help", "Help", key_display="F1"),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
        # Whatever has the focus, the rest of the step can be read.
        Binding("down", "scroll(1)", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
    ]

    def __init__(self, session: Session, draft: Draft, steps: Sequence[Step]) -> None:
        super().__init__()
        self.session = session
        self.draft = draft
        self._steps = steps

    def compose(self) -> ComposeResult:
        """Step bar, title, the step's own part, buttons, footer."""
        if self.STEP in self._steps:
            yield StepBar(self._steps, self.STEP, {Step.TEST: self._sign_of_test()})
        with VerticalScroll(id="body", can_focus=False):
            yield Sentence(self.TITLE_TEXT, id="title")
            hint = self.session.hints.get(self.STEP.value)
            if hint:
                yield Sentence(hint, classes="hint")
            yield from self.compose_body()
        with Horizontal(id="buttons"):
            yield from self.compose_buttons()
        yield Footer(compact=True, show_command_palette=False)

    def _sign_of_test(self) -> str:
        report = self.session.report_for(self.draft)
        verdict = None if report is None else report.verdict
        return {Verdict.PASS: "✓", Verdict.FAIL: "✗"}.get(verdict, "!") if verdict else "!"

    def compose_body(self) -> ComposeResult:
        """Yield the step's own widgets."""
        raise NotImplementedError

    def compose_buttons(self) -> ComposeResult:
        """Yield the buttons of the last line."""
        yield Button(self.NEXT_LABEL, id="next", variant="primary", compact=True)
        yield Button("Back", id="back", compact=True)

    def collect(self) -> Draft:
        """Return the draft with what stands on the screen now; never validates."""
        return self.draft

    def check(self, draft: Draft) -> dict[str, str]:
        """Return field → sentence for what is wrong on this screen."""
        problems = draft.problems(self.session.current)
        return {
            name: f"{problem.message} {problem.remedy}"
            for name, problem in problems.items()
            if name in self.FIELDS
        }

    def action_next(self) -> None:
        """Go on, or say what is wrong and stay."""
        draft = self.collect()
        problems = self.check(draft)
        for field in self.query(Field):
            field.complain(problems.get(str(field.name), ""))
        for field in self.query(Field):
            if field.problem:
                field.focus_input()
                return
        self.dismiss(StepResult(Move.NEXT, draft))

    def action_back(self) -> None:
        """Go back with everything that was entered, right or wrong."""
        self.dismiss(StepResult(Move.BACK, self.collect()))

    def action_scroll(self, lines: int) -> None:
        """Scroll the middle part."""
        self.query_one("#body").scroll_relative(y=lines, animate=False)

    def action_help(self) -> None:
        """Explain the step."""
        from wizard.tui.screens.page import PageScreen

        self.app.push_screen(PageScreen(self.TITLE_TEXT, self.HELP_TEXT))

    @on(Button.Pressed, "#next")
    def _next_pressed(self) -> None:
        self.action_next()

    @on(Button.Pressed, "#back")
    def _back_pressed(self) -> None:
        self.action_back()

    @on(Field.Left)
    def _check_field(self, event: Field.Left) -> None:
        # An empty field is not wrong before the operator wants to go on.
        if event.field.value and self.is_current:
            event.field.complain(self.check(self.collect()).get(str(event.field.name), ""))

    @on(Field.Confirmed)
    def _field_confirmed(self, event: Field.Confirmed) -> None:
        problem = self.check(self.collect()).get(str(event.field.name), "")
        event.field.complain(problem)
        if not problem:
            self._confirmed()

    @on(Choice.Confirmed)
    def _confirmed(self) -> None:
        """Enter goes to the next field, and from the last one to the next step."""
        self.focus_next()
        if isinstance(self.focused, Button):
            self.action_next()

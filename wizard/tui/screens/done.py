"""After writing: what was written, and what to do now."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Footer

from wizard.flow.done import NOW, TITLE, Done
from wizard.tui.widgets.sentence import Sentence


class DoneScreen(Screen[None]):
    """The same lines are printed once more when the wizard has left the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

    def __init__(self, done: Done) -> None:
        super().__init__()
        self._done = done

    def compose(self) -> ComposeResult:
        """Files, then commands."""
        with VerticalScroll(id="body"):
            yield Sentence(TITLE, id="title", classes="passed")
            yield Sentence("\n".join(self._done.written))
            yield Sentence(NOW, classes="label")
            for step in self._done.steps:
                yield Sentence(step, classes="command" if step.startswith("$ ") else "")
        with Horizontal(id="buttons"):
            yield Button("Close", id="close", variant="primary", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Enter closes."""
        self.query_one("#close").focus()

    @on(Button.Pressed)
    def _close(self) -> None:
        self.dismiss(None)

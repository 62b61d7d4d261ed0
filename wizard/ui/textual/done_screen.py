"""After writing: what was written, what the server makes of it, and what to do now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button

from wizard.server.reload import STOPPED, WAITING, ReloadWatch
from wizard.text.language import N_, _
from wizard.ui.steps.done import NOW, TITLE, Done
from wizard.ui.textual.basics import KeyBar, PlainText

_STOPS = N_("Esc goes on without.")


class DoneScreen(Screen[Done]):
    """The same lines are printed once more when the wizard has left the screen.

    Where the server can be heard, it is listened to until it has spoken, or the operator goes on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", N_("Close"))]

    def __init__(self, done: Done) -> None:
        super().__init__()
        self._done = done
        self._listening = done.listening
        self._begun = time.monotonic()

    def compose(self) -> ComposeResult:
        """Files, then commands."""
        with VerticalScroll(id="body"):
            yield PlainText(_(TITLE), id="title", classes="passed")
            yield PlainText("\n".join(self._done.written))
            yield PlainText(id="heard")
            yield PlainText(_(NOW), classes="label")
            with Vertical(id="steps"):
                yield from self._steps()
        with Horizontal(id="buttons"):
            yield Button(_("Close"), id="close", variant="primary", compact=True)
        yield KeyBar()

    def _steps(self) -> Iterator[PlainText]:
        for step in self._done.steps:
            yield PlainText(step, classes="command" if step.startswith("$ ") else "")

    def on_mount(self) -> None:
        """Enter closes."""
        self.query_one("#close").focus()
        self.query_one("#heard", PlainText).display = False
        if self._listening is not None:
            self._tick()
            self.set_interval(1.0, self._tick)
            self._listen(self._listening)

    @work(exclusive=True)
    async def _listen(self, listening: ReloadWatch) -> None:
        outcome = await listening.outcome()
        self._done, self._listening = self._done.after(outcome), None
        heard = self.query_one("#heard", PlainText)
        heard.set_classes(self._done.mark)
        heard.say("\n".join(self._done.heard))
        steps = self.query_one("#steps")
        await steps.remove_children()
        await steps.mount(*self._steps())
        heard.scroll_visible(animate=False)

    def _tick(self) -> None:
        if self._listening is not None:
            left = max(0.0, self._listening.seconds - (time.monotonic() - self._begun))
            words = _(WAITING, seconds=left)
            self.query_one("#heard", PlainText).say(f"{words} {_(_STOPS)}")

    @on(Button.Pressed)
    def action_close(self) -> None:
        """Go on without waiting, if that is what goes on; else close."""
        if self._listening is None:
            self.dismiss(self._done)
            return
        self.workers.cancel_node(self)
        self._listening = None
        self.query_one("#heard", PlainText).say(_(STOPPED))

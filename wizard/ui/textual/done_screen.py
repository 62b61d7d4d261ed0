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

from wizard.server.next_steps import StepKind
from wizard.server.reload import STOPPED, WAITING, ReloadWatch
from wizard.text.language import N_, _
from wizard.ui.steps.done import NOW, TITLE, Done
from wizard.ui.textual.basics import KeyBar, PlainText

_SKIP_HINT = N_("Esc goes on without.")


class DoneScreen(Screen[Done]):
    """Shows the text that is printed again after the full screen.

    If the server's log can be read, it is watched until it has a verdict or the operator goes on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", N_("Close"))]

    def __init__(self, done: Done) -> None:
        super().__init__()
        self._done = done
        self._watch = done.watch
        self._started = time.monotonic()

    def compose(self) -> ComposeResult:
        """Yield what was written, the verdict, and what to do now."""
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
            yield PlainText(str(step), classes="command" if step.kind is StepKind.COMMAND else "")

    def on_mount(self) -> None:
        """Let Enter close, and watch the log."""
        self.query_one("#close").focus()
        self.query_one("#heard", PlainText).display = False
        if self._watch is not None:
            self._tick()
            self.set_interval(1.0, self._tick)
            self._wait_for_verdict(self._watch)

    @work(exclusive=True)
    async def _wait_for_verdict(self, watch: ReloadWatch) -> None:
        outcome = await watch.outcome()
        self._done, self._watch = self._done.with_outcome(outcome), None
        verdict = self.query_one("#heard", PlainText)
        verdict.set_classes(self._done.mark)
        verdict.set_text("\n".join(self._done.verdict))
        steps = self.query_one("#steps")
        await steps.remove_children()
        await steps.mount(*self._steps())
        verdict.scroll_visible(animate=False)

    def _tick(self) -> None:
        if self._watch is not None:
            remaining = max(0.0, self._watch.timeout - (time.monotonic() - self._started))
            waiting = _(WAITING, seconds=remaining)
            self.query_one("#heard", PlainText).set_text(f"{waiting} {_(_SKIP_HINT)}")

    @on(Button.Pressed)
    def action_close(self) -> None:
        """Stop waiting for the verdict; if nothing is being waited for, close."""
        if self._watch is None:
            self.dismiss(self._done)
            return
        self.workers.cancel_node(self)
        self._watch = None
        self.query_one("#heard", PlainText).set_text(_(STOPPED))

"""What was written, what the server makes of it, and what to do now."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wizard.server.reload import STOPPED, WAITING, ReloadWatch
from wizard.text.language import _
from wizard.ui.account.done import NOW, Done, numbered
from wizard.ui.account.view import Line, Mark, Role
from wizard.ui.textual.buttons import Buttons, Keys
from wizard.ui.textual.lines import Divider, PanelLine
from wizard.ui.textual.panel import Panel

_MARKS = {Role.PASSED: Mark.PASSED, Role.WARNING: Mark.WARNING, Role.FAILED: Mark.FAILED}

_FITS_BELOW = 20
"""Characters of a command in the edge of a panel, on the narrowest screen."""


class DoneScreen(Screen[tuple[Done, bool]]):
    """Shows the text that is printed again after the full screen.

    If the server's log can be read, it is watched until it has a verdict or the operator goes on.
    Returns the text, and whether to go back to the form.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("pagedown,down", "page(1)", show=False),
        Binding("space", "page(1)", show=False, priority=True),
        Binding("pageup,up", "page(-1)", show=False),
    ]

    def __init__(self, done: Done) -> None:
        super().__init__()
        self._done = done
        self._watch = done.watch
        self._started = time.monotonic()
        self._stopped = False

    def compose(self) -> ComposeResult:
        """Yield what was written, then what to do now."""
        yield Panel(id="written", classes="-fitted", title_when_small=True)
        yield Panel(id="steps", framed=False)
        yield Buttons()
        yield Keys()

    def on_mount(self) -> None:
        """Let Enter close, and watch the log."""
        self._draw()
        self.query_one(Buttons).focus_button("close")
        if self._watch is not None:
            self.set_interval(1.0, self._draw)
            self._wait_for_verdict(self._watch)

    def on_resize(self) -> None:
        """Leave room for what to do now, however much was written."""
        height = self.size.height
        self.query_one("#written", Panel).styles.max_height = max(height // 2, 4)
        self.call_after_refresh(self._draw)  # once the screen knows how wide it is

    def _draw(self) -> None:
        panel = self._done.panel
        title = panel.short if self.has_class("-narrow") else panel.title
        command = self._done.undo
        fits = command and len(command) <= _FITS_BELOW
        undo = _("take it back: {command}", command=command) if fits else ""
        self.query_one("#written", Panel).show(title, panel.lines, role=panel.role, footer=undo)
        lines: list[PanelLine] = [*self._verdict(), Divider(_(NOW)), Line()]
        lines += numbered(self._done.steps)
        if command and not fits:
            lines += [Line(), Line(text=_("Take it back: {command}", command=command))]
        lines += [
            Line(),
            Line(text=_("These lines stay on the terminal when you close."), quiet=True),
        ]
        self.query_one("#steps", Panel).show("", lines)
        buttons = [("close", _("Close"), True)]
        if self._done.can_fix:
            buttons.append(("fix", _("Fix it now"), False))
        self.query_one(Buttons).show(buttons)
        self.call_after_refresh(self._draw_keys)

    @on(Buttons.Moved)
    def _draw_keys(self) -> None:
        if not self.query(Keys):  # closed meanwhile
            return
        fixes = self.query_one(Buttons).current == "fix"
        hints = [("Enter", _("correct it") if fixes else _("close"))]
        if self._done.can_fix:
            hints.append(("→", _("other button")))
        if self._watch is not None:
            hints.insert(0, ("Esc", _("do not wait")))
        if any(panel.has_more for panel in self.query(Panel)):
            hints.append(("PgDn", _("more")))
        self.query_one(Keys).show(hints)

    def _verdict(self) -> list[PanelLine]:
        if self._watch is not None:
            remaining = max(0.0, self._watch.timeout - (time.monotonic() - self._started))
            return [Line(Mark.RUNNING, _(WAITING, seconds=remaining)), Line()]
        if self._stopped:
            return [Line(text=_(STOPPED)), Line()]
        mark = _MARKS.get(self._done.role, "")
        lines = [
            Line(mark if at == 0 else "  ", text) for at, text in enumerate(self._done.verdict)
        ]
        return [*lines, Line()] if lines else [Line()]

    @work(exclusive=True)
    async def _wait_for_verdict(self, watch: ReloadWatch) -> None:
        outcome = await watch.outcome()
        self._done, self._watch = self._done.with_outcome(outcome), None
        self._draw()

    @on(Buttons.Pressed)
    def _pressed(self, event: Buttons.Pressed) -> None:
        event.stop()
        if event.button_id == "fix":
            self.workers.cancel_node(self)
            self.dismiss((self._done, True))
        else:
            self.action_close()

    def action_close(self) -> None:
        """Stop waiting for the verdict; if nothing is being waited for, close."""
        if self._watch is None:
            self.dismiss((self._done, False))
            return
        self.workers.cancel_node(self)
        self._watch, self._stopped = None, True
        self._draw()

    def action_page(self, direction: int) -> None:
        """Scroll what was written, then what to do."""
        for name in ("#written", "#steps"):
            panel = self.query_one(name, Panel)
            if panel.page_down() if direction > 0 else panel.page_up():
                break
        self._draw_keys()

"""A surface for the flow on the full screen."""

from __future__ import annotations

import asyncio
import gc
import os
import pkgutil
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.worker import WorkerFailed

from wizard.ui.account.flow import Flow
from wizard.ui.account.form import AccountForm
from wizard.ui.account.pages import Leave, leave_question
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action, Question
from wizard.ui.textual import textual_internals
from wizard.ui.textual.account_screen import AccountScreen
from wizard.ui.textual.dialogs import AskScreen
from wizard.ui.textual.panel import HEIGHTS, WIDTHS
from wizard.ui.textual.terminal import DiffDriver, FullScreenDriver
from wizard.ui.textual.type_ahead import TypeAheadApp

if TYPE_CHECKING:  # screens are imported when they are shown, so that the first comes sooner
    from wizard.ui.account.done import Done
    from wizard.ui.account.review import Review


class WizardApp(TypeAheadApp["Done"]):
    """Returns what was written and what to do now; None if nothing was written."""

    CSS: ClassVar[str] = (pkgutil.get_data("wizard.ui.textual", "wizard.tcss") or b"").decode()
    """Read like a module, because the program may be a single archive."""
    theme: Reactive[str] = Reactive("ansi-dark")  # set later, the style sheet would be parsed twice
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS, VERTICAL_BREAKPOINTS = WIDTHS, HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "leave", show=False),
        Binding("ctrl+l", "repaint", show=False, priority=True),
        Binding("ctrl+z", "stop", show=False, priority=True),
    ]
    loop: asyncio.AbstractEventLoop | None = None
    """The loop that the wizard runs in; None before that."""
    kept = False
    """Whether what was entered is kept for the next start."""
    stage = ""
    """The step at which an unexpected error ended the wizard."""

    def __init__(self, session: WizardSession) -> None:
        super().__init__()
        self.flow = Flow(session, self)
        self._account_screen = AccountScreen(self.flow)
        self.driver_class = DiffDriver
        self._exit_code: int | None = None
        self._asking_to_leave = False
        self.animation_level = "none"

    def on_load(self) -> None:
        """Provide the loop for signals before the terminal is touched."""
        self.loop = asyncio.get_running_loop()

    def on_ready(self) -> None:
        """Collect garbage from now on; what the first frame needed is never garbage."""
        gc.freeze()
        gc.enable()

    def on_mount(self) -> None:
        """Start the flow."""
        self.run_worker(self._run_flow())

    async def _run_flow(self) -> None:
        self.exit(await self.flow.run(), return_code=self._exit_code or 0)

    def end_on_signal(self, number: int) -> None:
        """End because of a signal, and keep what was entered."""
        self._end_with(128 + number)

    def interrupt(self) -> None:
        """Ask whether to leave; end if that is being asked already."""
        if self._asking_to_leave:
            self._end_with(0)
        else:
            self.action_leave()

    def end_without_loop(self) -> bool:
        """Save and restore what is possible without the loop; not while files are written."""
        if self.flow.writing:
            return False
        self.kept = self.kept or self.flow.keep()
        driver = textual_internals.driver_of(self)
        if isinstance(driver, FullScreenDriver):
            driver.restore_now()
        return True

    def _end_with(self, code: int) -> None:
        if self._exit_code is not None:  # a shell that loses its terminal passes the signal on
            return
        self._exit_code = code
        if not self.flow.writing:
            self._end_now()

    def _end_now(self) -> None:
        """End without asking, and keep what was entered."""
        self.kept = self.flow.keep()
        self.exit(self.flow.done, return_code=self._exit_code or 0)

    async def _end_if_signalled(self) -> None:
        """End here if a signal came while files were being written; the flow stops."""
        if self._exit_code is not None:
            self._end_now()
            await asyncio.get_running_loop().create_future()

    async def account(self, form: AccountForm) -> Action:
        """Show the form; it stays below the other screens."""
        decided: asyncio.Future[Action] = asyncio.get_running_loop().create_future()
        screen = self._account_screen
        screen.decide = lambda action: None if decided.done() else decided.set_result(action)
        if screen not in self.screen_stack:
            await self.push_screen(screen)
        else:
            screen.redraw()
            screen.begin()
        return await decided

    async def review(self, review: Review) -> bool:
        """Show every line that will change."""
        from wizard.ui.textual.review_screen import ReviewScreen

        await self._end_if_signalled()
        return await self.push_screen_wait(ReviewScreen(review))

    async def done(self, done: Done) -> tuple[Done, bool]:
        """Show what was written; it is printed again after the full screen."""
        from wizard.ui.textual.done_screen import DoneScreen

        await self._end_if_signalled()
        return await self.push_screen_wait(DoneScreen(done))

    async def ask(self, ask: Question) -> Any:
        """Ask over the screen."""
        return await self.push_screen_wait(AskScreen(ask))

    def refresh_form(self) -> None:
        """Draw the form again."""
        self._account_screen.redraw()

    def action_leave(self) -> None:
        """Leave; ask first if something would be lost, but not a second time."""
        if isinstance(self.screen, AskScreen):
            self._end_with(0)
        elif self.flow.would_lose:
            self.run_worker(self._leave())
        else:
            self.exit(self.flow.done)

    def action_stop(self) -> None:
        """Stop this process, as Ctrl+Z does where the terminal handles it; ``fg`` goes on."""
        os.kill(os.getpid(), signal.SIGTSTP)

    def action_repaint(self) -> None:
        """Send everything again, after another program has written on the screen."""
        driver = textual_internals.driver_of(self)
        if isinstance(driver, DiffDriver):
            driver.forget_screen()
        self.screen.refresh()

    async def _leave(self) -> None:
        self._asking_to_leave = True
        answer = await self.ask(leave_question(can_keep=self.flow.can_keep))
        self._asking_to_leave = False
        if answer is Leave.STAY:
            return
        if answer is Leave.KEEP:
            self.kept = self.flow.keep()
        else:
            self.flow.discard()
        self.exit(None)

    @property
    def crash(self) -> Exception | None:
        """The unexpected error that ended the wizard."""
        error = textual_internals.unexpected_error(self)
        return error.error if isinstance(error, WorkerFailed) else error  # type: ignore[return-value]

    def panic(self, *renderables: object) -> None:
        """End silently: what textual would show may hold a secret."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """Keep what was entered and end; the command line writes the report."""
        self.stage = type(self.screen).__name__
        with suppress(Exception):
            self.kept = self.kept or self.flow.keep()
        textual_internals.end_at_once(self)

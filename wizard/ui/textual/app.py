"""A surface for the flow on the full screen, with one screen for each step."""

from __future__ import annotations

import asyncio
import gc
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.worker import WorkerFailed

from wizard.config.draft import Draft
from wizard.text.language import N_
from wizard.ui.steps.flow import Flow
from wizard.ui.steps.model import Navigation, Step, StepForm, StepResult
from wizard.ui.steps.pages import Page, Question
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual import textual_internals
from wizard.ui.textual.basics import PlainText
from wizard.ui.textual.dialogs import QuestionScreen
from wizard.ui.textual.step_screen import StepScreen
from wizard.ui.textual.terminal import DiffDriver, FullScreenDriver
from wizard.ui.textual.type_ahead import TypeAheadApp

if TYPE_CHECKING:  # screens are imported when they are shown, so that the first comes sooner
    from wizard.ui.steps.done import Done
    from wizard.ui.steps.review import Review
    from wizard.ui.steps.summary import Action


class WizardApp(TypeAheadApp["Done"]):
    """Returns what was written and what to do now; None if nothing was written."""

    CSS: ClassVar[str] = (pkgutil.get_data("wizard.ui.textual", "wizard.tcss") or b"").decode()
    """Read like a module, because the program may be a single archive."""
    theme: Reactive[str] = Reactive("ansi-dark")  # set later, the style sheet would be parsed twice
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012  (textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", N_("Quit"), priority=True),
        Binding("ctrl+c", "leave", show=False),
        Binding("ctrl+l", "repaint", show=False, priority=True),
    ]
    loop: asyncio.AbstractEventLoop | None = None
    """The loop that the wizard runs in; None before that."""
    kept = False
    """Whether what was entered is kept for the next start."""
    stage = ""
    """The step at which an unexpected error ended the wizard."""

    def __init__(self, session: WizardSession) -> None:
        super().__init__()
        self.session = session
        self.flow = Flow(session, self)
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

    async def ask(self, form: StepForm, steps: Sequence[Step]) -> StepResult:
        """Show the form."""
        from wizard.ui.textual.form_screen import FormScreen

        return await self.push_screen_wait(FormScreen(form, steps))

    async def test(self, draft: Draft, steps: Sequence[Step]) -> StepResult:
        """Show the live test."""
        from wizard.ui.textual.live_test_screen import LiveTestScreen

        return await self.push_screen_wait(LiveTestScreen(self.session, draft, steps))

    async def review(self, review: Review, steps: Sequence[Step]) -> Navigation:
        """Show every line that will change."""
        from wizard.ui.textual.review_screen import ReviewScreen

        await self._end_if_signalled()
        return (await self.push_screen_wait(ReviewScreen(self.session, review, steps))).move

    async def summary(
        self, draft: Draft, chosen: Step | Action | None, learn: Callable[[], Awaitable[Draft]]
    ) -> Step | Action:
        """Show what is set."""
        from wizard.ui.textual.summary_screen import SummaryScreen

        return await self.push_screen_wait(SummaryScreen(self.session, draft, chosen, learn))

    async def confirm(self, question: Question) -> bool:
        """Ask over the screen."""
        return await self.push_screen_wait(QuestionScreen(question))

    async def page(self, page: Page) -> None:
        """Show a text over the screen."""
        from wizard.ui.textual.dialogs import PageScreen

        await self.push_screen_wait(PageScreen(page))

    async def done(self, done: Done) -> Done:
        """Show what was written; it is printed again after the full screen."""
        from wizard.ui.textual.done_screen import DoneScreen

        await self._end_if_signalled()
        return await self.push_screen_wait(DoneScreen(done))

    def waiting(self, message: str) -> None:
        """Write on the empty screen, which is seen while there is no other."""
        empty = self.screen_stack[0]
        empty.remove_children()
        if message:
            empty.mount(PlainText(message, classes="waiting"))

    def entered(self) -> Draft:
        """Return the draft with what is on the screen now, below questions and pages."""
        screen = self._step_screen()
        return self.flow.draft if screen is None else screen.collect()

    def _step_screen(self) -> StepScreen | None:
        return next((s for s in reversed(self.screen_stack) if isinstance(s, StepScreen)), None)

    def action_leave(self) -> None:
        """Leave; ask first if something would be lost, but not a second time."""
        if self.flow.done is not None or isinstance(self.screen, QuestionScreen):
            self._end_with(0)
        else:
            self.run_worker(self._leave())

    def action_repaint(self) -> None:
        """Send everything again, after another program has written on the screen."""
        driver = textual_internals.driver_of(self)
        if isinstance(driver, DiffDriver):
            driver.forget_screen()
        self.screen.refresh()

    async def _leave(self) -> None:
        self._asking_to_leave = True
        if await self.flow.may_leave(self.entered()):
            self.exit(None)
        self._asking_to_leave = False

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
        if (screen := self._step_screen()) is not None:
            self.stage = screen.heading.step.value
        with suppress(Exception):
            self.kept = self.kept or self.flow.keep()
        textual_internals.end_at_once(self)

"""The wizard on the full screen: a surface for the flow, with one screen for each step."""

from __future__ import annotations

import asyncio
import gc
import pkgutil
from collections.abc import Sequence
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
from wizard.ui.textual.dialogs import QuestionScreen
from wizard.ui.textual.step_screen import StepScreen
from wizard.ui.textual.terminal import DiffDriver, FullScreenDriver
from wizard.ui.textual.type_ahead import TypeAheadApp

if TYPE_CHECKING:  # of the screens, each is imported when it is shown: the first one comes sooner
    from wizard.ui.steps.done import Done
    from wizard.ui.steps.review import Review
    from wizard.ui.steps.summary import Action


class WizardApp(TypeAheadApp["Done"]):
    """Returns what was written and what to do now; None when nothing was written."""

    CSS: ClassVar[str] = (pkgutil.get_data("wizard.ui.textual", "wizard.tcss") or b"").decode()
    """Read like a module, since the program may be a single archive."""
    theme: Reactive[str] = Reactive("ansi-dark")  # on the class: else the style sheet is read twice
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012  (textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", N_("Quit"), priority=True),
        Binding("ctrl+c", "leave", show=False),
        Binding("ctrl+l", "repaint", show=False, priority=True),
    ]
    loop: asyncio.AbstractEventLoop | None = None
    """Where the wizard runs; None before it does."""
    kept = False
    """Whether what was entered is kept for the next start."""
    stage = ""
    """The step at which an unexpected error has ended the wizard."""

    def __init__(self, session: WizardSession) -> None:
        super().__init__()
        self.session = session
        self.flow = Flow(session, self)
        self.driver_class = DiffDriver
        self._end: int | None = None
        self._asked = False
        self.animation_level = "none"

    def on_load(self) -> None:
        """Listen to signals, before the terminal is touched."""
        self.loop = asyncio.get_running_loop()

    def on_ready(self) -> None:
        """Collect garbage from now on: what was loaded up to the first frame, stays."""
        gc.freeze()
        gc.enable()

    def on_mount(self) -> None:
        """Start the flow."""
        self.run_worker(self._run_flow())

    async def _run_flow(self) -> None:
        self.exit(await self.flow.run(), return_code=self._end or 0)

    def end_on_signal(self, number: int) -> None:
        """End as a signal asks, and keep what was entered."""
        self._end_with(128 + number)

    def interrupt(self) -> None:
        """Ask whether to leave; end if that has been asked already."""
        if self._asked:
            self._end_with(0)
        else:
            self.action_leave()

    def end_without_loop(self) -> bool:
        """Save and restore what can be without the loop; not while files are written."""
        if self.flow.writing:
            return False
        self.kept = self.kept or self.flow.keep()
        if isinstance(self._driver, FullScreenDriver):
            self._driver.give_back_now()
        return True

    def _end_with(self, code: int) -> None:
        if self._end is not None:  # a shell that loses its terminal hands the signal on
            return
        self._end = code
        if not self.flow.writing:
            self._end_now()

    def _end_now(self) -> None:
        """End without asking; what was entered is kept."""
        self.kept = self.flow.keep()
        self.exit(self.flow.done, return_code=self._end or 0)

    async def _end_if_asked(self) -> None:
        """End after the writing, if that was asked for meanwhile; the flow goes no further."""
        if self._end is not None:
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

        await self._end_if_asked()
        return (await self.push_screen_wait(ReviewScreen(self.session, review, steps))).move

    async def summary(self, draft: Draft, chosen: Step | Action | None) -> Step | Action:
        """Show what is set."""
        from wizard.ui.textual.summary_screen import SummaryScreen

        return await self.push_screen_wait(SummaryScreen(self.session, draft, chosen))

    async def confirm(self, question: Question) -> bool:
        """Ask over the screen."""
        return await self.push_screen_wait(QuestionScreen(question))

    async def page(self, page: Page) -> None:
        """Show a text over the screen."""
        from wizard.ui.textual.dialogs import PageScreen

        await self.push_screen_wait(PageScreen(page))

    async def done(self, done: Done) -> Done:
        """Show what was written; it is printed once more when the screen is left."""
        from wizard.ui.textual.done_screen import DoneScreen

        await self._end_if_asked()
        return await self.push_screen_wait(DoneScreen(done))

    def entered(self) -> Draft:
        """Return the draft with what stands on the screen now, below questions and pages."""
        step = self._step()
        return self.flow.draft if step is None else step.collect()

    def _step(self) -> StepScreen | None:
        return next((s for s in reversed(self.screen_stack) if isinstance(s, StepScreen)), None)

    def action_leave(self) -> None:
        """Leave; ask first if something would be lost, but not twice."""
        if self.flow.done is not None or isinstance(self.screen, QuestionScreen):
            self._end_with(0)
        else:
            self.run_worker(self._leave())

    def action_repaint(self) -> None:
        """Send everything again, after something else has written on the screen."""
        if isinstance(self._driver, DiffDriver):
            self._driver.forget()
        self.screen.refresh()

    async def _leave(self) -> None:
        self._asked = True
        if await self.flow.may_leave(self.entered()):
            self.exit(None)
        self._asked = False

    @property
    def crash(self) -> Exception | None:
        """The unexpected error that has ended the wizard."""
        error = textual_internals.unexpected_error(self)
        return error.error if isinstance(error, WorkerFailed) else error  # type: ignore[return-value]

    def panic(self, *renderables: object) -> None:
        """End without a word: what textual would show may hold a secret."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """Keep what was entered and end; the command line writes the report."""
        if (step := self._step()) is not None:
            self.stage = step.heading.step.value
        with suppress(Exception):
            self.kept = self.kept or self.flow.keep()
        textual_internals.end_at_once(self)

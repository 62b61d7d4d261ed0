"""A surface for the flow that only writes and reads lines, and a run of the wizard on it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from wizard.config.draft import Draft
from wizard.server.reload import STOPPED, WAITING
from wizard.system.crash_report import StepCrashed
from wizard.text.language import N_, _
from wizard.ui.plain.form import FormDialogue
from wizard.ui.plain.live_test import TestDialogue
from wizard.ui.plain.prompt import COMMANDS, SKIP_HINT, GoBack, Prompt
from wizard.ui.plain.terminal import InputEnded, InputInterrupted, LineTerminal
from wizard.ui.steps import done as finished
from wizard.ui.steps import live_test, summary
from wizard.ui.steps.done import Done
from wizard.ui.steps.flow import Flow
from wizard.ui.steps.model import Heading, Navigation, Step, StepForm, StepResult
from wizard.ui.steps.pages import Page, Question
from wizard.ui.steps.review import HEADING, LEGEND, Review
from wizard.ui.steps.session import WizardSession
from wizard.ui.steps.summary import Action

_STEP = N_("Step {number} of {count}: {name}")


class OperatorLeft(Exception):
    """The operator has left the wizard and accepted what is lost."""


class PlainSurface:
    """Implements :class:`wizard.ui.steps.flow.Surface`.

    Every question may raise :class:`OperatorLeft` or :class:`InputEnded`.
    """

    def __init__(self, session: WizardSession, terminal: LineTerminal) -> None:
        self.flow = Flow(session, self)
        self.signal_number = 0
        """The signal that ends the wizard; 0 if there is none."""
        self.kept = False
        """Whether what was entered is kept for the next start."""
        self.result_shown = False
        """Whether the operator has read what was written."""
        self.stage = ""
        """The current step, for a crash report."""
        self._session = session
        self._terminal = terminal
        self._prompt = Prompt(terminal, self._leave)
        self._entered = self.flow.draft

    async def run(self) -> Done | None:
        """Lead the operator through; return None when nothing was written."""
        try:
            self._terminal.say(_(COMMANDS))
            return await self.flow.run()
        except OperatorLeft:
            return None
        except (InputEnded, asyncio.CancelledError):
            self.kept = self.flow.keep()
            return self.flow.done

    def waiting(self, message: str) -> None:
        """Say what the next question waits for."""
        self._say(message)

    def entered(self) -> Draft:
        """Return the draft with every answer so far."""
        return self._entered

    async def ask(self, form: StepForm, steps: Sequence[Step]) -> StepResult:
        """Ask for one field after another."""
        self._say_heading(form.HEADING, steps)
        dialogue = FormDialogue(form, self._terminal, self._prompt, self._enter)
        return StepResult(await dialogue.run(), self._entered)

    async def test(self, draft: Draft, steps: Sequence[Step]) -> StepResult:
        """Run the live test, and offer what can be done about its result."""
        self._say_heading(live_test.HEADING, steps)
        dialogue = TestDialogue(self._session, self._terminal, self._prompt, self._enter)
        return StepResult(await dialogue.run(draft), self._entered)

    async def review(self, review: Review, steps: Sequence[Step]) -> Navigation:
        """Show everything that will change, and ask whether to write it."""
        self._end_if_asked()
        self._enter(review.draft)
        self._say_heading(HEADING, steps)
        self._say(review.failure, review.unchanged, _(LEGEND) if review.files else "")
        for file in review.files:
            self._say(file.heading, *file.diff)
        self._say(*review.stores, review.consequence, *review.warnings)
        options = [(review.write, Navigation.NEXT), (_(live_test.BACK), Navigation.BACK)]
        try:
            # Writing needs a number: Enter alone is not enough.
            return await self._prompt.choice(options, Navigation.NEXT if review.unchanged else None)
        except GoBack:
            return Navigation.BACK

    async def summary(
        self, draft: Draft, chosen: Step | Action | None, learn: Callable[[], Awaitable[Draft]]
    ) -> Step | Action:
        """Offer what can be changed, by number."""
        draft = await learn()
        self._enter(draft)
        await self._session.wait_for_check()
        self._prompt.explanation = _(summary.HELP_IN_LINES)
        hint = self._session.hints.get(Step.FILES.value, "")
        self._say("\n" + _(summary.TITLE), str(self._session.current.layout.config), hint)
        rows = summary.rows(self._session, draft)
        options = [(f"{row.label}: {row.value}".removesuffix(": "), row.choice) for row in rows]
        try:
            return await self._prompt.choice(options)
        except GoBack:
            return Action.LEAVE

    async def confirm(self, question: Question) -> bool:
        """Offer no and yes by number; Ctrl+C leaves without another question."""
        self._say(question.text)
        if question.yes is None:
            return False
        prompt = Prompt(self._terminal, _leave_at_once)
        prompt.explanation = question.text
        try:
            return await prompt.choice([(question.no, False), (question.yes, True)], False)
        except GoBack:
            return False

    async def page(self, page: Page) -> None:
        """Print the text."""
        self._say("\n" + page.title, page.text)

    async def done(self, done: Done) -> Done:
        """Say what was written, what the server makes of it, and what to do now."""
        self._end_if_asked()
        self._say("\n" + _(finished.TITLE), *done.written)
        if done.watch is not None:
            self._say(f"{_(WAITING, seconds=done.watch.timeout)} {_(SKIP_HINT)}")
            try:
                done = done.with_outcome(await self._terminal.run(done.watch.outcome()))
            except InputInterrupted:
                self._say(_(STOPPED))
            self._say(*done.verdict)
        self._say(_(finished.NOW), *map(str, done.steps))
        self.result_shown = True
        return done

    def _end_if_asked(self) -> None:
        """End if a signal came while files were being written."""
        if self.signal_number:
            raise InputEnded

    async def _leave(self) -> None:
        if await self.flow.may_leave(self._entered):
            raise OperatorLeft

    def _enter(self, draft: Draft) -> None:
        self._entered = draft

    def _say_heading(self, heading: Heading, steps: Sequence[Step]) -> None:
        explanation = heading.help_in_lines or heading.help
        self._prompt.explanation = _(explanation)
        self.stage = heading.step.value
        progress = ""
        if heading.step in steps:
            number = steps.index(heading.step) + 1
            progress = _(_STEP, number=number, count=len(steps), name=_(self.stage))
        self._terminal.say("")
        self._say(progress, _(heading.title), self._session.hints.get(self.stage, ""))

    def _say(self, *texts: str) -> None:
        for text in texts:
            if text:
                self._terminal.say(text)


async def _leave_at_once() -> None:
    """End without an answer, so that what was entered is kept."""
    raise InputEnded


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run of the wizard ended."""

    done: Done | None
    """What was written; None if nothing was."""
    result_shown: bool
    """Whether the operator has read that already."""
    kept: bool
    """Whether what was entered is kept for the next start."""
    signal_number: int
    """The signal that ended it; 0 if none did."""


class PlainWizard:
    """One run on standard input and output; signals end it through the methods after ``run``."""

    loop: asyncio.AbstractEventLoop | None = None
    """The loop that it runs in; None before that."""

    def __init__(self, session: WizardSession) -> None:
        self._terminal = LineTerminal()
        self._surface = PlainSurface(session, self._terminal)
        self._running: asyncio.Future[Done | None] | None = None

    def run(self) -> RunResult:
        """Run to the end; raise :class:`StepCrashed` for a defect."""
        return asyncio.run(self._run())

    async def _run(self) -> RunResult:
        self.loop = asyncio.get_running_loop()
        # Ctrl+\ would leave a terminal that does not show what is typed.
        self.loop.add_signal_handler(signal.SIGQUIT, self.end_on_signal, signal.SIGQUIT)
        surface = self._surface
        with self._terminal:
            self._running = asyncio.ensure_future(surface.run())
            try:
                done = await self._running
            except Exception as error:
                surface.flow.keep()
                raise StepCrashed(surface.stage) from error
        return RunResult(done, surface.result_shown, surface.kept, surface.signal_number)

    def end_on_signal(self, number: int) -> None:
        """End because of a signal, but only after files that are being written."""
        self._surface.signal_number = number
        if self._running is not None and not self._surface.flow.writing:
            self._running.cancel()

    def interrupt(self) -> None:
        """Act as on Ctrl+C."""
        self._terminal.interrupt()

    def end_without_loop(self) -> bool:
        """Save and restore what is possible without the loop; not while files are written."""
        if self._surface.flow.writing:
            return False
        self._surface.flow.keep()
        self._terminal.restore()
        return True

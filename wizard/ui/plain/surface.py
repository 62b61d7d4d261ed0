"""A surface for the flow that only writes and reads lines, and a run of the wizard on it."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from wizard.server.reload import STOPPED, WAITING
from wizard.system.crash_report import StepCrashed
from wizard.text.display import short_path
from wizard.text.language import _
from wizard.ui.account.done import NOW, Done, numbered
from wizard.ui.account.flow import Flow
from wizard.ui.account.form import AccountForm
from wizard.ui.account.pages import Leave, how_it_is_written, leave_question
from wizard.ui.account.review import Review
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action, Line, Mark, PanelView, Question
from wizard.ui.plain.account import AccountDialogue
from wizard.ui.plain.prompt import COMMANDS, REVIEW, GoBack, Prompt
from wizard.ui.plain.terminal import InputEnded, LineTerminal


class OperatorLeft(Exception):
    """The operator has left the wizard, and said what becomes of what was entered."""


class PlainWizard:
    """One run on standard input and output; signals end it through the methods after ``run``.

    Implements :class:`wizard.ui.account.flow.Surface`. Every question may raise
    :class:`OperatorLeft` or :class:`InputEnded`.
    """

    loop: asyncio.AbstractEventLoop | None = None
    """The loop that it runs in; None before that."""
    signal_number = 0
    """The signal that ends the wizard; 0 if there is none."""
    kept = False
    """Whether what was entered is kept for the next start."""
    result_shown = False
    """Whether the operator has read what was written."""
    stage = ""
    """What the operator was shown last, for a crash report."""

    def __init__(self, session: WizardSession) -> None:
        self.flow = Flow(session, self)
        self._terminal = LineTerminal()
        self._prompt = Prompt(self._terminal, self._leave)
        self._running: asyncio.Future[Done | None] | None = None

    def run(self) -> None:
        """Run to the end; raise :class:`StepCrashed` for a defect."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        # Ctrl+\ would leave a terminal that does not show what is typed.
        self.loop.add_signal_handler(signal.SIGQUIT, self.end_on_signal, signal.SIGQUIT)
        with self._terminal:
            self._running = asyncio.ensure_future(self.flow.run())
            try:
                await self._running
            except OperatorLeft:
                pass
            except (InputEnded, asyncio.CancelledError):
                self.kept = self.flow.keep()
            except Exception as error:
                self.flow.keep()
                raise StepCrashed(self.stage) from error

    def end_on_signal(self, number: int) -> None:
        """End because of a signal, but only after files that are being written."""
        self.signal_number = number
        if self._running is not None and not self.flow.writing:
            self._running.cancel()

    def interrupt(self) -> None:
        """Act as on Ctrl+C."""
        self._terminal.interrupt()

    def end_without_loop(self) -> bool:
        """Save and restore what is possible without the loop; not while files are written."""
        if self.flow.writing:
            return False
        self.flow.keep()
        self._terminal.restore()
        return True

    async def account(self, form: AccountForm) -> Action:
        """Ask for what is missing, and for what to change."""
        if not self.stage:
            self._introduce(form)
        self.stage = "account"
        return await AccountDialogue(form, self._terminal, self._prompt).run()

    def _introduce(self, form: AccountForm) -> None:
        path = short_path(form.session.current.layout.config)
        title = _("Mail for BOMnipotent Server, {path}.", path=path)
        promise = _("Nothing is written before you say so.")
        first = _("At the first question, < shows all fields.") if form.is_new else ""
        self._terminal.say(f"{title} {promise} {_(COMMANDS)} {first}".rstrip())
        for notice in (*form.session.notices, *form.resumed):
            self._terminal.say(notice, "!")

    async def review(self, review: Review) -> bool:
        """Say what is wrong, then what will change, and ask whether to write it."""
        self._end_if_asked()
        self.stage = "review"
        if review.troubles is not None:
            self._terminal.say_panel(review.troubles)
        if review.tested:
            self._terminal.say(review.tested, Mark.PASSED)
        for file in review.files:
            self._terminal.say(f"{file.path}, {file.change}:")
            for row in file.rows:
                self._terminal.say(row.text, f"{row.number:4} {row.sign}")
        for note in review.notes:
            self._terminal.say(note)
        self._prompt.explanation = "\n".join(line.text for line in how_it_is_written().lines)
        question = _("Enter goes back, 9 writes anyway: ")
        if not review.hesitates:
            question = _("Enter writes, < goes back: ")
        if not review.changes:
            question = _("Enter closes, < goes back: ")
        try:
            number = await self._prompt.number(question, [REVIEW] if review.hesitates else [])
        except GoBack:
            return False
        return not review.hesitates or number == REVIEW

    async def done(self, done: Done) -> tuple[Done, bool]:
        """Say what was written, what the server makes of it, and what to do now."""
        self._end_if_asked()
        self.stage = "done"
        self._terminal.say_panel(done.panel)
        if done.watch is not None:
            waiting = _(WAITING, seconds=done.watch.timeout)
            outcome = await self._prompt.wait(done.watch.outcome(), waiting, 0)
            if outcome is None:
                self._terminal.say(_(STOPPED))
            else:
                done = done.with_outcome(outcome)
                self._terminal.say_panel(PanelView("", [Line(text=text) for text in done.verdict]))
        self._terminal.say_panel(PanelView(_(NOW), list(numbered(done.steps))))
        self.result_shown = True
        if not done.can_fix:
            return done, False
        self._prompt.explanation = done.panel.title
        try:
            fix = await self._prompt.number(_("Enter closes, 9 fixes it now: "), [REVIEW])
        except GoBack:
            return done, True
        return done, fix is not None

    async def ask(self, ask: Question) -> Any:
        """Ask by numbers; Ctrl+C ends the wizard without another question."""
        self._terminal.say(f"{ask.title} {ask.text}")
        for number, (words, _answer) in enumerate(ask.answers, 1):
            self._terminal.say(words, str(number))
        prompt = Prompt(self._terminal, _leave_at_once)
        prompt.explanation = ask.text
        try:
            chosen = await prompt.number(_("Number [1]: "), range(1, len(ask.answers) + 1))
        except GoBack:
            chosen = None
        return ask.answers[(chosen or 1) - 1][1]

    def refresh_form(self) -> None:
        """Do nothing: the form is shown with the next question."""

    def _end_if_asked(self) -> None:
        """End if a signal came while files were being written."""
        if self.signal_number:
            raise InputEnded

    async def _leave(self) -> None:
        """Leave; ask first if something would be lost."""
        answer = Leave.DISCARD
        if self.flow.would_lose:
            answer = await self.ask(leave_question(can_keep=self.flow.can_keep))
        if answer is Leave.STAY:
            return
        if answer is Leave.KEEP:
            self.kept = self.flow.keep()
        elif self.flow.done is None:
            self.flow.discard()
        raise OperatorLeft


async def _leave_at_once() -> None:
    """End without an answer, so that what was entered is kept."""
    raise InputEnded

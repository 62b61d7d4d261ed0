"""The wizard itself: the flow, from the first step to the written files."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.segment import Segments
from rich.traceback import Traceback
from textual.binding import Binding, BindingType

from wizard import advice
from wizard.background import in_background
from wizard.current import Current
from wizard.draft import Draft
from wizard.errors import WizardError
from wizard.plan import Plan, make_plan
from wizard.secret import Keep
from wizard.stores import where
from wizard.stores.os_keyring import KeyringStore
from wizard.stores.store import Store, StoreName
from wizard.tui.screens.delivery import DeliveryScreen
from wizard.tui.screens.done import DoneScreen
from wizard.tui.screens.files import FilesScreen
from wizard.tui.screens.live_test import LiveTestScreen
from wizard.tui.screens.page import PageScreen
from wizard.tui.screens.question import QuestionScreen
from wizard.tui.screens.review import ReviewScreen
from wizard.tui.screens.secret import SecretScreen
from wizard.tui.screens.server import ServerScreen
from wizard.tui.screens.summary import Action, SummaryScreen
from wizard.tui.screens.user import UserScreen
from wizard.tui.session import Session, Step
from wizard.tui.step import Move, StepResult, StepScreen
from wizard.tui.type_ahead import TypeAheadApp

_SCREENS: dict[Step, type[StepScreen]] = {
    Step.FILES: FilesScreen,
    Step.DELIVERY: DeliveryScreen,
    Step.USER: UserScreen,
    Step.SERVER: ServerScreen,
    Step.SECRET: SecretScreen,
    Step.TEST: LiveTestScreen,
}
_SKIPPED = (Step.USER, Step.SERVER, Step.SECRET, Step.TEST)


class WizardApp(TypeAheadApp[tuple[str, ...]]):
    """Returns what was written and what to do now, as lines; None when nothing was written."""

    CSS_PATH: ClassVar[str | Path] = "wizard.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012  (textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", priority=True),
        Binding("ctrl+c", "leave", "Quit", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.draft = Draft.of(session.current)
        self._written: tuple[str, ...] | None = None
        self._last_move = Move.NEXT
        self.theme = "ansi-dark"
        self.animation_level = "none"

    def on_mount(self) -> None:
        """Start the flow."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._end_by, number)
        for name, store in self.session.stores.items():
            # The keyring's own way leaves no thread behind that could hang.
            looking = store.look_async() if isinstance(store, KeyringStore) else None
            look = looking or in_background(store.look)
            self.session.looks[name] = asyncio.ensure_future(look)
        if self.session.check is not None:
            self.session.checking = asyncio.ensure_future(in_background(self.session.check))
        self.run_worker(self._flow())

    def _end_by(self, number: signal.Signals) -> None:
        """Restore the terminal, and end as the signal asks; a second one ends at once."""
        asyncio.get_running_loop().remove_signal_handler(number)
        self.exit(None, return_code=128 + number)

    async def _flow(self) -> None:
        first_time = not self.session.current.configured and self.session.current.view.skip is None
        misnamed = bool(self.session.current.view.misnamed)
        written = await (self._first_run() if first_time and not misnamed else self._reconfigure())
        self.exit(written)

    async def _first_run(self) -> tuple[str, ...] | None:
        """Ask for everything, step by step; back from the first step leaves."""
        steps = (*_SCREENS, Step.REVIEW)
        while True:
            written = await self._walk(steps)
            if written is not None or await self._confirm_leaving():
                return written

    async def _reconfigure(self) -> tuple[str, ...] | None:
        """Show what is set; change any part directly; then test, review and write."""
        chosen: Step | Action | None = None
        while True:
            chosen = await self.push_screen_wait(SummaryScreen(self.session, self.draft, chosen))
            match chosen:
                case Action.LEAVE:
                    if await self._confirm_leaving():
                        return None
                case Action.FINDINGS:
                    await self.push_screen_wait(PageScreen("Check", self._findings()))
                case Action.RENAME:
                    self._rename_section()
                case Action.WRITE:
                    written = await self._walk(self._last_steps())
                    if written is not None:
                        return written
                case Step():
                    await self._ask(chosen, ())

    def _last_steps(self) -> tuple[Step, ...]:
        """Return the steps before writing: the first part that is not right yet comes first."""
        problems = () if self.draft.skip else tuple(self.draft.problems(self.session.current))
        asks = {field: step for step, screen in _SCREENS.items() for field in screen.FIELDS}
        wrong = tuple(dict.fromkeys(asks[field] for field in problems))
        changed = self.draft != Draft.of(self.session.current)
        test = (Step.TEST,) if changed else ()
        return (*wrong, *test, Step.REVIEW)

    async def _walk(self, steps: Sequence[Step]) -> tuple[str, ...] | None:
        """Go through ``steps``, back and forth; None when the operator backs out of the first."""
        index = 0
        while index >= 0:
            step = steps[index]
            if self.draft.skip and step in _SKIPPED:
                move = self._last_move
            elif step is Step.REVIEW:
                written = await self._review(steps)
                if written is not None:
                    return written
                move = Move.BACK
            else:
                move = await self._ask(step, steps)
            self._last_move = move
            index += 1 if move is Move.NEXT else -1
        return None

    async def _ask(self, step: Step, steps: Sequence[Step]) -> Move:
        shown = [each for each in steps if not (self.draft.skip and each in _SKIPPED)]
        result: StepResult = await self.push_screen_wait(
            _SCREENS[step](self.session, self.draft, shown)
        )
        self.draft = result.draft
        return result.move

    async def _review(self, steps: Sequence[Step]) -> tuple[str, ...] | None:
        """Show the plan and write it; None when the operator goes back."""
        shown = [each for each in steps if not (self.draft.skip and each in _SKIPPED)]
        failure = ""
        draft = self._relevant()
        while True:
            try:
                plan = make_plan(self.session.current, draft, stores=self._store)
            except WizardError as error:
                await self.push_screen_wait(QuestionScreen(str(error), no="Back"))
                return None
            result = await self.push_screen_wait(
                ReviewScreen(self.session, draft, shown, plan, failure)
            )
            if result.move is Move.BACK:
                return None
            try:
                left = await asyncio.to_thread(plan.apply)
            except WizardError as error:
                failure = f"✗ Not written. {error}"
                continue
            return await self._done(draft, plan, tuple(f"! {each.message}" for each in left))

    async def _done(self, draft: Draft, plan: Plan, left: tuple[str, ...]) -> tuple[str, ...]:
        written = tuple(
            f"{'Created' if change.created else 'Changed'} {change.before.shown}"
            for change in plan.changes
            if change.changed
        )
        written += plan.about_stores + left
        steps = advice.next_steps(self.session.current, draft, plan)
        self._written = (*written, *steps)
        if plan.changed:
            await self.push_screen_wait(DoneScreen(written, steps))
        return self._written

    def _relevant(self) -> Draft:
        """Return the draft without what a skipped verification leaves out of account."""
        if not self.draft.skip:
            return self.draft
        stored = Draft.of(self.session.current)
        return replace(
            self.draft,
            user=stored.user,
            endpoint=stored.endpoint,
            starttls=stored.starttls,
            secret=Keep(),
        )

    def _store(self, current: Current, name: StoreName) -> Store:
        if name is StoreName.KEYRING:
            return where.keyring_store(current, self.session.accepted)
        return where.store(current, name)

    def _findings(self) -> str:
        return "\n\n".join(
            f"{finding.severity}: {finding.path}"
            f"{'' if finding.line is None else f', line {finding.line}'}\n"
            f"{finding.message}\n→ {finding.remedy}"
            for finding in self.session.findings
        )

    def _rename_section(self) -> None:
        self.session.current = self.session.current.with_section_renamed()
        self.draft = Draft.of(self.session.current)

    async def _confirm_leaving(self) -> bool:
        if self.draft == Draft.of(self.session.current):
            return True
        return await self.push_screen_wait(
            QuestionScreen(
                "Leave the wizard? What you entered is lost; no changes were made to any files.",
                yes="Leave",
                no="Stay",
            )
        )

    def action_leave(self) -> None:
        """Leave; ask first if something would be lost, but not twice."""
        if self._written is not None or isinstance(self.screen, QuestionScreen):
            self.exit(self._written)
            return
        screen = self.screen
        if isinstance(screen, StepScreen):
            self.draft = screen.collect()
        self.run_worker(self._leave())

    async def _leave(self) -> None:
        if await self._confirm_leaving():
            self.exit(None)

    def _fatal_error(self) -> None:
        """Show where it happened, but never the values: one of them may be the secret."""
        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(
            Segments(self.console.render(traceback, self.console.options))
        )
        self._close_messages_no_wait()

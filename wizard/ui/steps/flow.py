"""The flow of the wizard, from the first step to the written files, on any surface."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Protocol

from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.settings import SWITCHES, TEXT_KEYS
from wizard.errors import WizardError
from wizard.secrets.secret import Keep
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.system.state import may_hold_files
from wizard.text.language import _
from wizard.ui.steps import pages
from wizard.ui.steps.model import Navigation, Step, StepForm, StepResult
from wizard.ui.steps.pages import (
    findings_page,
    leave_question,
    notices_page,
    refusal_notice,
    resume_question,
)
from wizard.ui.steps.session import WizardSession

if TYPE_CHECKING:
    from wizard.saving.plan import Plan
    from wizard.ui.saved_draft import SavedDraft
    from wizard.ui.steps.done import Done
    from wizard.ui.steps.pages import Page, Question
    from wizard.ui.steps.review import Review
    from wizard.ui.steps.summary import Action


class Surface(Protocol):
    """Everything that the flow needs of a surface. Each method returns when the operator goes on.

    ``steps`` are all steps of the way that is being gone, for showing where it stands; it is
    empty where a single part is changed. Nothing here writes a file.
    """

    async def ask(self, form: StepForm, steps: Sequence[Step]) -> StepResult:
        """Let the form be filled in; going back returns what was entered, valid or not."""

    async def test(self, draft: Draft, steps: Sequence[Step]) -> StepResult:
        """Show the live test; the draft may come back with another form of the endpoint."""

    async def review(self, review: Review, steps: Sequence[Step]) -> Navigation:
        """Show what will be written; going on means to write it."""

    async def summary(self, draft: Draft, chosen: Step | Action | None) -> Step | Action:
        """Let a part be chosen; ``chosen`` was the last one."""

    async def confirm(self, question: Question) -> bool:
        """Ask; anything but the word for yes means no."""

    async def page(self, page: Page) -> None:
        """Show a text."""

    async def done(self, done: Done) -> Done:
        """Say what was written, and what to do now; return it with what the server has said.

        The operator may go on without waiting for that.
        """

    def entered(self) -> Draft:
        """Return the draft with what stands before the operator now; never validates."""


_PATIENCE = 5.0
"""Seconds that the operator waits for another process that writes."""
_SKIPPED = (Step.USER, Step.SERVER, Step.SECRET, Step.TEST)


class Flow:
    """One run of the wizard on one surface."""

    def __init__(self, session: WizardSession, surface: Surface) -> None:
        self.session = session
        self.draft = Draft.of(session.current)
        """What was entered in the steps that have been left; see also ``Surface.entered``."""
        self.done: Done | None = None
        """What was written; None before."""
        self.writing = False
        """Whether files are being written: no moment to end."""
        self._missed: frozenset[str] = frozenset()
        """Fields that were entered once, but could not be kept."""
        self._begun = False
        """Whether there is an answer to the offer of what was kept; until then, it stands."""
        self._surface = surface
        self._last_move = Navigation.NEXT

    async def run(self) -> Done | None:
        """Lead the operator through; return None when nothing was written."""
        self.session.start()
        try:
            if self.session.notices:
                await self._surface.page(notices_page(self.session.notices))
            await self._take_up()
            view = self.session.current.view
            first_time = not self.session.current.configured and view.skip is None
            await (self._first_run() if first_time and not view.misnamed else self._reconfigure())
        finally:
            self.session.end()
        return self.done

    async def may_leave(self, draft: Draft | None = None) -> bool:
        """Ask whether to leave if something would be lost: ``draft``, or what was entered."""
        self.draft = draft or self.draft
        leaves = self.draft == Draft.of(self.session.current)
        leaves = leaves or await self._surface.confirm(leave_question())
        if leaves and self._begun:
            self._forget()
        return leaves

    def keep(self) -> bool:
        """Keep what was entered for the next start, without the secret; return whether it is.

        For an end that the operator has not asked for, or has not confirmed.
        """
        if not self.session.lasting or self.done is not None:
            return False
        if not self._begun:
            return self._saved_draft() is not None
        from wizard.ui.saved_draft import save_draft

        return save_draft(self._surface.entered(), self.session.current)

    def _saved_draft(self) -> SavedDraft | None:
        if not (self.session.lasting and may_hold_files("drafts")):
            return None
        from wizard.ui.saved_draft import load_draft

        return load_draft(self.session.current)

    def _forget(self) -> None:
        if self.session.lasting:
            from wizard.ui.saved_draft import discard_draft

            discard_draft(self.session.current)

    async def _take_up(self) -> None:
        """Offer to go on with what was kept."""
        kept = self._saved_draft()
        if kept is not None and await self._surface.confirm(resume_question(kept)):
            self._forget()
        elif kept is not None:
            self.draft, self._missed = kept.draft, kept.left_out
        self._begun = True

    async def _first_run(self) -> None:
        """Ask for everything, step by step; back from the first step leaves."""
        steps = tuple(Step)
        while not await self._walk(steps):
            if await self.may_leave():
                return

    async def _reconfigure(self) -> None:
        """Show what is set; change any part directly; then test, review and write."""
        from wizard.ui.steps.summary import Action

        chosen: Step | Action | None = None
        while True:
            chosen = await self._surface.summary(self.draft, chosen)
            match chosen:
                case Action.LEAVE:
                    if await self.may_leave():
                        return
                case Action.FINDINGS:
                    await self._surface.page(findings_page(self.session.findings))
                case Action.RENAME:
                    self._rename_section()
                case Action.WRITE:
                    if await self._walk(self._last_steps()):
                        return
                case Step():
                    await self._ask(chosen, ())

    def _last_steps(self) -> tuple[Step, ...]:
        """Return the steps before writing: the first part that is not right yet comes first."""
        problems = () if self.draft.skip else (*self._still_missed(), *self._problems())
        asks = {field: step for step in ASKED for field in form_of(step).FIELDS}
        wrong = tuple(dict.fromkeys(asks[field] for field in problems))
        changed = self.draft != Draft.of(self.session.current)
        test = (Step.TEST,) if changed else ()
        return (*wrong, *test, Step.REVIEW)

    def _problems(self) -> Iterable[str]:
        return self.draft.problems(self.session.current)

    def _still_missed(self) -> Iterable[str]:
        """Return the fields that should be entered again, and have not been."""
        stored = Draft.of(self.session.current)
        return (
            name
            for name in sorted(self._missed)
            if getattr(self.draft, name) == getattr(stored, name)
        )

    async def _walk(self, steps: Sequence[Step]) -> bool:
        """Go through ``steps``, back and forth; False when the operator backs out of the first."""
        index = 0
        while index >= 0:
            step = steps[index]
            if self.draft.skip and step in _SKIPPED:
                move = self._last_move
            elif step is Step.REVIEW:
                if await self._review(steps):
                    return True
                move = Navigation.BACK
            else:
                move = await self._ask(step, steps)
            self._last_move = move
            index += 1 if move is Navigation.NEXT else -1
        return False

    async def _ask(self, step: Step, steps: Sequence[Step]) -> Navigation:
        shown = self._shown(steps)
        result: StepResult
        if step is Step.SERVER:
            self.session.discover(self.draft.user)
        if step is Step.TEST:
            result = await self._surface.test(self.draft, shown)
        else:
            result = await self._surface.ask(form_of(step)(self.session, self.draft), shown)
        self.draft = result.draft
        if step is Step.USER and result.move is Navigation.NEXT:
            self.session.discover(self.draft.user)
        return result.move

    def _shown(self, steps: Sequence[Step]) -> list[Step]:
        return [step for step in steps if not (self.draft.skip and step in _SKIPPED)]

    async def _review(self, steps: Sequence[Step]) -> bool:
        """Show the plan and write it; False when the operator goes back."""
        from wizard.saving.change import StoreOpener
        from wizard.saving.plan import make_plan
        from wizard.ui.steps.review import review_content

        failure = ""
        draft = self._relevant()
        while True:
            try:
                plan = make_plan(self.session.current, draft, stores=StoreOpener(self._open_store))
            except WizardError as error:
                await self._surface.confirm(refusal_notice(str(error)))
                return False
            shown = review_content(self.session, draft, plan, failure)
            if await self._surface.review(shown, self._shown(steps)) is Navigation.BACK:
                return False
            self.writing = True
            try:
                self.done = await asyncio.to_thread(self._write, draft, plan)
            except WizardError as error:
                failure = _("✗ Not written. {error}", error=error)
                if error.code == "file-changed" and self._read_again():
                    failure = _(pages.CHANGED_MEANWHILE)
                    draft = self._relevant()
                continue
            finally:
                self.writing = False
            self._forget()
            if plan.changed:
                self.done = await self._surface.done(self.done)
            return True

    def _write(self, draft: Draft, plan: Plan) -> Done:
        from wizard.saving.lock import lock_config
        from wizard.saving.transaction import recover_interrupted
        from wizard.server.reload import observe_server, watch_reload
        from wizard.ui.steps.done import done_screen_content

        now = self.session.current
        with lock_config(now.config.path, _PATIENCE):
            # Another process may have crashed meanwhile.
            left = recover_interrupted(now.config.path)
            server = observe_server(now)
            watch = watch_reload(server, draft, plan)
            left += plan.apply("wizard", keep=self.session.lasting)
        return done_screen_content(draft, plan, left, server, watch)

    def _read_again(self) -> bool:
        """Take over what somebody else has changed; what was entered here stays entered."""
        old = self.session.current
        try:
            new = load_config(old.layout, old.environ).with_stored()
        except WizardError:  # said when the operator starts again
            return False
        theirs, untouched = Draft.of(new), Draft.of(old)
        entered = {
            each.name: getattr(self.draft, each.name)
            for each in fields(Draft)
            if getattr(self.draft, each.name) != getattr(untouched, each.name)
        }
        self.session.current, self.draft = new, replace(theirs, **entered)
        return True

    def _relevant(self) -> Draft:
        """Return the draft without what a skipped verification leaves out of account."""
        if not self.draft.skip:
            return self.draft
        stored = Draft.of(self.session.current)
        unchanged = {key: getattr(stored, key) for key in (*TEXT_KEYS, *SWITCHES)}
        return replace(self.draft, **unchanged, secret=Keep())

    def _open_store(self, now: CurrentConfig, store: StoreKind) -> ExternalStore:
        return now.open_store(store, self.session.accepted(store))

    def _rename_section(self) -> None:
        self.session.current = self.session.current.with_section_renamed()
        self.draft = Draft.of(self.session.current)


ASKED = (Step.FILES, Step.DELIVERY, Step.USER, Step.SERVER, Step.SECRET)
"""In the order in which they are asked."""


def form_of(step: Step) -> type[StepForm]:
    """Return what is asked at a step; imported at its turn, so that the first is shown sooner."""
    match step:
        case Step.FILES:
            from wizard.ui.steps.files import FilesStep

            return FilesStep
        case Step.DELIVERY:
            from wizard.ui.steps.delivery import DeliveryStep

            return DeliveryStep
        case Step.USER:
            from wizard.ui.steps.user import UserStep

            return UserStep
        case Step.SERVER:
            from wizard.ui.steps.mail_server import MailServerStep

            return MailServerStep
        case Step.SECRET:
            from wizard.ui.steps.secret import SecretStep

            return SecretStep
        case _:
            raise ValueError(step)

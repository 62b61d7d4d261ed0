"""The flow of the wizard, from the first step to the written files, on any surface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
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
    """What the flow needs of a surface. Each method returns when the operator goes on.

    ``steps`` are all steps of the present walk, to show the progress; empty when a single part is
    changed. Nothing here writes a file.
    """

    async def ask(self, form: StepForm, steps: Sequence[Step]) -> StepResult:
        """Show a form to fill in; going back returns what was entered, valid or not."""

    async def test(self, draft: Draft, steps: Sequence[Step]) -> StepResult:
        """Show the live test; the returned draft may have another form of the endpoint."""

    async def review(self, review: Review, steps: Sequence[Step]) -> Navigation:
        """Show what will be written; going on means writing it."""

    async def summary(
        self, draft: Draft, chosen: Step | Action | None, learn: Callable[[], Awaitable[Draft]]
    ) -> Step | Action:
        """Offer the parts to choose from; ``chosen`` was the last one.

        ``learn`` waits until everything about the server is known, and returns the draft as it is
        then.
        """

    async def confirm(self, question: Question) -> bool:
        """Ask; anything but an explicit yes means no."""

    async def page(self, page: Page) -> None:
        """Show a text."""

    async def done(self, done: Done) -> Done:
        """Say what was written and what to do now; return it with the server's verdict.

        The operator need not wait for the verdict.
        """

    def waiting(self, message: str) -> None:
        """Say what keeps the next step from being shown; an empty message ends that."""

    def entered(self) -> Draft:
        """Return the draft with what the operator has entered so far; never validates."""


_LOCK_SECONDS = 5.0
"""How long to wait for another process that writes."""
_COMPOSE_SECONDS = 1.0
"""How long the first screen waits for Compose."""
_SILENT_SECONDS = 0.5
"""How long a later one waits before that is explained."""
_NOT_ASKED_WHEN_SKIPPING = (Step.USER, Step.SERVER, Step.SECRET, Step.TEST)


class Flow:
    """One run of the wizard on one surface."""

    def __init__(self, session: WizardSession, surface: Surface) -> None:
        self.session = session
        self.draft = Draft.of(session.current)
        """What was entered in the finished steps; see also ``Surface.entered``."""
        self.done: Done | None = None
        """What was written; None before that."""
        self.writing = False
        """Whether files are being written, so that this is no time to end."""
        self._omitted: frozenset[str] = frozenset()
        """Fields that were entered earlier, but not saved."""
        self._resume_answered = False
        """Whether the operator has been asked about a saved draft; it is kept until then."""
        self._surface = surface
        self._last_move = Navigation.NEXT

    async def run(self) -> Done | None:
        """Lead the operator through; return None when nothing was written."""
        self.session.start()
        try:
            if self.session.notices:
                await self._surface.page(notices_page(self.session.notices))
            await self._offer_saved_draft()
            view = self.session.current.view
            first_time = not self.session.current.configured and view.skip is None
            await (self._first_run() if first_time and not view.misnamed else self._reconfigure())
        finally:
            self.session.end()
        return self.done

    async def may_leave(self, draft: Draft | None = None) -> bool:
        """Ask whether to leave if that loses something: ``draft``, or what was entered."""
        self.draft = draft or self.draft
        leaves = self.draft == Draft.of(self.session.current)
        leaves = leaves or await self._surface.confirm(leave_question())
        if leaves and self._resume_answered:
            self._discard_saved_draft()
        return leaves

    def keep(self) -> bool:
        """Save what was entered, without the secret, for the next start; return whether it is.

        For an end that the operator has not asked for, or has not confirmed.
        """
        if not self.session.persistent or self.done is not None:
            return False
        if not self._resume_answered:
            return self._saved_draft() is not None
        from wizard.ui.saved_draft import save_draft

        return save_draft(self._surface.entered(), self.session.current)

    def _saved_draft(self) -> SavedDraft | None:
        if not (self.session.persistent and may_hold_files("drafts")):
            return None
        from wizard.ui.saved_draft import load_draft

        return load_draft(self.session.current)

    def _discard_saved_draft(self) -> None:
        if self.session.persistent:
            from wizard.ui.saved_draft import discard_draft

            discard_draft(self.session.current)

    async def _offer_saved_draft(self) -> None:
        """Offer to go on with what was saved."""
        saved = self._saved_draft()
        if saved is not None and await self._surface.confirm(resume_question(saved)):
            self._discard_saved_draft()
        elif saved is not None:
            self.draft, self._omitted = saved.draft, saved.omitted
        self._resume_answered = True

    async def _first_run(self) -> None:
        """Ask for everything, step by step; going back from the first step leaves."""
        steps = tuple(Step)
        await self._learn_container(_COMPOSE_SECONDS)
        while not await self._walk(steps):
            if await self.may_leave():
                return

    async def _reconfigure(self) -> None:
        """Show what is set; change any part directly; then test, review and write."""
        from wizard.ui.steps.summary import Action

        chosen: Step | Action | None = None
        await self._learn_container(_COMPOSE_SECONDS)
        while True:
            chosen = await self._surface.summary(self.draft, chosen, self._learn_draft)
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
        """Return the steps before writing, beginning with the parts that are not right yet."""
        problems = () if self.draft.skip else (*self._still_omitted(), *self._problems())
        asks = {field: step for step in ASKED for field in form_of(step).FIELDS}
        wrong = tuple(dict.fromkeys(asks[field] for field in problems))
        changed = self.draft != Draft.of(self.session.current)
        test = (Step.TEST,) if changed else ()
        return (*wrong, *test, Step.REVIEW)

    def _problems(self) -> Iterable[str]:
        return self.draft.problems(self.session.current)

    def _still_omitted(self) -> Iterable[str]:
        """Return the fields that still have to be entered again."""
        stored = Draft.of(self.session.current)
        return (
            name
            for name in sorted(self._omitted)
            if getattr(self.draft, name) == getattr(stored, name)
        )

    async def _walk(self, steps: Sequence[Step]) -> bool:
        """Go through ``steps``, back and forth; False if the operator goes back from the first."""
        index = 0
        while index >= 0:
            step = steps[index]
            if self.draft.skip and step in _NOT_ASKED_WHEN_SKIPPING:
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
        if step is not Step.FILES:
            await self._learn_container()
        asked = self._asked_of(steps)
        result: StepResult
        if step is Step.SERVER:
            self.session.discover(self.draft.user)
        if step is Step.TEST:
            result = await self._surface.test(self.draft, asked)
        else:
            result = await self._surface.ask(form_of(step)(self.session, self.draft), asked)
        self.draft = result.draft
        if step is Step.USER and result.move is Navigation.NEXT:
            self.session.discover(self.draft.user)
        return result.move

    def _asked_of(self, steps: Sequence[Step]) -> list[Step]:
        skipped = _NOT_ASKED_WHEN_SKIPPING if self.draft.skip else ()
        return [step for step in steps if step not in skipped]

    async def _review(self, steps: Sequence[Step]) -> bool:
        """Show the plan and write it; False when the operator goes back."""
        from wizard.saving.change import StoreOpener
        from wizard.saving.plan import make_plan
        from wizard.ui.steps.review import review_content

        failure = ""
        await self._learn_container()
        draft = self._relevant_draft()
        while True:
            try:
                plan = make_plan(
                    self.session.current, draft, stores=StoreOpener(self._open_accepted_store)
                )
            except WizardError as error:
                await self._surface.confirm(refusal_notice(str(error)))
                return False
            review = review_content(self.session, draft, plan, failure)
            if await self._surface.review(review, self._asked_of(steps)) is Navigation.BACK:
                return False
            self.writing = True
            try:
                self.done = await asyncio.to_thread(self._write, draft, plan)
            except WizardError as error:
                failure = _("✗ Not written. {error}", error=error)
                if error.code == "file-changed" and await self._reload_files():
                    failure = _(pages.CHANGED_MEANWHILE)
                    draft = self._relevant_draft()
                continue
            finally:
                self.writing = False
            self._discard_saved_draft()
            if plan.changed:
                self.done = await self._surface.done(self.done)
            return True

    def _write(self, draft: Draft, plan: Plan) -> Done:
        from wizard.check.warnings import ask_container_again
        from wizard.saving.lock import lock_config
        from wizard.saving.transaction import recover_interrupted
        from wizard.server.reload import observe_server, watch_reload
        from wizard.ui.steps.done import done_screen_content

        current = self.session.current
        with lock_config(current.config.path, _LOCK_SECONDS):
            # Another process may have crashed meanwhile.
            findings = recover_interrupted(current.config.path)
            server = observe_server(current)
            watch = watch_reload(server, draft, plan)
            findings += plan.apply("wizard", keep=self.session.persistent)
        answer = ask_container_again(current, draft, plan)
        return done_screen_content(draft, plan, findings, server, watch, answer)

    async def _learn_container(self, seconds: float | None = None) -> None:
        """Wait for what Compose gives the server; what was entered stays."""
        old = self.session.current
        await self.session.learn_container(_SILENT_SECONDS if seconds is None else seconds)
        if seconds is None and self.session.asked_compose is not None:
            self._surface.waiting(_("Docker Compose is being asked what the server gets …"))
            await self.session.learn_container()
            self._surface.waiting("")
        if self.session.current is not old:
            self._take_over(old, self.session.current)

    async def _learn_draft(self) -> Draft:
        await self._learn_container()
        return self.draft

    async def _reload_files(self) -> bool:
        """Read what somebody else has changed, and keep what was entered here."""
        old = self.session.current

        def load() -> CurrentConfig:
            return load_config(old.layout, old.environ).with_container().with_stored()

        try:
            new = await asyncio.to_thread(load)
        except WizardError:  # the next start says so
            return False
        self._take_over(old, new)
        return True

    def _take_over(self, old: CurrentConfig, new: CurrentConfig) -> None:
        untouched = Draft.of(old)
        entered = {
            each.name: getattr(self.draft, each.name)
            for each in fields(Draft)
            if getattr(self.draft, each.name) != getattr(untouched, each.name)
        }
        self.session.current, self.draft = new, replace(Draft.of(new), **entered)

    def _relevant_draft(self) -> Draft:
        """Return the draft without the values that a skipped verification makes irrelevant."""
        if not self.draft.skip:
            return self.draft
        stored = Draft.of(self.session.current)
        unchanged = {key: getattr(stored, key) for key in (*TEXT_KEYS, *SWITCHES)}
        return replace(self.draft, **unchanged, secret=Keep(), relay=None)

    def _open_accepted_store(self, current: CurrentConfig, store: StoreKind) -> ExternalStore:
        return current.open_store(store, self.session.backend_needing_consent(store))

    def _rename_section(self) -> None:
        self.session.current = self.session.current.with_section_renamed()
        self.draft = Draft.of(self.session.current)


ASKED = (Step.FILES, Step.DELIVERY, Step.USER, Step.SERVER, Step.SECRET)
"""The steps with a form, in order."""


def form_of(step: Step) -> type[StepForm]:
    """Return the form of a step, imported only now so that the first step is shown sooner."""
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

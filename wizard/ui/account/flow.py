"""From the form to the written files, on any surface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.settings import SWITCHES, TEXT_KEYS
from wizard.errors import Finding, WizardError
from wizard.secrets.secret import Keep
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.system.state import may_hold_files, state_dir
from wizard.text.language import _
from wizard.ui.account.form import AccountForm
from wizard.ui.account.pages import resumed_notices
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action

if TYPE_CHECKING:
    from wizard.saving.plan import Plan
    from wizard.ui.account.done import Done
    from wizard.ui.account.review import Review
    from wizard.ui.account.view import Question
    from wizard.ui.saved_draft import SavedDraft


class Surface(Protocol):
    """What the flow needs of a surface. Each method returns when the operator goes on.

    Nothing here writes a file.
    """

    async def account(self, form: AccountForm) -> Action:
        """Show the form, and test it live, until the operator wants to review or to close."""

    async def review(self, review: Review) -> bool:
        """Show what will be written; return whether to write it."""

    async def done(self, done: Done) -> tuple[Done, bool]:
        """Say what was written and what to do now.

        Returns it with the server's verdict, for which the operator need not wait, and whether to
        go back to the form.
        """

    async def ask(self, ask: Question) -> Any:
        """Ask; without an answer, the first one counts."""

    def refresh_form(self) -> None:
        """Draw the form again, because something is known that was not before."""


_LOCK_SECONDS = 5.0
"""How long to wait for another process that writes."""


class Flow:
    """One run of the wizard on one surface."""

    def __init__(self, session: WizardSession, surface: Surface) -> None:
        self._surface = surface
        self.done: Done | None = None
        """What was written; None before that."""
        self.closed = False
        """Whether the operator closed the wizard with nothing to change."""
        self.writing = False
        """Whether files are being written, so that this is no time to end."""
        self._correcting = False
        """Whether the operator went back to the form after something was written."""
        self.saved: SavedDraft | None = None
        """What was entered in an earlier run, and put into the form."""
        session.rename_section()
        self._begun = False
        self.session = session
        self.form = AccountForm(session, Draft.of(session.current))

    async def run(self) -> Done | None:
        """Lead the operator through; return None when nothing was written."""
        self._begin(self.session)
        self._begun = True
        try:
            while True:
                if await self._surface.account(self.form) is Action.CLOSE:
                    self.closed = True
                    break
                if await self._review():
                    break
        finally:
            self.session.end()
        return self.done

    def _begin(self, session: WizardSession) -> None:
        """Start the checks of a session, and put back what was entered in an earlier run."""
        session.start()
        self.saved = self._saved_draft()
        if self.saved is not None:
            self.form = AccountForm(session, self.saved.draft, self.saved.omitted)
            self.form.resumed = resumed_notices(self.saved)
        if session.asked_compose is not None:
            session.asked_compose.add_done_callback(lambda _answer: self._learn_container())

    def _learn_container(self) -> None:
        """Make what Compose gives the server a part of the configuration."""
        before = self.form.stored
        if self.session.take_answer():
            self.form.rebase(before)
            self._surface.refresh_form()

    def open(self, path: Path) -> None:
        """Go on with another config.toml; what was entered is carried over.

        Raises a :class:`WizardError` where it cannot be used; then nothing has changed.
        """
        if self.session.open is None:
            return
        before, old = self.form.stored, self.form
        session = self.session.open(path)
        session.rename_section()
        self.session.end()
        self.session = session
        self.form = AccountForm(session, Draft.of(session.current))
        self._begin(session)
        self.form.carry_over(old, before)

    def place_of_file(self, path: str) -> str:
        """Say which config.toml this is, where there are several."""
        from wizard.config.layout import configs_here

        if self.session.open is None:
            return path
        present = self.session.current.layout.config
        paths = configs_here(present)
        if len(paths) < 2:
            return path
        number = paths.index(present) + 1
        return f"{path} ─ " + _("{number} of {count} · ^O", number=number, count=len(paths))

    # Leaving

    @property
    def _is_written(self) -> bool:
        return self.done is not None and not self._correcting

    @property
    def would_lose(self) -> bool:
        """Whether leaving now would lose what was entered."""
        return not self._is_written and self.form.has_entries

    @property
    def can_keep(self) -> bool:
        """Whether there is a place where what was entered can be saved for the next start."""
        if not self.session.persistent:
            return False
        try:
            state_dir("drafts")
        except OSError:
            return False
        return True

    def keep(self) -> bool:
        """Save what was entered, without the secret, for the next start; return whether it is."""
        if not self.session.persistent or self._is_written:
            return False
        if not self._begun:  # an earlier draft was not put back yet, and stays
            return self._saved_draft() is not None
        from wizard.ui.saved_draft import save_draft

        return save_draft(self.form.entered, self.session.current)

    def discard(self) -> None:
        """Throw away what an earlier run has saved."""
        if self.session.persistent:
            from wizard.ui.saved_draft import discard_draft

            discard_draft(self.session.current)

    def _saved_draft(self) -> SavedDraft | None:
        if not (self.session.persistent and may_hold_files("drafts")):
            return None
        from wizard.ui.saved_draft import load_draft

        return load_draft(self.session.current)

    # Writing

    async def _review(self) -> bool:
        """Show the plan and write it; False when the operator goes back to the form."""
        from wizard.ui.account.pages import CHANGED_MEANWHILE
        from wizard.ui.account.review import review_content

        failure = ""
        await self.session.wait_for_compose()
        while True:
            draft = self._relevant_draft()
            try:
                plan = self.plan(draft)
            except WizardError as error:
                self.form.refusal = error
                return False
            review = review_content(self.session, draft, plan, failure)
            if not await self._surface.review(review):
                return False
            self.writing = True
            try:
                done = await asyncio.to_thread(self._write, draft, plan)
            except WizardError as error:
                failure = _("Not written. {error}", error=error)
                if error.code == "file-changed" and await self._reload_files():
                    failure = _(CHANGED_MEANWHILE)
                continue
            finally:
                self.writing = False
            self.discard()
            self._correcting = False
            if not plan.changed:
                self.closed = True
                return True
            self.done = done
            self.done, again = await self._surface.done(self.done)
            if not again:
                return True
            report = self.session.report_for(draft)
            if await self._reload_files():
                self.form.forget_written_secret()
                if report is not None:  # it was about what is stored now
                    self.session.last_test = (self.form.draft, report)
            self._correcting = True
            return False

    def plan(self, draft: Draft) -> Plan:
        """Plan what ``draft`` changes; raise a :class:`WizardError` where that is impossible."""
        from wizard.saving.change import StoreOpener
        from wizard.saving.plan import make_plan

        return make_plan(self.session.current, draft, stores=StoreOpener(self._open_accepted_store))

    def _write(self, draft: Draft, plan: Plan) -> Done:
        from wizard.check.warnings import ask_container_again
        from wizard.saving.lock import lock_config
        from wizard.saving.transaction import recover_interrupted
        from wizard.server.reload import observe_server, watch_reload
        from wizard.ui.account.done import done_content

        current = self.session.current
        with lock_config(current.config.path, _LOCK_SECONDS):
            # Another process may have crashed meanwhile.
            findings = recover_interrupted(current.config.path)
            server = observe_server(current)
            watch = watch_reload(server, draft, plan)
            findings += plan.apply("wizard", keep=self.session.persistent)
        answer = ask_container_again(current, draft, plan)
        left: Sequence[Finding] = ()
        if self.session.check is not None:
            with suppress(WizardError, OSError):  # all is written, whatever the check meets
                left = self.session.check(None)
        report = self.session.report_for(draft)
        done = done_content(draft, plan, findings, server, watch, answer, report, left)
        if self.session.after_writing is None:
            return done
        return replace(done, steps=tuple(self.session.after_writing()), watch=None, undo="")

    async def _reload_files(self) -> bool:
        """Read what has changed in the files, and keep what was entered here."""
        old, before = self.session.current, self.form.stored

        def load() -> CurrentConfig:
            return load_config(old.layout, old.environ).with_container().with_stored()

        try:
            self.session.current = await asyncio.to_thread(load)
        except WizardError:  # the next start says so
            return False
        self.session.rename_section()
        self.session.check_again()
        self.form.rebase(before)
        return True

    def _relevant_draft(self) -> Draft:
        """Return the draft without the values that a skipped verification makes irrelevant."""
        draft, stored = self.form.draft, self.form.stored
        if not draft.skip:
            return draft
        unchanged = {key: getattr(stored, key) for key in (*TEXT_KEYS, *SWITCHES)}
        return replace(draft, **unchanged, secret=Keep(), store=stored.store, relay=None)

    def _open_accepted_store(self, current: CurrentConfig, store: StoreKind) -> ExternalStore:
        return current.open_store(store, self.session.backend_needing_consent(store))

"""What one run shares: the configuration, the live test, and its last report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.layout import Layout, find_layout
from wizard.config.settings import SmtpSettings
from wizard.errors import FileRefused, InvalidValue, StoreUnusable
from wizard.formats.variables import expand, references
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import Availability, ExternalStore
from wizard.system.background import run_in_thread
from wizard.ui.account.mail_server_search import MailServerSearch

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.errors import Finding
    from wizard.live_test.events import Event, TestReport
    from wizard.server.next_steps import NextStep

T = TypeVar("T")


class LiveTest(Protocol):
    """Tests settings live, as a stream of events that can be closed at any time."""

    def __call__(
        self,
        settings: SmtpSettings,
        *,
        container: Container | None = None,
        recipient: str | None = None,
        deliver: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Start the test of what ``container`` has; ``deliver`` sends ``recipient`` a real mail."""


_WRITTEN_HERE = ("config-missing", "mail-not-configured")
"""Findings that are gone once the wizard has written."""


@dataclass(slots=True)
class WizardSession:
    """One run of the wizard."""

    current: CurrentConfig
    live_test: LiveTest
    timeout: float
    """Deadline of the live test in seconds, for the clock on the screen."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What to try in a field, by its name; only the demo has any."""
    layout_of: Callable[[Path], Layout] = find_layout
    """Finds the files that belong to a config.toml."""
    open: Callable[[Path], WizardSession] | None = None
    """Opens the session of another config.toml; None where there is no other."""
    check: Callable[[Container | None], Sequence[Finding]] | None = None
    """Checks the files, and whatever else the server's view depends on; may take a moment."""
    asked_compose: asyncio.Future[CurrentConfig] | None = None
    """What Compose gives the server, which is asked while the operator reads."""
    running_check: asyncio.Future[Sequence[Finding]] | None = None
    """The check, which runs while the operator reads; None if there is none."""
    stores: Mapping[StoreKind, ExternalStore] = field(default_factory=dict)
    """Stores that may be offered besides ``.env``, if they work."""
    store_checks: dict[StoreKind, asyncio.Future[Availability]] = field(default_factory=dict)
    """The checks of whether they work, which run while the operator types."""
    discovery: MailServerSearch = field(default_factory=MailServerSearch)
    """The search for the mail server of the operator's address."""
    persistent: bool = False
    """Whether the configuration outlives the run, so that drafts and backups are kept; not so in
    the demo."""
    notices: Sequence[str] = ()
    """What the operator should know at once."""
    after_writing: Callable[[], Iterable[NextStep]] | None = None
    """Says what to do once everything is written, in place of the usual steps; for the demo."""
    head_start: float = 0.0
    """Seconds before anything is checked, in which the first screen is drawn."""
    last_test: tuple[Draft, TestReport] | None = None
    """The draft of the last live test, and its report."""
    misnamed: Sequence[tuple[str, int]] = ()
    """Name and line of a section that :meth:`rename_section` takes for ``[smtp]``."""

    def start(self) -> None:
        """Begin the checks in the background; needs a running event loop."""
        for name, store in self.stores.items():
            # Without a thread, where a store can do so: it could hang.
            check = getattr(store, "check_availability_async", None)
            check = check or partial(run_in_thread, store.check_availability)
            self.store_checks[name] = asyncio.ensure_future(self._after_head_start(check))
        if self.current.in_container and self.current.container is None:
            ask = self.current.with_container
            self.asked_compose = asyncio.ensure_future(run_in_thread(ask))
        if self.check is not None:
            self.running_check = asyncio.ensure_future(self._after_head_start(self._run_check))

    def check_again(self) -> None:
        """Check the files as they are now."""
        if self.check is not None:
            self.running_check = asyncio.ensure_future(self._run_check())

    def rename_section(self) -> None:
        """Read a misnamed section as ``[smtp]``, if there is one; writing renames it."""
        if not self.current.view.misnamed:
            return
        with suppress(FileRefused):  # there are both; the check says so
            current = self.current.with_section_renamed()
            self.misnamed, self.current = self.current.view.misnamed, current

    async def _run_check(self) -> Sequence[Finding]:
        assert self.check is not None  # noqa: S101 - started only with one
        container, asked = self.current.container, self.asked_compose
        if asked is not None:
            await asyncio.wait([asked])
            container = None if asked.exception() else asked.result().container
        return await run_in_thread(partial(self.check, container))

    def take_answer(self) -> bool:
        """Make Compose's answer a part of :attr:`current` if it is there; return whether it is."""
        asked = self.asked_compose
        if asked is None or not asked.done():
            return False
        self.asked_compose = None
        if asked.cancelled() or asked.exception() is not None:
            return False
        container = asked.result().container
        self.current = self.current.with_container(container).with_stored()
        return True

    async def wait_for_compose(self) -> None:
        """Wait until Compose has said what it gives the server."""
        if self.asked_compose is not None:
            await asyncio.wait([self.asked_compose])
            await asyncio.sleep(0)  # until the answer has been taken

    async def _after_head_start(self, check: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(self.head_start)
        return await check()

    def end(self) -> None:
        """Stop what still runs."""
        self.discovery.stop()

    def discover(self, user: str) -> None:
        """Begin to search for the mail server of ``user``, which may contain ``${NAME}``."""
        self.discovery.begin(self.expanded(user))

    def expanded(self, text: str) -> str:
        """Return ``text`` as the server would read it; empty if it could not.

        Empty, too, if it contains the secret: the result is shown, and sent in queries.
        """
        if self.current.variable in references(text):
            return ""
        try:
            return expand(text, self.current.lookup)
        except InvalidValue:
            return ""

    def availability(self, name: StoreKind) -> Availability | None:
        """Return whether a store works; None while that is unknown, or if the check failed."""
        check = self.store_checks.get(name)
        if check is None or not check.done() or check.cancelled():
            return None
        if isinstance(check.exception(), StoreUnusable):  # as good as an unavailable store
            return None
        return check.result()

    def backend_needing_consent(self, store: StoreKind) -> str:
        """Return the name of a backend that needs consent, which choosing the store gives."""
        availability = self.availability(store)
        if availability is None or availability.code != store.consent_code:
            return ""
        return availability.backend

    @property
    def findings(self) -> Sequence[Finding]:
        """What the check has found besides what the wizard is here for.

        There is nothing while it runs, or if it failed.
        """
        check = self.running_check
        if check is None or not check.done() or check.cancelled() or check.exception():
            return ()
        return tuple(each for each in check.result() if each.code not in _WRITTEN_HERE)

    def report_for(self, draft: Draft) -> TestReport | None:
        """Return the report of the last live test if it tested exactly ``draft``."""
        if self.last_test is None or self.last_test[0] != draft:
            return None
        return self.last_test[1]

"""What the steps of one run share: the configuration, the live test, and its last report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.settings import SmtpSettings
from wizard.errors import InvalidValue, StoreUnusable
from wizard.formats.variables import expand, references
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import Availability, ExternalStore
from wizard.system.background import run_in_thread
from wizard.ui.steps.mail_server_search import MailServerSearch

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.errors import Finding
    from wizard.live_test.events import Event, TestReport

T = TypeVar("T")

_CHECK_SECONDS = 2.0


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


@dataclass(slots=True)
class WizardSession:
    """One run of the wizard."""

    current: CurrentConfig
    live_test: LiveTest
    timeout: float
    """Deadline of the live test in seconds, for the clock on the screen."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What to try at a step, by its name; only the demo has any."""
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
    """What the operator should know before the first step."""
    head_start: float = 0.0
    """Seconds before anything is checked, in which the first screen is drawn."""
    last_test: tuple[Draft, TestReport] | None = None
    """The draft of the last live test, and its report."""

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

    async def _run_check(self) -> Sequence[Finding]:
        assert self.check is not None  # noqa: S101 - started only with one
        container, asked = self.current.container, self.asked_compose
        if asked is not None:
            await asyncio.wait([asked])
            container = None if asked.exception() else asked.result().container
        return await run_in_thread(partial(self.check, container))

    async def learn_container(self, seconds: float | None = None) -> None:
        """Wait for what Compose gives the server, and make it a part of :attr:`current`.

        ``seconds`` is how long at most; an answer that comes later is there at the next call.
        """
        asked = self.asked_compose
        if asked is None:
            return
        await asyncio.wait([asked], timeout=seconds)
        if asked.done():
            self.asked_compose = None
            if asked.exception() is None:  # else the .env beside config.toml cannot be read
                container = asked.result().container
                self.current = self.current.with_container(container).with_stored()

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

    async def wait_for_check(self) -> None:
        """Give the check a moment, for a surface that cannot add its findings later."""
        if self.running_check is not None:
            await asyncio.wait([self.running_check], timeout=_CHECK_SECONDS)

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
        """What the check has found; nothing while it runs, or if it failed."""
        check = self.running_check
        if check is None or not check.done() or check.cancelled() or check.exception():
            return ()
        return check.result()

    def report_for(self, draft: Draft) -> TestReport | None:
        """Return the report of the last live test if it tested exactly ``draft``."""
        if self.last_test is None or self.last_test[0] != draft:
            return None
        return self.last_test[1]

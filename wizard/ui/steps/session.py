"""What all steps of one run share: the configuration, the live test, and its last report."""

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
    from wizard.errors import Finding
    from wizard.live_test.events import Event, TestReport

T = TypeVar("T")

_MOMENT = 2.0
"""Seconds."""


class LiveTest(Protocol):
    """The live test of some settings, as a stream of events that can be closed at any time."""

    def __call__(
        self, settings: SmtpSettings, *, recipient: str | None = None, deliver: bool = False
    ) -> AsyncGenerator[Event, None]:
        """Start it; with ``deliver`` a real mail is sent to ``recipient``."""


@dataclass(slots=True)
class WizardSession:
    """One run of the wizard."""

    current: CurrentConfig
    probe: LiveTest
    timeout: float
    """Deadline of the live test in seconds, for the clock on the screen."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What to try at a step, by its name; only the demo has any."""
    check: Callable[[], Sequence[Finding]] | None = None
    """Looks over the files, and whatever else decides what the server sees; may take a moment."""
    checking: asyncio.Future[Sequence[Finding]] | None = None
    """The check that runs while the operator reads; None where there is none."""
    stores: Mapping[StoreKind, ExternalStore] = field(default_factory=dict)
    """What may be offered besides ``.env``, where it works."""
    looks: dict[StoreKind, asyncio.Future[Availability]] = field(default_factory=dict)
    """The looks at them, which run while the operator types."""
    discovery: MailServerSearch = field(default_factory=MailServerSearch)
    """The search for the mail server of the operator's address."""
    lasting: bool = False
    """Whether the configuration outlives the run, so that drafts and a way back are kept; the
    demo's does not."""
    notices: Sequence[str] = ()
    """What the operator should know before the first step."""
    head_start: float = 0.0
    """Seconds that the first screen has for itself before anything is looked at."""
    tested: tuple[Draft, TestReport] | None = None
    """The last live test and the very draft that it tested."""

    def start(self) -> None:
        """Begin to look around in the background; needs a running event loop."""
        for name, store in self.stores.items():
            # The keyring's own way leaves no thread behind that could hang.
            own_way = getattr(store, "check_availability_async", None)
            look = own_way or partial(run_in_thread, store.check_availability)
            self.looks[name] = asyncio.ensure_future(self._soon(look))
        if self.check is not None:
            self.checking = asyncio.ensure_future(self._soon(partial(run_in_thread, self.check)))

    async def _soon(self, look: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(self.head_start)
        return await look()

    def end(self) -> None:
        """Stop what would go on."""
        self.discovery.stop()

    def discover(self, user: str) -> None:
        """Begin to look for the mail server of ``user``, which may contain ``${NAME}``."""
        self.discovery.begin(self.expanded(user))

    def expanded(self, text: str) -> str:
        """Return ``text`` as the server would read it; empty where it could not.

        Empty, too, where it has the secret in it: what comes of this is shown and asked for.
        """
        if self.current.variable in references(text):
            return ""
        try:
            return expand(text, self.current.lookup)
        except InvalidValue:
            return ""

    async def checked(self) -> None:
        """Give the check a moment, for a surface that cannot add its findings later."""
        if self.checking is not None:
            await asyncio.wait([self.checking], timeout=_MOMENT)

    def found(self, name: StoreKind) -> Availability | None:
        """Return what the look at a store has found; None while it looks, or where it failed."""
        look = self.looks.get(name)
        if look is None or not look.done() or look.cancelled():
            return None
        if isinstance(look.exception(), StoreUnusable):  # as good as a store that says no
            return None
        return look.result()

    def accepted(self, store: StoreKind) -> str:
        """Return the backend of the operator's own choice: choosing the store is the consent."""
        found = self.found(store)
        needs_consent = found is not None and found.code == store.consent_code
        return found.backend if found is not None and needs_consent else ""

    @property
    def findings(self) -> Sequence[Finding]:
        """What the check has found; nothing while it runs, or where it came to an end by itself."""
        checking = self.checking
        if checking is None or not checking.done() or checking.cancelled() or checking.exception():
            return ()
        return checking.result()

    def report_for(self, draft: Draft) -> TestReport | None:
        """Return the report of the live test if it tested exactly ``draft``."""
        if self.tested is None or self.tested[0] != draft:
            return None
        return self.tested[1]

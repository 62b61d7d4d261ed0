"""What all screens of one run share: the configuration, the live test, and its last report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from wizard.check.finding import Finding
from wizard.current import Current
from wizard.draft import Draft
from wizard.probe.events import Event, Report
from wizard.settings import SmtpSettings
from wizard.stores.store import Availability, Store, StoreName


class Step(Enum):
    """The steps of the flow, by the name in the step bar."""

    FILES = "Files"
    DELIVERY = "Delivery"
    USER = "User"
    SERVER = "Server"
    SECRET = "Secret"  # noqa: S105  (a heading)
    TEST = "Test"
    REVIEW = "Review"


class Probe(Protocol):
    """The live test of some settings, as a stream of events that can be closed at any time."""

    def __call__(
        self, settings: SmtpSettings, *, recipient: str | None = None, deliver: bool = False
    ) -> AsyncGenerator[Event, None]:
        """Start it; with ``deliver`` a real mail is sent to ``recipient``."""


@dataclass(slots=True)
class Session:
    """One run of the wizard."""

    current: Current
    probe: Probe
    timeout: float
    """Deadline of the live test in seconds, for the clock on the screen."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """What to try at a step, by its name; only the demo has any."""
    check: Callable[[], Sequence[Finding]] | None = None
    """Looks over the files, and whatever else decides what the server sees; may take a moment."""
    checking: asyncio.Future[Sequence[Finding]] | None = None
    """The check that runs while the operator reads; None where there is none."""
    stores: Mapping[StoreName, Store] = field(default_factory=dict)
    """What may be offered besides ``.env``, where it works."""
    looks: dict[StoreName, asyncio.Future[Availability]] = field(default_factory=dict)
    """The looks at them, which run while the operator types."""
    accepted: str = ""
    """The keyring backend of the operator's configuration; used only if the keyring is chosen."""
    tested: tuple[Draft, Report] | None = None
    """The last live test and the very draft that it tested."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What the check has found; nothing while it runs, or where it came to an end by itself."""
        checking = self.checking
        if checking is None or not checking.done() or checking.cancelled() or checking.exception():
            return ()
        return checking.result()

    def report_for(self, draft: Draft) -> Report | None:
        """Return the report of the live test if it tested exactly ``draft``."""
        if self.tested is None or self.tested[0] != draft:
            return None
        return self.tested[1]

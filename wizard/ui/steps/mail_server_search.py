"""The search for the mail server of the operator's address, which runs beside everything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from wizard.errors import InvalidValue
from wizard.system.background import run_in_thread

if TYPE_CHECKING:
    from wizard.discovery.dns import Records
    from wizard.discovery.suggestion import SearchState
    from wizard.system.network import Network

SECONDS = 5.0
"""After these the search is over, whoever has not answered."""
_TICK = 1.0


class MailServerSearch:
    """Looks for one address at a time; what was found for the one before is forgotten.

    Without ``asks`` only the list of providers is looked at, and nothing leaves this machine.
    """

    def __init__(
        self,
        *,
        asks: bool = False,
        network: Network | None = None,
        records: Records | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.found: SearchState | None = None
        """The picture so far; None where there is nothing to look for, or nothing came of it."""
        self.seconds = seconds
        """Deadline of a search."""
        self._asks = asks
        self._network = network
        self._records = records
        self._address = ""
        self._begun = 0.0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def looking(self) -> bool:
        """Whether more may be found."""
        return self.found is not None and not self.found.finished

    @property
    def waited(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self._begun

    def begin(self, address: str) -> None:
        """Look for ``address``, unless that was done before; any text will do.

        Needs a running event loop.
        """
        if address == self._address:
            return
        self.stop()
        self._address, self._begun = address, time.monotonic()
        self._tell(self._at_once(address))
        if self.looking:
            self._task = asyncio.ensure_future(self._look(address))

    def stop(self) -> None:
        """Look no further; what was found stays."""
        if self._task is not None:
            self._task.cancel()
        self._give_up()

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yield at once, when there is news, each second for a clock, and when it is over."""
        while self.looking:
            news = self._news
            yield
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), _TICK)
        yield

    def _at_once(self, address: str) -> SearchState | None:
        """Return what is known without asking anybody."""
        # Only now: the list of providers is read, and nobody is looked for before the third step.
        from wizard.discovery.offers import suggest_by_domain
        from wizard.discovery.suggestion import DiscoverySource, SearchState, domain_of

        try:
            domain = domain_of(address)
        except InvalidValue:
            return None
        known = suggest_by_domain(address)
        if known is not None:
            return SearchState(domain, (known,))
        asked = tuple(source for source in DiscoverySource if source is not DiscoverySource.DOMAIN)
        return SearchState(domain, pending=asked) if self._asks else None

    async def _look(self, address: str) -> None:
        try:
            discover = (await run_in_thread(_questions)).discover
            pictures = discover(
                address, network=self._network, records=self._records, seconds=self.seconds
            )
            async with aclosing(pictures):
                async for found in pictures:
                    self._tell(found)
        except Exception:  # noqa: BLE001  (a convenience, fed by strangers: it ends nothing else)
            self._give_up()

    def _give_up(self) -> None:
        """Keep what has been shown."""
        if self.found is not None and self.looking:
            shown = self.found.settled
            self._tell(
                replace(self.found, suggestions=shown, pending=(), remarks=()) if shown else None
            )

    def _tell(self, found: SearchState | None) -> None:
        self.found = found
        self._news.set()
        self._news = asyncio.Event()


def _questions() -> ModuleType:
    """Import what asks, a reader of XML among it, while the next step is drawn."""
    from wizard.discovery import search as discover

    return discover

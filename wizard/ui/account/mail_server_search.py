"""The search for the mail server of the operator's address, in the background."""

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
"""Until the search ends, whichever sources have not answered."""
_TICK = 1.0


class MailServerSearch:
    """Searches for one address at a time, and forgets what it found for the previous one.

    Unless ``online``, only the list of providers is searched, and nothing leaves this machine.
    """

    def __init__(
        self,
        *,
        online: bool = False,
        network: Network | None = None,
        records: Records | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.state: SearchState | None = None
        """The results so far; None if there is nothing to search for, or the search failed."""
        self.seconds = seconds
        """Deadline of a search, in seconds."""
        self._online = online
        self._network = network
        self._records = records
        self._address = ""
        self._asked_directory = False
        self._started_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @property
    def searching(self) -> bool:
        """Whether more results may come."""
        return self.state is not None and not self.state.finished

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self._started_at

    def begin(self, address: str) -> None:
        """Search for ``address``, unless it is still the same; any text is allowed.

        Needs a running event loop.
        """
        if address == self._address:
            return
        self.stop()
        self._address, self._started_at = address, time.monotonic()
        self._asked_directory = False
        self._publish(self._initial_state(address))
        if self.searching:
            self._task = asyncio.ensure_future(self._search(address))

    def stop(self) -> None:
        """Stop searching; results so far stay."""
        if self._task is not None:
            self._task.cancel()
        self._end_early()

    @property
    def can_ask_directory(self) -> bool:
        """Whether nothing but guesses was found, and Mozilla's directory was not asked yet."""
        from wizard.discovery.suggestion import DiscoverySource

        state = self.state
        if not self._online or self._asked_directory or state is None or not state.finished:
            return False
        return all(each.source is DiscoverySource.GUESS for each in state.suggestions)

    def ask_directory(self) -> None:
        """Ask Mozilla's directory, which learns the domain: only if the operator chooses it.

        Does nothing unless :attr:`can_ask_directory`. Needs a running event loop.
        """
        from wizard.discovery.suggestion import DiscoverySource

        found = self.state
        if found is None or not self.can_ask_directory:
            return
        self._asked_directory, self._started_at = True, time.monotonic()
        self._publish(replace(found, pending=(DiscoverySource.DIRECTORY,)))
        self._task = asyncio.ensure_future(self._ask_directory(self._address, found))

    async def updates(self) -> AsyncGenerator[None, None]:
        """Yield at once, on each result, every second for a clock, and at the end."""
        while self.searching:
            changed = self._changed
            yield
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _TICK)
        yield

    def _initial_state(self, address: str) -> SearchState | None:
        """Return what is known without asking anybody."""
        # Imported here: it reads the list of providers, which no step before the third needs.
        from wizard.discovery.offers import suggest_by_domain
        from wizard.discovery.suggestion import DiscoverySource, SearchState, domain_of

        try:
            domain = domain_of(address)
        except InvalidValue:
            return None
        suggestion = suggest_by_domain(address)
        if suggestion is not None:
            return SearchState(domain, (suggestion,))
        not_asked = {DiscoverySource.DOMAIN, DiscoverySource.DIRECTORY}
        asked = tuple(source for source in DiscoverySource if source not in not_asked)
        return SearchState(domain, pending=asked) if self._online else None

    async def _search(self, address: str) -> None:
        try:
            discover = (await run_in_thread(_import_search)).discover
            states = discover(
                address, network=self._network, records=self._records, seconds=self.seconds
            )
            async with aclosing(states):
                async for state in states:
                    self._publish(state)
        except Exception:  # noqa: BLE001  (strangers' answers must not end the wizard)
            self._end_early()

    async def _ask_directory(self, address: str, found: SearchState) -> None:
        try:
            ask_directory = (await run_in_thread(_import_search)).ask_directory
            self._publish(
                await ask_directory(address, found, network=self._network, seconds=self.seconds)
            )
        except Exception:  # noqa: BLE001  (as above)
            self._end_early()

    def _end_early(self) -> None:
        """End the search with what has been shown; before the directory, that was everything."""
        if self.state is None or not self.searching:
            return
        if self._asked_directory:
            self._asked_directory = False  # it may be asked again
            self._publish(replace(self.state, pending=()))
        else:
            shown = self.state.settled
            self._publish(
                replace(self.state, suggestions=shown, pending=(), remarks=()) if shown else None
            )

    def _publish(self, state: SearchState | None) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()


def _import_search() -> ModuleType:
    """Import the search, with its XML parser, while the next step is drawn."""
    from wizard.discovery import search

    return search

"""Keys that arrive faster than the screen can follow, handled one at a time.

textual passes every key to the widget that has the focus when the key arrives. After a stall, a
whole burst arrives at once: characters after a Tab or an Enter would go into the field that is
about to lose the focus, and a password could become readable.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.widgets import Input

R = TypeVar("R")

_MAX_WAIT = 3.0
"""Seconds after which the next key is passed on even if the screen is still busy."""


class TypeAheadApp(App[R]):
    """Passes on a key when everything caused by the previous one is done."""

    def __init__(self) -> None:
        super().__init__(ansi_color=True)  # before the filter for NO_COLOR is chosen
        self._pending: deque[events.Event] = deque()
        self.handling_keys = False
        """Whether a key is still being handled."""
        self._has_focus = False
        """Whether the first screen is ready for keys; it is drawn before it has the focus."""

    async def on_event(self, event: events.Event) -> None:
        """Queue keys; pass on everything else as usual."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._pending.append(event)
        if not self.handling_keys:
            self.handling_keys = True
            self.run_worker(self._handle_pending(), group="typed")

    async def _handle_pending(self) -> None:
        try:
            if not self._has_focus:
                await self._settle()
                self._has_focus = True
            while self._pending and self.screen_stack:  # which is empty once the app has ended
                event = self._pending.popleft()
                # A character in a field causes nothing that the next key depends on.
                is_text = isinstance(event, events.Key) and event.is_printable
                is_text = is_text and isinstance(self.focused, Input)
                await super().on_event(event)
                if not is_text:
                    await self._settle()
        finally:
            self.handling_keys = False

    async def _settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_until_idle(), _MAX_WAIT)

    async def _wait_until_idle(self) -> None:
        """Wait until no widget has anything to do, twice in a row, and the screen is laid out.

        The order of the focus depends on the layout.
        """
        idle = 0
        while idle < 2 and self.is_running and self.screen_stack:
            pumps: list[MessagePump] = [self, *self.screen.walk_children(with_self=True)]
            await _wait_for_calls(pump.call_later for pump in pumps)
            await _wait_for_calls([self.screen.call_after_refresh])
            between_screens = len(self.screen_stack) < 2
            busy = between_screens or any(pump.message_queue_size for pump in pumps)
            idle = 0 if busy else idle + 1


async def _wait_for_calls(schedules: Iterable[Callable[[Callable[[], None]], bool]]) -> None:
    """Wait until a callback passed to each of ``schedules`` has been called."""
    waiting = 0
    done = asyncio.Event()

    def called() -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            done.set()

    for schedule in schedules:
        waiting += schedule(called)
    with contextlib.suppress(TimeoutError):  # a widget that was just removed calls nothing
        await asyncio.wait_for(done.wait(), 0.5)

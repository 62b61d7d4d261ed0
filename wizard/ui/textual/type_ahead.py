"""Keys that arrive faster than the screen follows, one at a time.

textual hands every key to the widget that has the focus when the key arrives. Over a line that
stalls, a whole burst arrives at once: the characters after a Tab or an Enter would go into the
field that is just being left, and a password could end up in the open.
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

_LONGEST = 3.0
"""Seconds after which the next key is handed on, whatever the screen is still doing."""


class TypeAheadApp(App[R]):
    """Hands on a key when everything that the one before has set off is done."""

    def __init__(self) -> None:
        super().__init__(ansi_color=True)  # before the filter for NO_COLOR is chosen
        self._typed: deque[events.Event] = deque()
        self.handing_on = False
        """Whether a key is still being dealt with."""

    async def on_event(self, event: events.Event) -> None:
        """Keep keys in order; everything else takes its usual way."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self.handing_on:
            self.handing_on = True
            self.run_worker(self._hand_on(), group="typed")

    async def _hand_on(self) -> None:
        try:
            while self._typed:
                event = self._typed.popleft()
                # A character in a field sets off nothing that the next key depends on.
                stays = isinstance(event, events.Key) and event.is_printable
                stays = stays and isinstance(self.focused, Input)
                await super().on_event(event)
                if not stays:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._quiet(), _LONGEST)
        finally:
            self.handing_on = False

    async def _quiet(self) -> None:
        """Wait until no widget has anything to do, twice in a row, and a screen is laid out.

        The layout counts: the order in which Tab and Enter go on follows it.
        """
        quiet = 0
        while quiet < 2 and self.is_running:
            pumps: list[MessagePump] = [self, *self.screen.walk_children(with_self=True)]
            await _called(pump.call_later for pump in pumps)
            await _called([self.screen.call_after_refresh])
            between_screens = len(self.screen_stack) < 2
            busy = between_screens or any(pump.message_queue_size for pump in pumps)
            quiet = 0 if busy else quiet + 1


async def _called(schedules: Iterable[Callable[[Callable[[], None]], bool]]) -> None:
    """Wait until a callback handed to each of ``schedules`` has been called."""
    waiting = 0
    done = asyncio.Event()

    def called() -> None:
        nonlocal waiting
        waiting -= 1
        if not waiting:
            done.set()

    for schedule in schedules:
        waiting += schedule(called)
    with contextlib.suppress(TimeoutError):  # a widget that has just gone calls nothing
        await asyncio.wait_for(done.wait(), 0.5)

"""Signals that end the wizard: whatever it is doing, it ends, and the terminal is restored.

Moments at which there is no way back any more, or which are the way back themselves.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:  # only the wizard has a loop
    import asyncio

PATIENCE = 3.0
"""Seconds that the wizard has to end by itself; only a stalled terminal takes that long."""
_AGAIN = 1.0


class Endable(Protocol):
    """What can be ended by a signal."""

    loop: asyncio.AbstractEventLoop | None
    """Where it runs; None before it does."""

    def end_by(self, number: int) -> None:
        """End as the signal asks; called in the loop."""

    def interrupt(self) -> None:
        """Ask whether to leave; a second time, leave. Called in the loop."""

    def give_up(self) -> bool:
        """Save and restore what can be; return whether the process may end here and now.

        Called when the loop does not answer.
        """


class EndOnSignals:
    """While it is entered, SIGHUP, SIGTERM, SIGQUIT and SIGINT end ``what``.

    The handlers interrupt the main thread wherever it is: it may be waiting for a terminal that
    takes no more, and then the loop would never hear of a signal.
    """

    def __init__(self, what: Endable) -> None:
        self._what = what
        self._before: dict[int, Any] = {}
        self._number = 0

    def __enter__(self) -> Self:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
            self._before[number] = signal.signal(number, self._arrived)
        self._before[signal.SIGALRM] = signal.getsignal(signal.SIGALRM)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._number:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        loop = self._what.loop
        if loop is None:
            before = self._before[number]
            if callable(before):
                before(number, frame)
            elif before is signal.SIG_DFL:
                sys.exit(128 + number)
            return
        if number == signal.SIGINT:
            _call(loop, self._what.interrupt)
            return
        _call(loop, lambda: self._what.end_by(number))
        if not self._number:
            self._number = number
            signal.signal(signal.SIGALRM, self._too_late)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE, _AGAIN)

    def _too_late(self, number: int, frame: FrameType | None) -> None:
        if self._what.give_up():
            os._exit(128 + self._number)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # it has just ended
        loop.call_soon_threadsafe(function)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def uninterruptible() -> Iterator[None]:
    """Let Ctrl+C, SIGTERM and SIGHUP do nothing within the block.

    Whoever stops in the middle of putting back would leave half of it, and who stops behind the
    last step could not say truthfully that nothing was written. Other threads than the main one
    never meet a signal: there, the block is like any other.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    replaced = []
    try:
        with contextlib.suppress(ValueError):  # not in the main thread
            for number, handler in before.items():
                if handler is not None:  # else it was not Python that has set it
                    signal.signal(number, _nothing)
                    replaced.append(number)
        yield
    finally:
        for number in replaced:
            signal.signal(number, before[number])


def _nothing(number: int, frame: object) -> None:
    """Unlike SIG_IGN, this is not passed on to the programs that are started meanwhile."""

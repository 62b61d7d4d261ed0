"""Signals: they end the wizard whatever it is doing, except while it must not be interrupted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:  # only the wizard itself has a loop
    import asyncio

PATIENCE = 3.0
"""Seconds that the wizard has to end by itself; only a stalled terminal takes that long."""
_RETRY = 1.0
"""Seconds until :meth:`Endable.end_without_loop` is called again."""


class Endable(Protocol):
    """What a signal can end."""

    loop: asyncio.AbstractEventLoop | None
    """Where it runs; None before that."""

    def end_on_signal(self, number: int) -> None:
        """End as the signal asks; called in the loop."""

    def interrupt(self) -> None:
        """Ask whether to leave; the second time, leave. Called in the loop."""

    def end_without_loop(self) -> bool:
        """Save and restore what is possible; return whether the process may exit at once.

        Called when the loop does not respond.
        """


class EndOnSignals:
    """Within the context, SIGHUP, SIGTERM, SIGQUIT and SIGINT end ``target``.

    The handlers interrupt the main thread wherever it is: while it waits for a terminal that
    accepts no more output, the loop would never learn of a signal.
    """

    def __init__(self, target: Endable) -> None:
        self._target = target
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
        loop = self._target.loop
        if loop is None:
            before = self._before[number]
            if callable(before):
                before(number, frame)
            elif before is signal.SIG_DFL:
                sys.exit(128 + number)
            return
        if number == signal.SIGINT:
            _call(loop, self._target.interrupt)
            return
        _call(loop, lambda: self._target.end_on_signal(number))
        if not self._number:
            self._number = number
            signal.signal(signal.SIGALRM, self._too_late)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE, _RETRY)

    def _too_late(self, number: int, frame: FrameType | None) -> None:
        if self._target.end_without_loop():
            os._exit(128 + self._number)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # it has just closed
        loop.call_soon_threadsafe(function)


_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterruptible() -> Iterator[None]:
    """Ignore Ctrl+C, SIGTERM and SIGHUP within the block.

    For moments after which there is no way back, or which are the way back: whoever stopped there
    would leave half of it, or could not say truthfully that nothing was written. Only the main
    thread handles signals; in others this does nothing.
    """
    before = {number: signal.getsignal(number) for number in _IGNORED}
    replaced = []
    try:
        with suppress(ValueError):  # not in the main thread
            for number, handler in before.items():
                if handler is not None:  # else it was not set from Python
                    signal.signal(number, _ignore)
                    replaced.append(number)
        yield
    finally:
        for number in replaced:
            signal.signal(number, before[number])


def _ignore(number: int, frame: object) -> None:
    """Do nothing; unlike SIG_IGN, this is not inherited by programs started meanwhile."""

"""Moments at which there is no way back any more, or which are the way back themselves."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def impossible() -> Iterator[None]:
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

"""Keeping the contents of memory from other processes and out of core files."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal
import sys
from typing import NamedTuple

_PR_SET_DUMPABLE = 4


class MemoryLimits(NamedTuple):
    """The limits before :func:`protect_memory`."""

    core: tuple[int, int] | None
    """Of core files, soft and hard; None where they were left alone."""


def protect_memory() -> MemoryLimits:
    """Write no core files, and let no other process of this account read this one's memory."""
    before = MemoryLimits(None)
    with contextlib.suppress(OSError, ValueError):
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        # The hard limit stays: it could not be raised again for the program of exec.
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
        before = MemoryLimits((soft, hard))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return before


def restore_memory_limits(before: MemoryLimits) -> None:
    """Undo what :func:`protect_memory` and Python itself changed, for the program of ``exec``.

    The kernel itself makes a process readable again when it becomes another program.
    """
    if before.core is not None:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, before.core)
    # Python ignores these from the start, and an ignored signal stays ignored in the next program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)

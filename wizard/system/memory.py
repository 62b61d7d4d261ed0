"""Keep what is in memory from other processes and core files; undone for the program of ``exec``.

The kernel itself makes a process readable again when it becomes another program.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """What :func:`protect` changed: the limits for core files, soft and hard; None unchanged."""

    core_limits: tuple[int, int] | None


def protect_memory() -> MemoryLimits:
    """Write no core files, and let no other process of this account look into this one."""
    before = MemoryLimits(None)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        # The hard limit stays: it could not be raised again.
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
        before = MemoryLimits((soft, hard))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return before


def restore_memory_limits(before: MemoryLimits) -> None:
    """Undo what :func:`protect` and Python itself did to what a program inherits."""
    if before.core_limits is not None:
        with contextlib.suppress(ImportError, OSError, ValueError):
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, before.core_limits)
    # Python ignores these from its start, and ignored signals stay ignored in the next program.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)

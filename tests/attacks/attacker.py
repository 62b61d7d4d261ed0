"""The attacker's program: another account that swaps two names while root is at work.

It exchanges them in one step (RENAME_EXCHANGE), so that there is always something at either name.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import mmap
from pathlib import Path

from tests.files.accounts import fork

ATTACKER = 2345
"""The number of its account and its group; they need no entry in /etc/passwd."""

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
_IN_OPEN, _IN_CREATE, _IN_ONLYDIR = 0x20, 0x100, 0x01000000
_libc = ctypes.CDLL(None, use_errno=True)


def exchange(first: Path, second: Path) -> bool:
    """Exchange two names; return whether that worked."""
    names = os.fsencode(first), os.fsencode(second)
    done = _libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    return bool(done == 0)


class Swaps:
    """How often the attacker has swapped; shared with its process."""

    def __init__(self) -> None:
        self._memory = mmap(-1, 8)

    @property
    def number(self) -> int:
        (number,) = struct.unpack("q", self._memory[:])
        return int(number)

    def count(self) -> None:
        self._memory[:] = struct.pack("q", self.number + 1)


@contextmanager
def flipping(first: Path, second: Path) -> Iterator[Swaps]:
    """Let the attacker exchange two names as fast as it can."""

    def flip(swaps: Swaps) -> None:
        while True:
            if exchange(first, second):
                swaps.count()

    with _attacking(flip) as swaps:
        yield swaps


@contextmanager
def pouncing(watched: Path, first: Path, second: Path) -> Iterator[Swaps]:
    """Let the attacker exchange two names when something is opened or created in a directory.

    It exchanges them again a moment later, so that the next one walks into the trap as well.
    """

    def pounce(swaps: Swaps) -> None:
        descriptor = _libc.inotify_init1(os.O_NONBLOCK)
        wanted = _IN_OPEN | _IN_CREATE | _IN_ONLYDIR
        if _libc.inotify_add_watch(descriptor, os.fsencode(watched), wanted) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")
        while True:
            select.select([descriptor], [], [])
            os.read(descriptor, 1 << 16)
            if exchange(first, second):
                swaps.count()
            for _ in range(swaps.number % 7):
                os.sched_yield()
            exchange(first, second)

    with _attacking(pounce) as swaps:
        yield swaps


@contextmanager
def _attacking(attack: Callable[[Swaps], None]) -> Iterator[Swaps]:
    """Run ``attack`` as the attacker's account, in a process of its own, until the end."""
    swaps = Swaps()
    child = fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(ATTACKER, ATTACKER, ATTACKER)
            os.setresuid(ATTACKER, ATTACKER, ATTACKER)
            attack(swaps)
        finally:
            os._exit(1)
    try:
        yield swaps
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the attacker has given up"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

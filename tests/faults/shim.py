"""The preloaded library that counts a process's calls and makes one of them fail."""

from __future__ import annotations

import ctypes
import errno
import mmap
import shutil
import subprocess
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


class Action(IntEnum):
    """What happens to a call; the numbers are those in ``shim.c``."""

    NOTHING = 0
    FAIL = 1
    KILL_BEFORE = 2
    KILL_AFTER = 3
    FAIL_AFTER = 4
    SHORT = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to make a call fail.

    With ``onwards`` every later call that changes something fails, too, as on a full disk;
    ``only_changes`` leaves out calls that cannot change anything.
    """

    name: str
    action: Action
    error: int = 0
    onwards: bool = False
    only_changes: bool = False

    @property
    def kills(self) -> bool:
        return self.action in (Action.KILL_BEFORE, Action.KILL_AFTER)

    def concerns(self, call: Call) -> bool:
        """Whether ``call`` with this fault is a point of its own."""
        if self.action is Action.SHORT:
            return call.text.split()[0] in ("write", "pwrite", "pwrite64")
        return call.changes or not self.only_changes


KILLED = Fault("killed before", Action.KILL_BEFORE)
KILLED_AFTER = Fault("killed after", Action.KILL_AFTER, only_changes=True)
FAULTS = (
    KILLED,
    KILLED_AFTER,
    Fault("ENOSPC", Action.FAIL, errno.ENOSPC),
    Fault("EIO", Action.FAIL, errno.EIO),
    Fault("EACCES", Action.FAIL, errno.EACCES),
    Fault("EINTR", Action.FAIL, errno.EINTR),
    Fault("EIO, though done", Action.FAIL_AFTER, errno.EIO, only_changes=True),
    Fault("short write", Action.SHORT, only_changes=True),
    Fault("ENOSPC onwards", Action.FAIL, errno.ENOSPC, onwards=True, only_changes=True),
    Fault("EIO onwards", Action.FAIL, errno.EIO, onwards=True, only_changes=True),
)
SECOND_FAULTS = (
    replace(KILLED, only_changes=True),
    *(fault for fault in FAULTS if fault.name in ("killed after", "EIO", "EIO, though done")),
    *(fault for fault in FAULTS if fault.name == "ENOSPC onwards"),
)
"""Those that a start after a crash meets.

To be killed before a call that only reads is like being killed before the next one that does not.
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the library saw it: ``text`` is its name and the end of its path.

    ``kind`` is w if it can change a file, f if it can without needing space, r if it only reads,
    and c if it closes or locks.
    """

    number: int
    kind: str
    text: str

    @property
    def changes(self) -> bool:
        """Whether it can change a file."""
        return self.kind in "wf"

    def __str__(self) -> str:
        return f"{self.kind} {self.text} #{self.number}"


class _Call(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_char), ("text", ctypes.c_char * 71))


class _Shared(ctypes.Structure):
    _fields_ = (
        ("at", ctypes.c_int32),
        ("action", ctypes.c_int32),
        ("error", ctypes.c_int32),
        ("onwards", ctypes.c_int32),
        ("count", ctypes.c_int32),
        ("spoiled", ctypes.c_int32),
        ("calls", _Call * 4096),
    )


class Shim:
    """The library in this process, which must have been started with it preloaded."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._memory = mmap.mmap(-1, ctypes.sizeof(_Shared))  # shared with every child
        self._shared = _Shared.from_buffer(self._memory)
        if self._library.shim_size() != ctypes.sizeof(_Shared):
            raise RuntimeError("shim.c and shim.py do not agree about what they share")

    def plan(self, fault: Fault | None, at: int = 0) -> None:
        """Set what the next armed process meets, and at which call, from 1."""
        shared = self._shared
        shared.at, shared.count, shared.spoiled = at, 0, 0
        shared.action = Action.NOTHING if fault is None else fault.action
        shared.error = 0 if fault is None else fault.error
        shared.onwards = fault is not None and fault.onwards

    def arm(self) -> None:
        """Count the calls of this process from now on, and make the planned one fail."""
        self._library.shim_arm(ctypes.byref(self._shared))

    def disarm(self) -> None:
        self._library.shim_disarm()

    @property
    def spoiled(self) -> int:
        """How many calls were made to fail."""
        return int(self._shared.spoiled)

    @property
    def calls(self) -> list[Call]:
        """The calls since :meth:`plan`, in order."""
        count = self._shared.count
        if count > len(self._shared.calls):
            raise RuntimeError(f"{count} calls are more than there is room for")
        return [
            Call(number, call.kind.decode(), call.text.decode(errors="replace"))
            for number, call in enumerate(self._shared.calls[:count], 1)
        ]


def missing() -> str:
    """Return why the library cannot be built here; empty if it can."""
    if shutil.which("gcc") is None:
        return "gcc is not installed"
    return ""


def build(directory: Path) -> Path:
    """Compile the library; return its path."""
    library = directory / "shim.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library

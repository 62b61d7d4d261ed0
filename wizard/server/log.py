"""The file that ``[log] file`` names: appended to, rotated, truncated, or not there yet."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from wizard.afterwards.log import LogUnreadable

_AT_ONCE = 1 << 16
"""Bytes that are read at one look."""
_TAIL = 64
"""Bytes before the end that tell whether the file still is what it was."""
_EVERY = 0.1
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file as it was seen: which one it was, and how far it went."""

    path: Path
    identity: tuple[int, int] | None = None
    """Device and inode; None where there was no file yet."""
    size: int = 0
    tail: bytes = field(default=b"", repr=False)

    @classmethod
    def look(cls, path: Path) -> Self:
        """Remember where the file ends now; raise :class:`LogUnreadable` where it is of no use."""
        try:
            with contextlib.closing(_Open(path)) as file:
                return cls(path, file.identity, file.size, file.before(file.size))
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise LogUnreadable from None
            return cls(path)
        except OSError:
            raise LogUnreadable from None

    @property
    def command(self) -> str:
        """What shows the last lines in a shell."""
        return shlex.join(["tail", "-n", "20", str(self.path)])

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield what is appended; a thread of its own reads, as a file system may hang."""
        import asyncio  # who listens has it anyway; `set` only looks where the log is

        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        ended = threading.Event()

        def tell(data: bytes | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(arrived.put_nowait, data)

        def follow() -> None:
            with contextlib.closing(_Following(self)) as following:
                try:
                    while not ended.is_set():
                        if data := following.more():
                            tell(data)
                        if len(data) < _AT_ONCE:
                            ended.wait(_EVERY)
                except (OSError, LogUnreadable):
                    tell(None)

        threading.Thread(target=follow, daemon=True, name="log").start()
        try:
            while (data := await arrived.get()) is not None:
                yield data
            raise LogUnreadable
        finally:
            ended.set()


class _Open:
    """A regular file that is open for reading. Raises :class:`LogUnreadable` for other kinds."""

    def __init__(self, path: Path) -> None:
        _check(path.stat())  # opening a device may be more than a look
        # O_NONBLOCK: it may have become a FIFO, which would wait for a writer.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        self._descriptor = os.open(path, flags)
        try:
            status = os.fstat(self._descriptor)
            _check(status)
        except BaseException:
            self.close()
            raise
        self.identity = _identity(status)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int) -> bytes:
        return os.pread(self._descriptor, _AT_ONCE, offset)

    def before(self, offset: int) -> bytes:
        start = max(0, offset - _TAIL)
        return os.pread(self._descriptor, offset - start, start)

    def close(self) -> None:
        os.close(self._descriptor)


class _Following:
    """Reads on where a :class:`LogFile` ended, through rotation and truncation."""

    def __init__(self, log: LogFile) -> None:
        self._path = log.path
        self._identity, self._offset, self._tail = log.identity, log.size, log.tail
        self._file: _Open | None = None

    def more(self) -> bytes:
        """Return what is new, at most 64 KiB of it."""
        if self._file is None:
            self._file = self._opened()
        if self._file is None:
            return b""
        data = self._read(self._file)
        if not data and self._is_rotated():
            data = self._read(self._file)  # what came just before
            self.close()
        return data

    def close(self) -> None:
        """Close the file; the next look opens the one that is there then."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> _Open | None:
        try:
            file = _Open(self._path)
        except FileNotFoundError:  # not there yet, or in the middle of a rotation
            return None
        if file.identity != self._identity:
            self._identity, self._offset, self._tail = file.identity, 0, b""
        return file

    def _read(self, file: _Open) -> bytes:
        if file.size < self._offset or file.before(self._offset) != self._tail:
            self._offset, self._tail = 0, b""  # truncated, perhaps filled again since
        data = file.read(self._offset)
        self._offset += len(data)
        self._tail = (self._tail + data)[-_TAIL:]
        return data

    def _is_rotated(self) -> bool:
        try:
            return _identity(self._path.stat()) != self._identity
        except FileNotFoundError:
            return True


def _check(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise LogUnreadable


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino

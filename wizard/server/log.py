"""The server's log, a file or what its container prints, and the verdict in it.

The lines, as the server's documentation shows them (doc.bomnipotent.de, The Config File):

    2025-03-06 15:34:45 +00:00 [INFO] Configuration successfully reloaded from "/…/config.toml"
    2025-03-06 16:11:03 +00:00 [ERROR] Failed to read config file "/…/config.toml": Failed to …
      |
    5 | starlight_throughput = "16 GW"
      | ^^^^^^^^^^^^^^^^^^^^
    unknown field `starlight_throughput`, expected one of …
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import stat
import threading
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

from wizard.compose.container import Container
from wizard.files.location import Location
from wizard.files.reading import open_to_read
from wizard.system.process import stream_child


class LogUnreadable(Exception):
    """The log cannot be read by this account, or not at all."""


class ServerLog(Protocol):
    """The server's log from one moment on."""

    @property
    def command(self) -> str:
        """What shows the log's last lines in a shell."""

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield what has been appended since then, then what is being appended.

        Ends when nothing can come any more; closing it ends everything that was started for it.
        Raises :class:`LogUnreadable`.
        """


_CHUNK = 1 << 16
"""Bytes that are read at once."""
_TAIL = 64
"""Bytes before the end that tell whether the file still is what it was."""
_INTERVAL = 0.1
"""Seconds between two readings."""
_MOST_WAITING = 4
"""Chunks that are read before the first of them has been taken: a log may grow without end."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file at one moment: which file it was, and how long."""

    path: Path
    owner: int | None = None
    """The only account whose file is read; None: anybody's. It has named the file."""
    identity: tuple[int, int] | None = None
    """Device and inode; None where there was no file yet."""
    size: int = 0
    tail: bytes = field(default=b"", repr=False)

    @classmethod
    def open_at_end(cls, path: Path, owner: int | None = None) -> Self:
        """Remember where the file ends now; raise :class:`LogUnreadable` if it cannot be read."""
        try:
            with contextlib.closing(_OpenLog(path, owner)) as file:
                size = file.size
                return cls(path, owner, file.identity, size, file.tail(size))
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise LogUnreadable from None
            return cls(path, owner)
        except OSError:
            raise LogUnreadable from None

    @property
    def command(self) -> str:
        """What shows the last lines in a shell."""
        return shlex.join(["tail", "-n", "20", str(self.path)])

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield what is appended; a thread of its own reads, as a file system may hang."""
        import asyncio  # `set` loads this module, too, and never reads the log

        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        ended = threading.Event()
        room = threading.Semaphore(_MOST_WAITING)

        def send(data: bytes | None) -> None:
            while not room.acquire(timeout=_INTERVAL):
                if ended.is_set():
                    return
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(arrived.put_nowait, data)

        def follow() -> None:
            with contextlib.closing(_LogFollower(self)) as follower:
                try:
                    while not ended.is_set():
                        if data := follower.read_new():
                            send(data)
                        if len(data) < _CHUNK:
                            ended.wait(_INTERVAL)
                except (OSError, LogUnreadable):
                    send(None)

        threading.Thread(target=follow, daemon=True, name="log").start()
        try:
            while (data := await arrived.get()) is not None:
                room.release()
                yield data
            raise LogUnreadable
        finally:
            ended.set()


class _OpenLog:
    """A regular file, open for reading; raises :class:`LogUnreadable` for other kinds.

    With ``owner``, it has to belong to that account.
    """

    def __init__(self, path: Path, owner: int | None) -> None:
        with Location(path) as location, location.rights():
            _require_regular(location.lstat())  # opening a device may have an effect
            self._descriptor = open_to_read(location)  # which waits for no writer of a FIFO
        try:
            status = os.fstat(self._descriptor)
            _require_regular(status)
            if owner not in (None, status.st_uid):
                raise LogUnreadable
        except BaseException:
            self.close()
            raise
        self.identity = _identity(status)

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int) -> bytes:
        return os.pread(self._descriptor, _CHUNK, offset)

    def tail(self, offset: int) -> bytes:
        start = max(0, offset - _TAIL)
        return os.pread(self._descriptor, offset - start, start)

    def close(self) -> None:
        os.close(self._descriptor)


class _LogFollower:
    """Reads on from the end of a :class:`LogFile`, through rotation and truncation."""

    def __init__(self, log: LogFile) -> None:
        self._path, self._owner = log.path, log.owner
        self._identity, self._offset, self._tail = log.identity, log.size, log.tail
        self._file: _OpenLog | None = None

    def read_new(self) -> bytes:
        """Return what is new, at most 64 KiB of it."""
        if self._file is None:
            self._file = self._open()
        if self._file is None:
            return b""
        data = self._read(self._file)
        if not data and self._is_rotated():
            data = self._read(self._file)  # what came just before the rotation
            self.close()
        return data

    def close(self) -> None:
        """Close the file; the next reading opens the one that is there then."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> _OpenLog | None:
        try:
            file = _OpenLog(self._path, self._owner)
        except FileNotFoundError:  # not there yet, or in the middle of a rotation
            return None
        if file.identity != self._identity:
            self._identity, self._offset, self._tail = file.identity, 0, b""
        return file

    def _read(self, file: _OpenLog) -> bytes:
        if file.size < self._offset or file.tail(self._offset) != self._tail:
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


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise LogUnreadable


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


_DOCKER_VARIABLES = (
    "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION", "COMPOSE_PROJECT_NAME",
)  # fmt: skip
"""What tells ``docker`` the daemon and the project, as in the operator's shell."""
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""What Docker takes for a name; nothing that could be a flag."""
_CLOCK_SKEW = timedelta(seconds=1)
"""The daemon's clock may be that of a virtual machine, a little behind."""


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """The log of one container from a moment on. ``docker`` is the program's absolute path."""

    docker: Path
    compose_files: tuple[Path, ...]
    service: str
    container_name: str
    """Where the compose file gives the container a name; for a ``docker`` without Compose."""
    since: datetime
    environ: Mapping[str, str] = field(repr=False)

    @property
    def command(self) -> str:
        """What shows the last lines in a shell."""
        return shlex.join(["docker", *self._compose, "logs", "--tail", "20", self.service])

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield what the server prints; the child is ended with this generator."""
        for command in self._commands():
            try:
                async with stream_child(command, self.environ, self._docker_environ) as process:
                    if process.stdout is not None:
                        while data := await process.stdout.read(_CHUNK):
                            yield data
                    if await process.wait() == 0:
                        return
            except OSError:
                raise LogUnreadable from None
        raise LogUnreadable

    @property
    def _compose(self) -> list[str]:
        return ["compose", *(part for file in self.compose_files for part in ("-f", str(file)))]

    @property
    def _docker_environ(self) -> dict[str, str]:
        return {name: self.environ[name] for name in _DOCKER_VARIABLES if name in self.environ}

    def _commands(self) -> list[list[str]]:
        """Return what to try, in this order."""
        since = (self.since - _CLOCK_SKEW).isoformat(timespec="microseconds")
        logs = ["logs", "--follow", "--since", since.replace("+00:00", "Z")]
        plain = ["--no-log-prefix", "--no-color", self.service]
        commands = [[str(self.docker), *self._compose, *logs, *plain]]
        if _NAME.fullmatch(self.container_name):
            commands.append([str(self.docker), *logs, self.container_name])
        return commands


def container_log(
    container: Container, environ: Mapping[str, str], now: datetime
) -> ContainerLog | None:
    """Return the log of ``container`` from ``now`` (UTC) on; None without a ``docker``."""
    name = container.service
    if not _NAME.fullmatch(name):
        return None
    docker = _docker(environ)
    if docker is None:
        return None
    own_name = str(container.model.get("container_name") or "")
    return ContainerLog(docker, container.project.files, name, own_name, now, environ)


def _docker(environ: Mapping[str, str]) -> Path | None:
    """Find ``docker`` on the PATH; never in the working directory."""
    directories = environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(each for each in directories if Path(each).is_absolute())
    found = shutil.which("docker", path=path) if path else None
    return None if found is None else Path(found)


_LONGEST_LINE = 1 << 16
"""Bytes that are kept of a line without an end."""
_MOST_LINES = 20
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ENTRY = re.compile(
    r"(?:\d{4}-\d\d-\d\d[T ][\d:.,]+ ?(?:Z|[+-]\d\d:?\d\d)? *)?"
    r"\[ ?(?P<level>[A-Z]+) ?\] (?P<rest>.*)"
)
_RELOADED = re.compile(r'Configuration successfully reloaded from "')
_FAILED = re.compile(r'Failed to read config file (?:"(?:[^"\\]|\\.)*": )?(?P<reason>.*)')
_QUOTED = re.compile(r"\s*\d*\s*\|")
"""A line of config.toml, as the parser shows it; it may hold a secret."""


class LogReader:
    """Reads what was appended to the log, in chunks of any size. The last verdict counts."""

    def __init__(self) -> None:
        self.reloaded: bool | None = None
        """Whether the server uses the new settings; None as long as it has not said so."""
        self._reasons: list[str] = []
        self._in_error = False
        self._rest = b""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the server refuses, line by line, without the lines of config.toml. Not masked."""
        return tuple(self._reasons)

    def feed(self, data: bytes) -> None:
        """Take the next chunk."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        for line in lines:
            self._read_line(line)

    def close(self) -> None:
        """Count a last line without an end as well."""
        self.feed(b"\n")

    def _read_line(self, line: bytes) -> None:
        text = _COLOUR.sub("", line[:_LONGEST_LINE].decode("utf-8", "replace")).rstrip()
        entry = _ENTRY.match(text)
        if entry is None:
            if self._in_error and len(self._reasons) < _MOST_LINES and not _QUOTED.match(text):
                self._reasons.append(text)
            return
        self._in_error = False
        if entry["level"] == "INFO" and _RELOADED.match(entry["rest"]):
            self.reloaded, self._reasons = True, []
        elif entry["level"] == "ERROR" and (failed := _FAILED.match(entry["rest"])):
            self.reloaded, self._reasons, self._in_error = False, [failed["reason"]], True

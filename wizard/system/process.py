"""A child process that has ended by its deadline, whatever it does.

Secrets pass through its pipes only. Unless it acts in the operator's place, it gets no more of the
environment than it needs. Its messages do not reach the screen, and it has a session of its own: it
can be killed as a group, and it finds no terminal to prompt on.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.subprocess import Process

DEADLINE = 4.5
"""Seconds; together with the start of the program, the operator waits for five at most."""

_INHERITED = (
    *("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("HOME", "USER", "LOGNAME", "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"),
    "PYTHON_KEYRING_BACKEND",
)
_DOCKER = (
    *("DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST"),
    *("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"),
)
"""How to reach the daemon. Others, such as DOCKER_AUTH_CONFIG, hold passwords."""
_MOST_OUTPUT = 4 << 20
_MOST_ERRORS = 64 << 10
_PIECE = 64 << 10
_GLANCE = 0.05
"""Seconds between two looks at whether a tool has ended whose descendants still hold its pipes."""


@dataclass(frozen=True, slots=True)
class ChildResult:
    """How a child ended. ``output`` and ``errors`` may hold a secret."""

    code: int
    output: bytes = field(repr=False)
    errors: bytes = field(default=b"", repr=False)
    """The end of its standard error, where that was read."""


class ChildTimeout(Exception):
    """The child had to be killed."""


class ChildOutputTooLong(Exception):
    """The child printed more than its caller takes, and was killed."""


def run_child(
    command: Sequence[str],
    data: bytes,
    environ: Mapping[str, str],
    seconds: float = DEADLINE,
) -> ChildResult:
    """Run a command with ``data`` on its standard input.

    It gets the harmless part of ``environ``. Raises :class:`ChildTimeout` after ``seconds``, and
    OSError where it cannot be started.
    """
    return _finish(_start(command, environ), data, seconds)


def run_tool(
    command: Sequence[str],
    directory: Path,
    environ: Mapping[str, str],
    seconds: float = DEADLINE,
    limit: int = _MOST_OUTPUT,
    *,
    data: bytes = b"",
    user: int | None = None,
    group: int | None = None,
) -> ChildResult:
    """Run a command as the operator would: in ``directory``, with the whole of ``environ``.

    At most ``limit`` bytes of output are read, and the last 64 KiB of its standard error. ``data``,
    which a pipe has to hold, is its standard input. ``user`` and ``group`` are the ids of another
    account to run it as, without any further group.

    Raises :class:`ChildTimeout` after ``seconds``, :class:`ChildOutputTooLong`, and OSError where
    it cannot be started.
    """
    with _readable(data) as stdin:
        process = subprocess.Popen(  # noqa: S603  (no shell; the callers name their own programs)
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env=dict(environ),
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    with _ended(process):
        output, errors = _read_bounded(process, time.monotonic() + seconds, limit)
    return ChildResult(process.returncode, output, errors)


@contextlib.contextmanager
def _readable(data: bytes) -> Iterator[int]:
    """Yield a descriptor that a child can read ``data`` from, without anybody who writes it."""
    reading, writing = os.pipe()
    try:
        with open(writing, "wb", buffering=0) as stream:  # noqa: PTH123  (a descriptor)
            os.set_blocking(writing, False)
            stream.write(data)
        yield reading
    finally:
        os.close(reading)


def _read_bounded(
    process: subprocess.Popen[bytes], deadline: float, limit: int
) -> tuple[bytes, bytes]:
    """Return what the process prints until it ends, and the end of its standard error."""
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, text in ((process.stdout, output), (process.stderr, errors)):
            assert stream is not None  # noqa: S101 - both are pipes
            selector.register(stream, selectors.EVENT_READ, text)
        while selector.get_map():
            ended = process.poll() is not None
            ready = selector.select(0 if ended else _GLANCE)
            if ended and not ready:
                break  # only what it has started holds the pipes now
            for key, _events in ready:
                piece = os.read(key.fd, _PIECE)
                key.data.extend(piece)
                if not piece:
                    selector.unregister(key.fileobj)
            if len(output) > limit:
                raise ChildOutputTooLong
            if time.monotonic() > deadline:
                raise ChildTimeout
            del errors[:-_MOST_ERRORS]
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ChildTimeout from None
    return bytes(output), bytes(errors)


async def run_child_async(
    command: Sequence[str],
    data: bytes,
    environ: Mapping[str, str],
    seconds: float = DEADLINE,
) -> ChildResult:
    """Do what :func:`run_child` does beside the event loop; cancelling kills the child at once.

    asyncio's own way to start a child waits forever if the loop ends in the middle of it.
    """
    from wizard.system.background import run_in_thread  # the caller has loaded asyncio already

    process = _start(command, environ)
    try:
        return await run_in_thread(partial(_finish, process, data, seconds))
    finally:
        _kill(process.pid, process.returncode)  # which ends the thread that waits for it, too


def _start(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (no shell; the callers name their own programs)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=minimal_environ(environ),
        start_new_session=True,
    )


def _finish(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> ChildResult:
    with _ended(process):
        try:
            output, _ = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ChildTimeout from None
    return ChildResult(process.returncode, output)


_running: set[subprocess.Popen[bytes]] = set()


@atexit.register
def _end_all() -> None:
    """End what a thread waits for with which this program did not want to wait."""
    for process in tuple(_running):
        _kill(process.pid, process.returncode)


@contextlib.contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave nothing of the process behind, also when the operator presses Ctrl+C meanwhile."""
    _running.add(process)
    try:
        yield
    finally:
        _running.discard(process)
        _kill(process.pid, process.returncode)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()


@contextlib.asynccontextmanager
async def stream_child(
    command: Sequence[str], environ: Mapping[str, str], extra: Mapping[str, str]
) -> AsyncGenerator[Process, None]:
    """Start a command whose output is read while it runs; leaving the context kills it at once.

    Its standard error is part of the output. Raises OSError where it cannot be started.
    """
    import asyncio

    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=minimal_environ(environ) | dict(extra),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _kill(process.pid, process.returncode)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await process.wait()


def minimal_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that a child gets: variables that never hold the secret."""
    return {
        name: value
        for name, value in environ.items()
        if name in _INHERITED or name.startswith("KEYRING_PROPERTY_")
    }


def harmless_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that another account may see: paths and names alone."""
    shown = (*_INHERITED, *_DOCKER)
    return {name: value for name, value in environ.items() if name in shown}


def _kill(leader: int, code: int | None) -> None:
    """Kill the child and all that it has started; ``code`` is None until it was waited for.

    Until then its number is its own. Afterwards no other process gets the number as long as
    anything lives in its group: a process that has it is somebody else's, and the group is gone.
    """
    if code is not None and _is_taken(leader):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _is_taken(number: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

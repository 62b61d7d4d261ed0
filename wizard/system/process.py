"""A child process that has ended by its deadline, whatever it does.

Secrets pass through its pipes only. It gets no more of the environment than it needs, its messages
do not reach the screen, and it has a session of its own: it can be killed as a group, and it finds
no terminal to prompt on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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


@dataclass(frozen=True, slots=True)
class ChildResult:
    """How a child ended. ``output`` may hold a secret."""

    code: int
    output: bytes = field(repr=False)


class ChildTimeout(Exception):
    """The child had to be killed."""


def run_child(
    command: Sequence[str],
    data: bytes,
    environ: Mapping[str, str],
    seconds: float = DEADLINE,
    extra: Mapping[str, str] | None = None,
) -> ChildResult:
    """Run a command with ``data`` on its standard input.

    It gets the harmless part of ``environ``, and ``extra``. Raises :class:`ChildTimeout` after
    ``seconds``, and OSError where it cannot be started.
    """
    return _finish(_start(command, environ, extra), data, seconds)


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


def _start(
    command: Sequence[str], environ: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (no shell; the callers name their own programs)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=minimal_environ(environ) | dict(extra or {}),
        start_new_session=True,
    )


def _finish(process: subprocess.Popen[bytes], data: bytes, seconds: float) -> ChildResult:
    try:
        output, _ = process.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ChildTimeout from None
    finally:
        # Also when the operator presses Ctrl+C now: nothing is left behind.
        _kill(process.pid, process.returncode)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
    return ChildResult(process.returncode, output)


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


def _kill(leader: int, code: int | None) -> None:
    """Kill the child and all that it has started; ``code`` is None while it is running."""
    if code is None:
        # Nobody has waited for it yet, so its number cannot belong to another process by now.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)

"""A program at the other end of a terminal line, and every byte that it sends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE = 30.0
"""Seconds until something expected must have come; only a defect takes that long."""

_ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y"}
"""What a modern terminal says: it can show an update in one go, and has no resize of its own."""


def wants_to_run(pid: int) -> bool:
    """Whether a thread of a process is at work, though it may not be its turn."""
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):  # the thread has ended meanwhile
            if thread.read_text().rpartition(")")[2].split()[0] in ("R", "D"):
                return True
    return False


class Line:
    """The terminal's side: what is pressed goes out, what would be drawn comes in."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start ``command``; ``size`` is columns and lines, ``environ`` adds to ours."""
        self.received = bytearray()
        self._answered = 0
        self._master, slave = os.openpty()
        self.resize(*size)
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"LANG": "C.UTF-8", **inherited, "TERM": "xterm-256color", **(environ or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the system tells the program."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def send(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def _read(self, seconds: float) -> bool:
        """Take what comes within ``seconds``; False where nothing does, or nothing ever will."""
        if not select.select([self._master], [], [], max(seconds, 0.0))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the program has ended
            data = b""
        self.received += data
        for question, answer in _ANSWERS.items():
            if question in self.received[self._answered :]:
                os.write(self._master, answer)
                self._answered = len(self.received)
        return bool(data)

    def until(self, reached: Callable[[bytes], bool], patience: float = PATIENCE) -> float:
        """Read until ``reached`` holds of all that has come; return seconds since the start."""
        deadline = time.monotonic() + patience
        while not reached(bytes(self.received)):
            if time.monotonic() > deadline:
                raise AssertionError(f"did not come; the end is {bytes(self.received[-400:])!r}")
            self._read(0.1)
        return time.perf_counter() - self.began

    def quiet(self, seconds: float = 0.5) -> bytes:
        """Return what comes until nothing has for ``seconds``, and the program waits as well."""
        before = len(self.received)
        while self._read(seconds) or wants_to_run(self.process.pid):
            pass
        return bytes(self.received[before:])

    def listen(self, seconds: float) -> bytes:
        """Return what comes within ``seconds``."""
        before = len(self.received)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
        return bytes(self.received[before:])

    def close(self) -> None:
        """End the program, if it has not ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)

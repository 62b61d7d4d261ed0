"""A process on a real pseudo-terminal: what comes over the wire, and what is typed into it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 30.0
"""Seconds until something must have come; only a defect takes that long."""


class PtyTerminal:
    """The program on a terminal of its own, of which it is the foreground process."""

    def __init__(
        self,
        arguments: Sequence[str],
        directory: Path,
        environ: Mapping[str, str] | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.modes = termios.tcgetattr(self.slave)
        self.wire = b""
        """Everything that came, echo included."""
        self._read = 0
        base = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory.with_name("home")),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=directory,
            env=base | dict(environ or {}),
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )

    def wait(self, text: str) -> str:
        """Wait until ``text`` comes after the previous match; return what came."""
        return self.wait_for(re.escape(text))

    def wait_for(self, pattern: str) -> str:
        """Wait until a regular expression matches; ``\\Z`` matches where nothing follows yet."""
        deadline = time.monotonic() + PATIENCE
        while True:
            shown = self.text[self._read :]
            found = re.search(pattern, shown)
            if found is not None:
                self._read += found.end()
                return shown[: found.end()]
            if time.monotonic() > deadline or not self._receive():
                raise AssertionError(f"{pattern!r} did not come:\n{shown}")

    def prompt(self, label: str = "") -> str:
        """Wait for a question that begins with ``label`` and ends with a colon and a blank.

        Returns it, with what came before it.
        """
        return self.wait_for(rf"(?m)^(?={re.escape(label)})(?:[^\n]*|[^:]*): \Z")

    def _receive(self) -> bool:
        """Read what comes; return whether more can come."""
        if not select.select([self.master], [], [], 0.5)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.wire += data
        return bool(data)

    @property
    def text(self) -> str:
        return self.wire.decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode("utf-8", "surrogateescape"))

    def enter(self, text: str = "") -> None:
        self.type(f"{text}\n")

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self) -> int:
        """Wait for the end; return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self._receive()
            assert time.monotonic() < deadline, self.text
        while select.select([self.master], [], [], 0)[0] and self._receive():
            pass
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def strange_bytes(wire: bytes) -> list[bytes]:
    """Return every control character but line ends, and every CR that is not the terminal's own."""
    return re.findall(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n", wire)

"""Running a command in this process on a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
import termios
import threading

import pytest

from wizard.cli import main


def run_on_terminal(
    patch: pytest.MonkeyPatch, *arguments: str, columns: int = 80
) -> tuple[int, str]:
    """Return the exit code, and what the terminal has got of stdout and stderr."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    received = bytearray()
    reader = threading.Thread(target=_read, args=(master, received))
    reader.start()
    with patch.context() as here, os.fdopen(slave, "w", encoding="utf-8") as stream:
        here.delenv("COLUMNS", raising=False)
        here.setattr(sys, "stdout", stream)
        here.setattr(sys, "stderr", stream)
        code = main(list(arguments))
        stream.flush()
    reader.join()
    os.close(master)
    return code, received.decode().replace("\r\n", "\n")


def _read(master: int, received: bytearray) -> None:
    with contextlib.suppress(OSError):  # the other end was closed
        while data := os.read(master, 65536):
            received += data

"""The terminal line by line: text and line ends go out, finished lines come in.

The kernel lets the operator edit a line (its canonical mode); nothing moves the cursor, and the
process is free to listen for signals meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
from collections.abc import Coroutine, Iterator
from typing import Any, Self, TypeVar

from wizard.text.display import escape_controls, supports_unicode

T = TypeVar("T")

LONGEST = 4095
"""Bytes that the kernel keeps of one line; it drops the rest without a word."""
_GRACE = 2
"""Tenths of a second in which the rest of a pasted text must have followed its first line."""
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "→": "->", "…": "...", "–": "-", "•": "*", "„": '"', "“": '"'}  # noqa: RUF001
)
_LOCAL, _CHARACTERS = 3, 6
"""Where termios keeps what is done with input, and the special characters."""


class InputInterrupted(Exception):
    """The operator pressed Ctrl+C."""


class InputEnded(Exception):
    """The operator pressed Ctrl+D, or the terminal has gone."""


class LineTerminal:
    """Standard input and output, which are a terminal. A context manager: it restores the modes.

    Whatever is being waited for ends by :class:`Interrupted` when ``interrupt`` is called.
    """

    def __init__(self) -> None:
        self._input, self._output = sys.stdin.fileno(), sys.stdout
        self._ascii = not supports_unicode(os.environ, sys.stdout.encoding)
        self._before = termios.tcgetattr(self._input)
        self._waiting: asyncio.Future[Any] | None = None
        self._interrupted = False

    def __enter__(self) -> Self:
        modes = termios.tcgetattr(self._input)
        modes[0] |= termios.ICRNL
        modes[1] |= termios.OPOST | termios.ONLCR
        modes[_LOCAL] |= termios.ICANON | termios.ECHO | termios.ISIG
        termios.tcsetattr(self._input, termios.TCSADRAIN, modes)
        return self

    def __exit__(self, *_: object) -> None:
        self._set(self._before, termios.TCSADRAIN)

    def restore(self) -> None:
        """Restore the modes without waiting for a terminal that takes nothing more."""
        self._set(self._before, termios.TCSANOW)

    def say(self, text: str) -> None:
        """Write lines of text from anywhere."""
        self._write(f"{escape_controls(text)}\n")

    async def line(self, prompt: str) -> str:
        """Ask for one line; return it without its line end."""
        self._write(escape_controls(prompt))
        try:
            return self._decoded(await self._line())
        except (InputInterrupted, InputEnded):
            self._write("\n")
            raise

    async def hidden(self, prompt: str) -> list[str]:
        """Ask for one line without showing it; return all lines that came at once.

        What was typed before the question, or comes after the line, is no answer to anything: it
        may be a part of a secret. A line that was too long for the kernel is not whole.
        """
        with self._silent() as silence:
            silence.prompt = escape_controls(prompt)
            self._write(silence.prompt)
            try:
                data = await self._line()
                data += self._following()
            finally:
                self._write("\n")
        return self._decoded(data).splitlines() or [""]

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for ``work``; Ctrl+C cancels it."""
        task = asyncio.ensure_future(work)
        return await self._wait(task)

    async def _wait(self, waiting: asyncio.Future[T]) -> T:
        self._waiting = waiting
        try:
            if self._interrupted:
                waiting.cancel()
            return await waiting
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            self._interrupted = False
            raise InputInterrupted from None
        finally:
            self._waiting = None
            if not waiting.done():
                waiting.cancel()

    def interrupt(self) -> None:
        """End what is being waited for, or else the next thing that is."""
        self._interrupted = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def _line(self) -> bytes:
        """Return what was typed up to the line end."""
        loop = asyncio.get_running_loop()
        line = b""
        while not line.endswith(b"\n"):
            arrived: asyncio.Future[bytes] = loop.create_future()
            loop.add_reader(self._input, self._arrive, arrived)
            try:
                data = await self._wait(arrived)
            finally:
                loop.remove_reader(self._input)
            if not data:
                raise InputEnded
            line += data
        return line

    def _arrive(self, arrived: asyncio.Future[bytes]) -> None:
        if arrived.done():
            return
        try:
            arrived.set_result(os.read(self._input, 2 * LONGEST))
        except BlockingIOError:  # somebody else was faster
            return
        except OSError:  # the terminal has gone
            arrived.set_result(b"")

    def _following(self) -> bytes:
        """Return what came after a line, finished or not."""
        modes = termios.tcgetattr(self._input)
        modes[_LOCAL] &= ~termios.ICANON  # an unfinished line can only be read without it
        modes[_CHARACTERS][termios.VMIN] = 0
        modes[_CHARACTERS][termios.VTIME] = _GRACE
        self._set(modes, termios.TCSADRAIN)
        following = b""
        with contextlib.suppress(OSError):
            while data := os.read(self._input, 2 * LONGEST):
                following += data
        return following

    @contextlib.contextmanager
    def _silent(self) -> Iterator[_Silence]:
        """Show nothing of what is typed, however this ends, and also after Ctrl+Z."""
        loop = asyncio.get_running_loop()
        silence = _Silence()
        before = termios.tcgetattr(self._input)
        silent = termios.tcgetattr(self._input)
        silent[_LOCAL] &= ~(termios.ECHO | termios.ECHONL)

        def stop() -> None:
            self._set(before, termios.TCSAFLUSH)
            self._write("\n")
            os.kill(os.getpid(), signal.SIGSTOP)
            self._set(silent, termios.TCSAFLUSH)
            self._write(silence.prompt)

        self._set(silent, termios.TCSAFLUSH)
        loop.add_signal_handler(signal.SIGTSTP, stop)
        try:
            yield silence
        finally:
            loop.remove_signal_handler(signal.SIGTSTP)
            self._set(before, termios.TCSAFLUSH)

    def _set(self, modes: list[Any], when: int) -> None:
        with contextlib.suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(self._input, when, modes)

    def _write(self, text: str) -> None:
        try:
            self._output.write(text.translate(_ASCII) if self._ascii else text)
            self._output.flush()
        except OSError:
            raise InputEnded from None

    def _decoded(self, data: bytes) -> str:
        text = data.decode(sys.stdin.encoding, "surrogateescape")
        return text.removesuffix("\n")


class _Silence:
    """What to ask again when the process was stopped in the middle of the question."""

    prompt = ""

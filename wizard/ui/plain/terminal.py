"""The terminal line by line: text is written, and finished lines are read.

The operator edits a line in the kernel's canonical mode: nothing here moves the cursor, and the
process can handle signals meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, Self, TypeVar

from wizard.text.display import escape_controls, supports_unicode
from wizard.text.wrapping import cell_width, hanging_lines
from wizard.ui.account.view import Line, PanelView, Role

T = TypeVar("T")

LONGEST = 4095
"""Bytes of a line that the kernel keeps; it drops the rest silently."""
_PASTE_TIMEOUT = 2
"""Tenths of a second within which the rest of a pasted text follows its first line."""
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "●": "*", "·": ".", "→": "->", "…": "...", "–": "-", "•": "*"}  # noqa: RUF001
    | {"„": '"', "“": '"'}
)
_WIDEST = 80
"""Cells of a line at most; longer ones are hard to read."""
_ROOM = 4
"""Cells for an answer behind a question of several lines."""
_MARKS = dict.fromkeys((Role.FAILED, Role.ERRORS), "✗") | {Role.PASSED: "✓"}
_MARKS |= dict.fromkeys((Role.WARNING, Role.WARNINGS), "!")
_LOCAL, _CHARACTERS = 3, 6
"""Indexes of the local modes and the special characters in the list of termios."""


class InputInterrupted(Exception):
    """The operator pressed Ctrl+C."""


class InputEnded(Exception):
    """The operator pressed Ctrl+D, or the terminal is gone."""


class LineTerminal:
    """Standard input and output, on a terminal; a context manager that restores its modes.

    ``interrupt`` ends whatever is being waited for with :class:`InputInterrupted`.
    """

    def __init__(self) -> None:
        self._input, self._output = sys.stdin.fileno(), sys.stdout
        self._ascii = not supports_unicode(os.environ, sys.stdout.encoding)
        self.one_by_one = bool(os.environ.get("ACCESSIBLE"))
        """Whether everything has a line of its own, for those who listen."""
        self._column = 0
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
        """Restore the modes without waiting for output that a stalled terminal does not take."""
        self._set(self._before, termios.TCSANOW)

    @property
    def _width(self) -> int:
        return min(_WIDEST, shutil.get_terminal_size().columns)

    def say(self, text: str = "", mark: str = "") -> None:
        """Write text, which may come from anywhere, and a line end; wrapped under itself."""
        self.end_line()
        self._write(f"{self._wrapped(text, mark)}\n")

    def say_lines(self, lines: Iterable[Line]) -> None:
        """Write the lines of a panel, but none that is empty."""
        for line in lines:
            text = "  ".join(part for part in (line.lead, line.word, line.text) if part)
            if text:
                self.say(text, line.mark.rstrip() or line.mark)

    def say_panel(self, panel: PanelView) -> None:
        """Write the title of a panel, with a mark for what it tells, and its lines."""
        if panel.title:
            self.say(panel.title, _MARKS.get(panel.role, ""))
        self.say_lines(panel.lines)

    def add(self, text: str, gap: str = " ") -> None:
        """Write a few words on the same line as those before, where there is room."""
        text = self._shown(escape_controls(text))
        if cell_width(text) > self._width:
            self.say(text)
            return
        if self.one_by_one or self._column + len(gap) + cell_width(text) > self._width:
            self.end_line()
        text = f"{gap}{text}" if self._column else text
        self._write(text)
        self._column += cell_width(text)

    def end_line(self) -> None:
        """End a line to which words were added."""
        if self._column:
            self._column = 0
            self._write("\n")

    def _wrapped(self, text: str, mark: str = "", room: int = 0) -> str:
        text = self._shown(escape_controls(text))
        first = self._shown(f"{mark} ") if mark else ""
        width = self._width - room
        return "\n".join(hanging_lines(text, width, first, " " * cell_width(first)))

    async def line(self, prompt: str) -> str:
        """Ask for one line, and return it without its line end."""
        self.end_line()
        self._write(f"{self._wrapped(prompt, room=_ROOM)} ")
        try:
            return self._decoded(await self._line())
        except (InputInterrupted, InputEnded):
            self._write("\n")
            raise

    async def hidden(self, prompt: str) -> list[str]:
        """Ask for one line without showing it; return all lines that came at once.

        What was typed before the question or right after the line answers no other question: it
        may be a part of a secret. A line that is too long for the kernel is incomplete.
        """
        self.end_line()
        prompt = f"{self._wrapped(prompt)} "
        with self._without_echo(prompt):
            self._write(prompt)
            try:
                data = await self._line()
                data += self._rest_of_paste()
            finally:
                self._write("\n")
        return self._decoded(data).splitlines() or [""]

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for ``work``; Ctrl+C cancels it."""
        return await self._wait(asyncio.ensure_future(work))

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
        """End what is being waited for, or else the next wait."""
        self._interrupted = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def _line(self) -> bytes:
        """Return what is typed up to the line end."""
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
        except BlockingIOError:  # another process has read it
            return
        except OSError:  # the terminal is gone
            arrived.set_result(b"")

    def _rest_of_paste(self) -> bytes:
        """Return what came right after a line, whether it ends with a line end or not."""
        modes = termios.tcgetattr(self._input)
        modes[_LOCAL] &= ~termios.ICANON  # else an unfinished line could not be read
        modes[_CHARACTERS][termios.VMIN] = 0
        modes[_CHARACTERS][termios.VTIME] = _PASTE_TIMEOUT
        self._set(modes, termios.TCSADRAIN)
        rest = b""
        with contextlib.suppress(OSError):
            while data := os.read(self._input, 2 * LONGEST):
                rest += data
        return rest

    @contextlib.contextmanager
    def _without_echo(self, prompt: str) -> Iterator[None]:
        """Show nothing of what is typed; ask again with ``prompt`` after Ctrl+Z."""
        loop = asyncio.get_running_loop()
        before = termios.tcgetattr(self._input)
        silent = termios.tcgetattr(self._input)
        silent[_LOCAL] &= ~(termios.ECHO | termios.ECHONL)

        def stop() -> None:
            self._set(before, termios.TCSAFLUSH)
            self._write("\n")
            os.kill(os.getpid(), signal.SIGSTOP)
            self._set(silent, termios.TCSAFLUSH)
            self._write(prompt)

        self._set(silent, termios.TCSAFLUSH)
        loop.add_signal_handler(signal.SIGTSTP, stop)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGTSTP)
            self._set(before, termios.TCSAFLUSH)

    def _set(self, modes: list[Any], when: int) -> None:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(self._input, when, modes)

    def _shown(self, text: str) -> str:
        return text.translate(_ASCII) if self._ascii else text

    def _write(self, text: str) -> None:
        try:
            self._output.write(text)
            self._output.flush()
        except OSError:
            raise InputEnded from None

    def _decoded(self, data: bytes) -> str:
        text = data.decode(sys.stdin.encoding, "surrogateescape")
        return text.removesuffix("\n")

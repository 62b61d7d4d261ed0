"""A terminal whose cells can be compared."""

from __future__ import annotations

import re
from typing import Any

import pyte

_OTHER = re.compile(r"\x1b\[[?<>=][\d;$]*[a-zA-Z]|\x1b\][^\x07]*\x07")
"""Modes, queries and titles; pyte would draw some of them."""

Cell = tuple[str, str, str, bool, bool, bool, bool, bool, bool]
"""Text, colours, bold, dim, italic, underline, reverse, strikethrough."""


class _Screen(pyte.Screen):
    def select_graphic_rendition(self, *attributes: Any, **kwargs: Any) -> None:
        # pyte has no dim, and nothing in the wizard blinks.
        super().select_graphic_rendition(*(5 if each == 2 else each for each in attributes))


class Emulated:
    """Draws the output that is fed to it."""

    def __init__(self, size: tuple[int, int] = (80, 24)) -> None:
        self._screen = _Screen(*size)
        self._screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self._screen)

    def feed(self, data: str) -> None:
        # As a terminal does with line ends; a pty has done so already.
        self._stream.feed(_OTHER.sub("", data).replace("\r\n", "\n").replace("\n", "\r\n"))

    def scramble(self, size: tuple[int, int] | None = None) -> None:
        """Show something else, as after a change of size or output of another program."""
        if size is not None:
            self._screen.resize(size[1], size[0])
        for line in range(self._screen.lines):
            self._stream.feed(f"\x1b[{line + 1}H" + "#" * self._screen.columns)
        self._stream.feed("\x1b[3;3H")

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        return self._screen.cursor.x, self._screen.cursor.y

    def cells(self) -> list[list[Cell]]:
        """Return lines of cells, with only their visible attributes."""
        return [
            [_seen(self._screen.buffer[line][column]) for column in range(self._screen.columns)]
            for line in range(self._screen.lines)
        ]


def _seen(char: Any) -> Cell:
    lines = char.underscore, char.reverse, char.strikethrough
    if char.data == " " and not char.reverse:
        return (" ", "", char.bg, False, False, False, *lines)
    return (char.data, char.fg, char.bg, char.bold, char.blink, char.italics, *lines)


def difference(expected: Emulated, shown: Emulated) -> str:
    """Describe the first cell that differs; empty if all are equal."""
    for y, (one, other) in enumerate(zip(expected.cells(), shown.cells(), strict=True)):
        for x, (wanted, found) in enumerate(zip(one, other, strict=True)):
            if wanted != found:
                return f"line {y}, column {x}: {wanted} expected, {found} shown"
    if expected.cursor != shown.cursor:
        return f"the cursor should be at {expected.cursor}, and is at {shown.cursor}"
    return ""

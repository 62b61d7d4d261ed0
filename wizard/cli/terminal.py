"""What a command prints on a terminal: wrapped at words, marks in colour, codes at the right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

from wizard.text.display import escape_controls, on_one_line, supports_unicode
from wizard.text.wrapping import cell_width, hanging_lines

WIDTH = 80
"""Columns at most; lines that are longer are hard to read."""
MARKS: Mapping[str, str] = {
    "pass": "✓", "warn": "!", "fail": "✗", "skip": "-", "remedy": "→", "+": "+", "-": "-",
}  # fmt: skip
_COLOURS = {"pass": "32", "warn": "33", "fail": "31", "+": "32", "-": "31"}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "─": "-", "…": "..."})
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)")
_LEAST_ROOM = 24
"""Columns that the text needs beside what is at the right; else that has a line of its own."""


class OutputLine(NamedTuple):
    """One paragraph of the output of a command; only its mark is coloured.

    ``margin`` is before the mark, ``head`` between mark and text, which hangs under its own
    beginning. ``right`` is a code or a time at the right edge. A text that is ``as_it_is`` is not
    wrapped.
    """

    text: str = ""
    mark: str = ""
    right: str = ""
    margin: str = ""
    head: str = ""
    as_it_is: bool = False


class OutputStyle(NamedTuple):
    """What a terminal can show."""

    width: int = WIDTH
    coloured: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] = os.environ) -> OutputStyle:
        """Return the style of the terminal that ``stream`` goes to."""
        try:
            columns = int(environ.get("COLUMNS", "0") or 0)
        except ValueError:
            columns = 0
        if columns <= 0:
            columns = os.get_terminal_size(stream.fileno()).columns or WIDTH
        coloured = not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
        return cls(min(columns, WIDTH), coloured, supports_unicode(environ, stream.encoding))

    def lay_out(self, lines: Iterable[OutputLine]) -> str:
        """Return ``lines`` as they are printed."""
        return "\n".join(row for line in lines for row in self._rows(line))

    def _rows(self, line: OutputLine) -> Iterator[str]:
        mark = self._shown(MARKS[line.mark]) if line.mark else ""
        lead = line.margin + (f"{mark} " if mark else "") + self._shown(line.head)
        text, right = self._shown(line.text), self._shown(line.right)
        room = self.width - (cell_width(right) + 1 if right else 0)
        beside = bool(right) and room - cell_width(lead) >= _LEAST_ROOM
        rows = [lead + text]
        if not line.as_it_is:
            width = room if beside else self.width
            rows = hanging_lines(text, width, lead, " " * cell_width(lead))
        if beside and cell_width(rows[0]) <= room:
            rows[0] += right.rjust(self.width - cell_width(rows[0]))
        elif right:
            rows.append(right.rjust(self.width))
        if self.coloured and (colour := _COLOURS.get(line.mark)):
            start = len(line.margin)
            rest = rows[0][start + len(mark) :]
            rows[0] = f"{rows[0][:start]}\x1b[{colour}m{mark}\x1b[0m{rest}"
        yield from rows

    def rule(self, left: str, right: str) -> OutputLine:
        """Return a line across the page with a text at either end."""
        left, right = on_one_line(left), on_one_line(right)
        dashes = self.width - cell_width(left) - cell_width(right) - 8
        return OutputLine(f"── {left} {'─' * max(dashes, 1)} {right} ──", as_it_is=True)

    def _shown(self, text: str) -> str:
        text = escape_controls(text)
        return text if self.unicode else text.translate(_ASCII)


def numbered_diff(diff: Iterable[str]) -> Iterator[OutputLine]:
    """Yield the lines of a unified diff with their numbers instead of ``@@``."""
    old = new = 0
    for line in diff:
        if place := _HUNK.match(line):
            if old or new:
                yield OutputLine("…", margin="   ")
            old, new = int(place[1]), int(place[2])
            continue
        sign, text = line[:1].strip(), line[1:]
        margin = f"{old if sign == '-' else new:>4} "
        yield OutputLine(text if sign else f"  {text}", sign, margin=margin, as_it_is=True)
        old, new = old + (sign != "+"), new + (sign != "-")


def place_of(path: str | Path, line: int | None = None) -> str:
    """Return the path, from the working directory where that is shorter, as ``path:line``."""
    shown = str(path)
    if os.path.isabs(shown):  # noqa: PTH117
        try:
            relative = os.path.relpath(shown)
        except (OSError, ValueError):  # there is no working directory any more
            relative = shown
        shown = min(relative, shown, key=len)
    shown = on_one_line(shown)
    return shown if line is None else f"{shown}:{line}"

"""What a command prints on a terminal: wrapped at words, marks in colour, codes at the right."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TextIO

from wizard.text.display import escape_controls, short_path, supports_unicode
from wizard.text.language import N_, _
from wizard.text.wrapping import cell_width, hanging_lines

if TYPE_CHECKING:
    from wizard.saving.change import FileChange

WIDTH = 80
"""Columns at most; lines that are longer are hard to read."""
MARKS: Mapping[str, str] = {
    "pass": "✓", "warn": "!", "fail": "✗", "skip": "-", "remedy": "→", "+": "+", "-": "-",
}  # fmt: skip
_COLOURS = {"pass": "32", "warn": "33", "fail": "31", "+": "32", "-": "31"}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": ">", "─": "-", "…": "..."})
_LEAST_ROOM = 16
"""Columns that the text needs beside what is at the left and right of it, to stay beside that."""


class OutputLine(NamedTuple):
    """One paragraph of the output of a command; only its mark is coloured.

    ``margin`` is before the mark, ``head`` between mark and text, which hangs under its own
    beginning. ``right`` is a code or a time at the right edge. A text that is ``as_it_is`` is not
    wrapped, and a rule is a line across the page between both texts.
    """

    text: str = ""
    mark: str = ""
    right: str = ""
    margin: str = ""
    head: str = ""
    as_it_is: bool = False
    is_rule: bool = False


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
        if line.is_rule:
            yield self._rule(line.text, line.right)
            return
        mark = self._shown(MARKS[line.mark]) if line.mark else ""
        lead = line.margin + (f"{mark} " if mark else "")
        text, right = self._shown(line.text), self._shown(line.right)
        head = self._shown(line.head)
        if self.width - cell_width(lead + head) < _LEAST_ROOM:
            text = head + text
        else:
            lead += head
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

    def _rule(self, left: str, right: str) -> str:
        """Return a line across the page with a text at either end."""
        dashes = self.width - cell_width(left) - cell_width(right) - 8
        return self._shown(f"── {left} {'─' * max(dashes, 1)} {right} ──")

    def _shown(self, text: str) -> str:
        text = escape_controls(text)
        return text if self.unicode else text.translate(_ASCII)


def change_lines(change: FileChange) -> Iterator[OutputLine]:
    """Yield the changed lines of a file with their numbers, below its path."""
    state = N_("changed")
    if change.created or change.removed:
        state = N_("new") if change.created else N_("removed")
    right = _(state)
    if modes := change.mode_change:
        words = _("mode {old:04o} → {new:04o}", old=modes[0], new=modes[1])
        right = f"{right}, {words}" if change.rewritten else words
    yield OutputLine(short_path(change.before.path), right=right, is_rule=True)
    last = 0
    for row in change.rows():
        if last and row.number > last + 1:
            yield OutputLine("…", margin="   ")
        last = row.number
        sign = row.sign.strip()
        text = row.text if sign else f"  {row.text}"
        yield OutputLine(text, sign, margin=f"{row.number:>4} ", as_it_is=True)

"""What the terminal shows, cell by cell, and how to change it with few bytes.

When any cell of a widget changes, textual sends the whole widget again, with a style for every run
of blanks: 180 bytes for a key and 12 kB for a step, which takes long over a slow connection. So
its output is parsed back into cells, and only changed cells are sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

_NOT_DRAWN = re.compile(r"(?:\x07|\x1b\[[?<>][\d;$]*[a-z]|\x1b\](?:22|52);[^\x07]*\x07)+")
"""Bell, modes, queries, shape of the mouse pointer, clipboard."""
_ALTERNATE = "\x1b[?1049h"
_CLEAR = "\x1b[m\x1b[H\x1b[J"
_GAP = 3
"""At most so many unchanged cells are sent again rather than skipped."""


class ScreenDiff:
    """The cells of the screen, as far as they are known from the output alone.

    Unknown sequences are passed on unchanged and make all cells unknown: the screen is right, it
    only takes more bytes.
    """

    def __init__(self) -> None:
        self.reach = (0, 0)
        """Columns and lines that the last update needed."""
        self._reset(None)

    def _reset(self, fill: Cell | None) -> None:
        self._stale = False
        self._fill = fill
        """All cells that are not in the lines; None if they are unknown."""
        self._lines: dict[int, list[Cell | None]] = {}
        self._cursor: tuple[int, int] | None = None
        """Line and column of the terminal's cursor; None if unknown."""

    def forget(self) -> None:
        """Treat all cells as unknown from the next update on; may interrupt an update."""
        self._stale = True

    def change(self, data: str) -> str:
        """Return shorter output with the effect of ``data``, and remember the cells."""
        if data == _ALTERNATE:
            self._reset(BLANK)  # for terminals without a second screen
            return data + _CLEAR
        if _NOT_DRAWN.fullmatch(data) and "1049" not in data:
            return data
        try:
            drawing = parse_drawing(data)
        except UnknownSequence:
            self._reset(None)
            return data
        if self._stale:
            self._reset(None)
        columns = max(1 + max(line) for line in drawing.lines.values()) if drawing.lines else 0
        self.reach = columns, max(drawing.lines, default=-1) + 1
        out = _Writer(self._cursor)
        for y in sorted(drawing.lines):
            self._draw_line(out, y, drawing.lines[y])
        self._cursor = drawing.cursor
        return out.finish(drawing.cursor)

    def _draw_line(self, out: _Writer, y: int, drawn: Mapping[int, Cell]) -> None:
        before = self._lines.get(y, [])
        before = before + [self._fill] * (max(drawn) + 1 - len(before))
        after = before.copy()
        for x, new in drawn.items():
            after[x] = new
        _forget_halves(after)
        self._lines[y] = after

        changed = [x for x in sorted(drawn) if before[x] != after[x]]
        # Terminals disagree on the width of such a character, so what follows it is sent again.
        doubtful = [x for x in changed if _is_doubtful(before[x], after[x])]
        if doubtful:
            changed = [x for x in changed if x < doubtful[0]]
            changed += [x for x in range(doubtful[0], len(after)) if after[x] is not None]

        end = len(after)
        while end and after[end - 1] == BLANK:
            end -= 1
        cleared = [x for x in changed if x >= end]
        if len(cleared) <= _GAP:
            end, cleared = len(after), []
        for x in _with_gaps([x for x in changed if x < end], after):
            cell = after[x]
            if cell is not None and cell != RIGHT_HALF:
                out.put(y, x, cell)
        if cleared:
            out.clear(y, cleared[0])


class _Writer:
    """Output for a terminal that starts and ends with the plain style."""

    def __init__(self, cursor: tuple[int, int] | None) -> None:
        self._parts: list[str] = []
        self._line: int | None = None
        self._column: int | None = None
        if cursor is not None:
            self._line, self._column = cursor
        else:  # the style is unknown, too
            self._parts.append("\x1b[m")
        self._style = ""

    def put(self, y: int, x: int, cell: Cell) -> None:
        self._move_to(y, x)
        if cell.text != " " or _visible_on_blank(self._style) != cell.style:
            self._set_style(cell.style)
        self._parts.append(cell.text)
        self._column = None if cell.is_doubtful else x + 1

    def clear(self, y: int, x: int) -> None:
        """Clear the rest of the line."""
        self._move_to(y, x)
        self._set_style("")
        self._parts.append("\x1b[K")

    def finish(self, cursor: tuple[int, int]) -> str:
        """Return all output, with the move to the final cursor position."""
        self._set_style("")
        self._move_to(*cursor)
        return "".join(self._parts)

    def _move_to(self, y: int, x: int) -> None:
        if self._line != y:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        elif self._column != x:  # or unknown, after a character of doubtful width
            self._parts.append(f"\x1b[{x + 1}G")
        self._line, self._column = y, x

    def _set_style(self, style: str) -> None:
        if self._style == style:
            return
        reset = "0;" if self._style and style else ""
        self._parts.append(f"\x1b[{reset}{style}m")
        self._style = style


def _is_doubtful(*cells: Cell | None) -> bool:
    return any(cell is not None and cell.is_doubtful for cell in cells)


def _forget_halves(line: list[Cell | None]) -> None:
    """Mark as unknown what is left of a wide character of which one half was overwritten."""
    previous: Cell | None = None
    for x, cell in enumerate(line):
        is_right, has_left = cell == RIGHT_HALF, previous is not None and previous.width == 2
        if is_right and not has_left:
            line[x] = None
        elif has_left and not is_right:
            line[x - 1] = None
        previous = cell
    if previous is not None and previous.width == 2:
        line[-1] = None


def _with_gaps(columns: Sequence[int], line: Sequence[Cell | None]) -> Iterator[int]:
    """Add the columns of short gaps between ``columns``."""
    last: int | None = None
    for x in columns:
        gap = range(x if last is None else last + 1, x)
        if len(gap) <= _GAP and None not in (line[between] for between in gap):
            yield from gap
        yield x
        last = x


_TOKEN = re.compile(
    r"\x1b\[(?P<line>\d+);(?P<column>\d+)H"
    r"|\x1b\[(?P<style>[\d;]*)m"
    r"|(?P<end>\n)"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
"""All that textual draws with: positions, styles, line ends (before a position), text."""
_INVISIBLE_ON_BLANKS = {"1", "2", "3", *map(str, range(30, 38)), *map(str, range(90, 98))}
"""Bold, dim, italic, and the colours of text."""


class UnknownSequence(Exception):
    """Output that textual does not draw with today."""


class Cell(NamedTuple):
    """A character with its combining characters, and the parameters of its style."""

    text: str
    style: str
    width: int

    @property
    def is_doubtful(self) -> bool:
        """Whether terminals may disagree on its width: not one character in one cell."""
        return self.width != 1 or len(self.text) != 1


BLANK = Cell(" ", "", 1)
RIGHT_HALF = Cell("", "", 0)
"""The second cell of a wide character."""


class Drawing(NamedTuple):
    """What an update draws, and where it leaves the cursor; lines and columns count from 0."""

    lines: Mapping[int, Mapping[int, Cell]]
    cursor: tuple[int, int]
    """Line and column."""


def parse_drawing(data: str) -> Drawing:
    """Return what ``data`` draws; raise :class:`UnknownSequence` for anything else."""
    lines: dict[int, dict[int, Cell]] = {}
    x = y = None
    style = ""
    position = 0
    while position < len(data):
        token = _TOKEN.match(data, position)
        if token is None:
            raise UnknownSequence
        position = token.end()
        if token["line"]:
            y, x = int(token["line"]) - 1, int(token["column"]) - 1
        elif token["style"] is not None:
            style = token["style"]
        elif token["end"]:
            x = None
        else:
            if y is None or x is None:
                raise UnknownSequence
            line = lines.setdefault(y, {})
            for cluster in _clusters(token["text"]):
                cell = _cell(cluster, style)
                line[x] = cell
                if cell.width == 2:
                    line[x + 1] = RIGHT_HALF
                x += cell.width
    if x is None or y is None or _visible(style):
        raise UnknownSequence
    return Drawing(lines, (y, x))


def _clusters(text: str) -> Iterable[str]:
    """Return each character with its combining characters."""
    return text if text.isascii() else _joined_clusters(text)


def _joined_clusters(text: str) -> Iterator[str]:
    start = 0
    for index in range(1, len(text)):
        if cell_len(text[index]) and text[index - 1] != "\u200d":
            yield text[start:index]
            start = index
    yield text[start:]


@lru_cache(maxsize=4096)
def _cell(text: str, style: str) -> Cell:
    width = cell_len(text)
    if width not in (1, 2):
        raise UnknownSequence
    return Cell(text, _visible_on_blank(style) if text == " " else _visible(style), width)


@lru_cache(maxsize=256)
def _visible(style: str) -> str:
    return ";".join(_attributes(style))


@lru_cache(maxsize=256)
def _visible_on_blank(style: str) -> str:
    """Return the part of a style that is visible without text."""
    visible = _attributes(style)
    if "7" not in visible:  # in reverse, the text's colour is that of the blank
        visible = [
            each for each in visible if each[:3] != "38;" and each not in _INVISIBLE_ON_BLANKS
        ]
    return ";".join(visible)


def _attributes(style: str) -> list[str]:
    """Return the parameters in effect, with those of a colour joined."""
    kept: list[str] = []
    numbers = iter(style.split(";"))
    for number in numbers:
        colour = [number]
        if number in ("38", "48", "58"):
            colour.append(next(numbers, ""))
            colour += [next(numbers, "") for _ in range(3 if colour[1] == "2" else 1)]
        if number in ("", "0"):
            kept.clear()
        elif number not in ("39", "49"):
            kept.append(";".join(colour))
    return kept

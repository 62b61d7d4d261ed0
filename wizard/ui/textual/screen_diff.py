"""What the terminal shows, cell by cell, and how to change it by few bytes.

textual sends the whole widget again when any of its cells changes, with a style for every run of
blanks: 180 bytes for a key, 12 kB for a step, which is slow over a slow connection. So its bytes
are read back into cells, and only those that changed are sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

_NOT_DRAWN = re.compile(r"(?:\x07|\x1b\[[?<>][\d;$]*[a-z]|\x1b\](?:22|52);[^\x07]*\x07)+")
"""Bell, modes, questions, shape of the mouse pointer, clipboard."""
_ALTERNATE = "\x1b[?1049h"
_CLEAR = "\x1b[m\x1b[H\x1b[J"
_GAP = 3
"""Cells that are cheaper sent again than jumped over."""


class ScreenDiff:
    """The cells of the screen, as far as they are known.

    Nothing but the stream of bytes is needed for that. What is not understood is passed on as it
    is, and nothing is known from then on: the screen is right, only the bytes are more.
    """

    def __init__(self) -> None:
        self._begin_with(None)

    def _begin_with(self, everywhere: Cell | None) -> None:
        self._stale = False
        self._rest = everywhere
        """What the cells hold that are not in the lines; None where that is not known."""
        self._lines: dict[int, list[Cell | None]] = {}
        self._cursor: tuple[int, int] | None = None
        """Line and column of the terminal's cursor, where they are known."""

    def forget(self) -> None:
        """Take nothing for known from the next update on; may interrupt an update."""
        self._stale = True

    def change(self, data: str) -> str:
        """Return what has the effect of ``data``, and remember it."""
        if data == _ALTERNATE:
            self._begin_with(BLANK)  # a terminal without a second screen is cleared, too
            return data + _CLEAR
        if _NOT_DRAWN.fullmatch(data) and "1049" not in data:
            return data
        try:
            drawing = parse_drawing(data)
        except UnknownSequence:
            self._begin_with(None)
            return data
        if self._stale:
            self._begin_with(None)
        out = _Writer(self._cursor)
        for y in sorted(drawing.lines):
            self._draw_line(out, y, drawing.lines[y])
        self._cursor = drawing.cursor
        return out.finish(drawing.cursor)

    def _draw_line(self, out: _Writer, y: int, drawn: Mapping[int, Cell]) -> None:
        before = self._lines.get(y, [])
        before = before + [self._rest] * (max(drawn) + 1 - len(before))
        after = before.copy()
        for x, new in drawn.items():
            after[x] = new
        _forget_halves(after)
        self._lines[y] = after

        changed = [x for x in sorted(drawn) if before[x] != after[x]]
        # Terminals disagree on the width of such a character: what follows is put right again.
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
    """Sequences for a terminal that starts and ends with its plain style."""

    def __init__(self, cursor: tuple[int, int] | None) -> None:
        self._parts: list[str] = []
        self._line: int | None = None
        self._column: int | None = None
        if cursor is not None:
            self._line, self._column = cursor
        else:  # nor is the style known
            self._parts.append("\x1b[m")
        self._style = ""

    def put(self, y: int, x: int, cell: Cell) -> None:
        self._go(y, x)
        if cell.text != " " or seen_on_blank(self._style) != cell.style:
            self._use(cell.style)
        self._parts.append(cell.text)
        self._column = None if cell.is_doubtful else x + 1

    def clear(self, y: int, x: int) -> None:
        """Clear the rest of the line."""
        self._go(y, x)
        self._use("")
        self._parts.append("\x1b[K")

    def finish(self, cursor: tuple[int, int]) -> str:
        """Return everything, the way to the cursor's place included."""
        self._use("")
        self._go(*cursor)
        return "".join(self._parts)

    def _go(self, y: int, x: int) -> None:
        # After the last column terminals disagree where the cursor is.
        if self._line != y:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        elif self._column != x:
            self._parts.append(f"\x1b[{x + 1}G")
        self._line, self._column = y, x

    def _use(self, style: str) -> None:
        if self._style == style:
            return
        reset = "0;" if self._style and style else ""
        self._parts.append(f"\x1b[{reset}{style}m")
        self._style = style


def _is_doubtful(*cells: Cell | None) -> bool:
    return any(cell is not None and cell.is_doubtful for cell in cells)


def _forget_halves(line: list[Cell | None]) -> None:
    """Take for unknown what terminals make of a wide character whose other half is overwritten."""
    left: Cell | None = None
    for x, cell in enumerate(line):
        is_right, has_left = cell == RIGHT_HALF, left is not None and left.width == 2
        if is_right and not has_left:
            line[x] = None
        elif has_left and not is_right:
            line[x - 1] = None
        left = cell
    if left is not None and left.width == 2:
        line[-1] = None


def _with_gaps(columns: Sequence[int], line: Sequence[Cell | None]) -> Iterator[int]:
    """Add the cells of short gaps."""
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
"""All that textual draws with: places, styles, line ends (a place follows), text."""
_UNSEEN_ON_BLANKS = {"1", "2", "3", *map(str, range(30, 38)), *map(str, range(90, 98))}
"""Bold, dim, italic, and the colours of text."""


class UnknownSequence(Exception):
    """Something that textual does not draw with today."""


class Cell(NamedTuple):
    """A character with what combines with it, and the parameters of its style."""

    text: str
    style: str
    width: int

    @property
    def is_doubtful(self) -> bool:
        """Whether it is more than one character or one cell."""
        return self.width != 1 or len(self.text) != 1


BLANK = Cell(" ", "", 1)
RIGHT_HALF = Cell("", "", 0)
"""Where the character on the left is two cells wide."""


class Drawing(NamedTuple):
    """What an update draws, and where it leaves the cursor; lines and columns count from 0."""

    lines: Mapping[int, Mapping[int, Cell]]
    cursor: tuple[int, int]
    """Line and column."""


def parse_drawing(data: str) -> Drawing:
    """Return what ``data`` draws; raise :class:`UnknownSequence` if it is not understood."""
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
    if x is None or y is None or _seen(style):
        raise UnknownSequence
    return Drawing(lines, (y, x))


def _clusters(text: str) -> Iterable[str]:
    """Return what is drawn together: a character with all that combines with it."""
    return text if text.isascii() else _joined(text)


def _joined(text: str) -> Iterator[str]:
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
    return Cell(text, seen_on_blank(style) if text == " " else _seen(style), width)


@lru_cache(maxsize=256)
def _seen(style: str) -> str:
    return ";".join(_attributes(style))


@lru_cache(maxsize=256)
def seen_on_blank(style: str) -> str:
    """Return what can be seen of a style where there is no text."""
    seen = _attributes(style)
    if "7" not in seen:  # reversed, the text's colour is the blank's
        seen = [each for each in seen if each[:3] != "38;" and each not in _UNSEEN_ON_BLANKS]
    return ";".join(seen)


def _attributes(style: str) -> list[str]:
    """Return the parameters that make a difference, those of a colour together."""
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

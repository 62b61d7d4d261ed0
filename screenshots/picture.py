"""Draws a terminal's cells as SVG, with no font but the viewer's own.

Frames are drawn as lines, and every word has its place, so that a picture fits together in browsers
and in librsvg whatever their monospaced font is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple, TypeVar

from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style

from wizard.ui.textual.terminal import _ASCII as ASCII

_T = TypeVar("_T")

WIDTH, HEIGHT = 10, 21
"""Of a cell, in pixels."""
MARGIN = 12
_BASELINE = 15.5
_FONT = (
    "font:16.6px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',"
    "'Courier New',monospace"
)
_DEFAULT, _GROUND = "t", "g"
"""The terminal's own colours, for text and behind it."""
_COLOURS = "0123456789abcdef"
"""The sixteen colours in their usual order, in one letter each."""

DARK = (
    "#d4d7dd #16181d #2b2f38 #e5534b #62c073 #e3b341 #6ca4f8 #cf7ff0 #56c2d0 #d4d7dd "
    "#7d8590 #ff7b72 #7ee787 #f2cc60 #a5d6ff #e2b6ff #8ddbe5 #ffffff"
)
"""Text, ground, and the sixteen colours."""
LIGHT = (
    "#24292f #ffffff #24292f #cf222e #1a7f37 #b58407 #0969da #8839c5 #1b7c83 #6e7781 "
    "#57606a #a40e26 #116329 #9a6700 #218bff #a475f9 #3192aa #ffffff"
)


class Cell(NamedTuple):
    """One character on the screen."""

    text: str
    front: str = _DEFAULT
    """Its colour, in one letter."""
    behind: str = _GROUND
    style: str = ""
    """Any of ``B``\\ old, ``D``\\ im, ``I``\\ talic and ``U``\\ nderlined."""


Row = list[Cell]


def cells(line: Iterable[Segment]) -> list[Cell]:
    """Return the cells of one line of textual's output."""
    return [
        _cell(character, segment.style or Style.null())
        for segment in line
        for character in segment.text
    ]


def _cell(character: str, style: Style) -> Cell:
    front, behind = _letter(style, _DEFAULT), _letter(style, _GROUND)
    if style.reverse:
        front, behind = behind, front
    flags = (("B", style.bold), ("D", style.dim), ("I", style.italic), ("U", style.underline))
    return Cell(character, front, behind, "".join(letter for letter, is_set in flags if is_set))


def _letter(style: Style, default: str) -> str:
    colour = style.color if default == _DEFAULT else style.bgcolor
    if colour is None or colour.type is ColorType.DEFAULT:
        return default
    if colour.number is None or colour.number >= len(_COLOURS):
        raise ValueError(f"not one of the terminal's own colours: {colour}")
    return _COLOURS[colour.number]


def picture(rows: Sequence[Row], palette: str) -> str:
    """Return the SVG of a screen."""
    body = "".join(
        f'<g transform="translate(0 {number * HEIGHT})">{drawn}</g>\n'
        for number, row in enumerate(rows)
        if (drawn := draw(row))
    )
    return window(len(rows[0]), len(rows), palette, body)


def window(columns: int, lines: int, palette: str, body: str, css: str = "") -> str:
    """Return the SVG of a window with ``body`` in it, whose style is ``css``."""
    width, height = columns * WIDTH + 2 * MARGIN, lines * HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">\n'
        f"<style>{_css(palette)}{css}</style>\n"
        f'<rect class="w" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>\n'
        f'<svg x="{MARGIN}" y="{MARGIN}" width="{columns * WIDTH}" height="{lines * HEIGHT}">\n'
        f"{body}</svg>\n</svg>\n"
    )


def _css(palette: str) -> str:
    letters = _DEFAULT + _GROUND + _COLOURS
    named = zip(letters, palette.split(), strict=True)
    colours = "".join(
        f".{_name(letter)}{{fill:{colour}}}.l{_name(letter)}{{stroke:{colour}}}"
        for letter, colour in named
    )
    ground = palette.split()[1]
    return (
        f"text{{{_FONT};white-space:pre}}.w{{fill:{ground};stroke:#8b949e;stroke-opacity:.5}}"
        f"path{{fill:none;stroke-width:1.2}}.h{{stroke-width:2.4}}{colours}"
        ".B{font-weight:bold}.D{opacity:.62}.I{font-style:italic}.U{text-decoration:underline}"
    )


def _name(letter: str) -> str:
    """Return a colour's letter as the name of a class, which begins with no digit."""
    return f"c{letter}"


def draw(row: Row) -> str:
    """Draw one line of cells, with its upper left corner at 0, 0."""
    return "".join((*_grounds(row), *_lines(row), *_texts(row)))


def _grounds(row: Row) -> Iterator[str]:
    for start, length, colour in _runs([cell.behind for cell in row]):
        if colour != _GROUND:
            yield _rectangle(start * WIDTH, length * WIDTH, colour)
    for column, cell in enumerate(row):
        if cell.text in _BLOCKS:
            yield _rectangle(column * WIDTH, int(_BLOCKS[cell.text] * WIDTH), cell.front)


def _rectangle(x: int, width: int, colour: str) -> str:
    return f'<rect class="{_name(colour)}" x="{x}" width="{width}" height="{HEIGHT}"/>'


_BLOCKS = {"▌": 0.5, "█": 1.0}
_X, _Y, _RADIUS = WIDTH / 2, HEIGHT / 2, 5
_STROKES = {
    "─": f"h{WIDTH}",
    "│": f"m{_X:g} {-_Y:g}v{HEIGHT}",
    "╭": f"m{WIDTH} 0h{_RADIUS - _X:g}q{-_RADIUS} 0 {-_RADIUS} {_RADIUS}V{HEIGHT}",
    "╮": f"h{_X - _RADIUS:g}q{_RADIUS} 0 {_RADIUS} {_RADIUS}V{HEIGHT}",
    "╰": f"m{_X:g} {-_Y:g}V{_Y - _RADIUS:g}q0 {_RADIUS} {_RADIUS} {_RADIUS}h{_X - _RADIUS:g}",
    "╯": f"m{_X:g} {-_Y:g}V{_Y - _RADIUS:g}q0 {_RADIUS} {-_RADIUS} {_RADIUS}h{_RADIUS - _X:g}",
    "━": f"h{WIDTH}",
    "┃": f"m{_X:g} {-_Y:g}v{HEIGHT}",
    "┏": f"m{WIDTH} 0h{-_X:g}V{HEIGHT}",
    "┓": f"h{_X:g}V{HEIGHT}",
    "┗": f"m{_X:g} {-_Y:g}V{_Y:g}h{_X:g}",
    "┛": f"m{_X:g} {-_Y:g}V{_Y:g}h{-_X:g}",
}
"""How each sign of a frame is drawn from the middle of its cell's left edge."""
_ACROSS, _HEAVY = "─━", "━┃┏┓┗┛"


def _lines(row: Row) -> Iterator[str]:
    frames = [
        (cell.front, cell.style, cell.text in _HEAVY) if cell.text in _STROKES else None
        for cell in row
    ]
    for look in dict.fromkeys(frame for frame in frames if frame):
        path = ""
        for start, length, text in _runs([cell.text for cell in row]):
            if frames[start] != look:
                continue
            if text in _ACROSS:
                path += f"M{start * WIDTH} {_Y:g}h{length * WIDTH}"
                continue
            for column in range(start, start + length):
                path += f"M{column * WIDTH} {_Y:g}{_STROKES[text]}"
        colour, style, is_heavy = look
        classes = " ".join(("l" + _name(colour), *style, *("h" * is_heavy)))
        yield f'<path class="{classes}" d="{path}"/>'


def _texts(row: Row) -> Iterator[str]:
    looks = [(cell.front, cell.style, cell.text.isascii() or cell.text.isalpha()) for cell in row]
    for start, length, (colour, style, is_word) in _runs(looks):
        text = "".join(cell.text for cell in row[start : start + length])
        for offset, part in _parts(text) if is_word else enumerate(text):
            if part in _STROKES or part in _BLOCKS or not part.strip():
                continue
            yield _text(start + offset, part, colour, style, is_word=is_word)


def _text(column: int, text: str, colour: str, style: str, *, is_word: bool) -> str:
    classes = " ".join((_name(colour), *style))
    place = f'x="{column * WIDTH}" textLength="{len(text) * WIDTH}"'
    if not is_word:  # a sign may come from another font, with another width
        place = f'x="{column * WIDTH + WIDTH // 2}" text-anchor="middle"'
    return f'<text class="{classes}" y="{_BASELINE}" {place}>{escape(text, quote=False)}</text>'


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Split at two or more blanks; return where each part begins."""
    position = 0
    for part in text.split("  "):
        stripped = part.strip()
        if stripped:
            yield position + part.index(stripped), stripped
        position += len(part) + 2


def _runs(values: Sequence[_T]) -> Iterator[tuple[int, int, _T]]:
    """Yield where equal neighbours begin, how many they are, and what they are."""
    position = 0
    for value, group in groupby(values):
        length = len(list(group))
        yield position, length, value
        position += length


def in_ascii(rows: Iterable[Row]) -> list[Row]:
    """Return a screen as the driver sends it to a terminal without other signs."""
    return [[cell._replace(text=cell.text.translate(ASCII)) for cell in row] for row in rows]

"""What textual draws, read back from the bytes that it would send: a cell, a character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

_TOKEN = re.compile(
    r"\x1b\[(?P<line>\d+);(?P<column>\d+)H"
    r"|\x1b\[(?P<style>[\d;]*)m"
    r"|(?P<end>\n)"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
"""All that textual draws with: places, styles, line ends (a place follows), text."""

_UNSEEN_ON_BLANKS = {"1", "2", "3", *map(str, range(30, 38)), *map(str, range(90, 98))}
"""Bold, dim, italic, and the colours of text."""


class Unknown(Exception):
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


@dataclass(frozen=True, slots=True)
class Drawing:
    """What an update draws, and where it leaves the cursor; lines and columns count from 0."""

    lines: Mapping[int, Mapping[int, Cell]]
    cursor: tuple[int, int]
    """Line and column."""


def read(data: str) -> Drawing:
    """Return what ``data`` draws; raise :class:`Unknown` where that cannot be told."""
    lines: dict[int, dict[int, Cell]] = {}
    x = y = None
    style = ""
    position = 0
    while position < len(data):
        token = _TOKEN.match(data, position)
        if token is None:
            raise Unknown
        position = token.end()
        if token["line"]:
            y, x = int(token["line"]) - 1, int(token["column"]) - 1
        elif token["style"] is not None:
            style = token["style"]
        elif token["end"]:
            x = None
        else:
            if y is None or x is None:
                raise Unknown
            line = lines.setdefault(y, {})
            for cluster in _clusters(token["text"]):
                cell = _cell(cluster, style)
                line[x] = cell
                if cell.width == 2:
                    line[x + 1] = RIGHT_HALF
                x += cell.width
    if x is None or y is None or _seen(style):
        raise Unknown
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
        raise Unknown
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

"""Sentences wrapped at words, with an indent that hangs under their beginning."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_PROGRAMS = (
    "apt|cat|chcon|chmod|chown|curl|cp|docker|dotenvx|git|journalctl|kill|ln|ls|mkdir|mv|nano|openssl"
    "|podman|pip|pipx|printf|restorecon|rm|smtp-wizard|sops|sudo|swaks|systemctl|ulimit|uv|vi"
)
_COMMAND = re.compile(
    # Announced by a colon or standing alone: up to the end of the line or sentence, or to the
    # blanks that set it off.
    rf"(?:(?<=: )|(?<=  )|(?=\()|^)\(?(?:{_PROGRAMS})(?= )"
    r"(?:(?![.,;]? {2}|[.;,)](?: |$)).)*[.;,)]*"
    # Within a sentence: the program, its own commands and the options that follow.
    r"|(?<!\S)(?:smtp-wizard|(?:docker|podman) compose|git|systemctl)(?: [a-z]+)?(?: --?[a-z]\S*)*"
    r"(?!\S)[.;,)]*"
)
_WORD = re.compile(r"\S+")
_SET_OFF = re.compile(r"(?<= {2})\S+(?: \S+)*")
_WHOLE = re.compile(r"/|^.?--?[a-z]")
"""What is copied in one piece: URLs, paths and options."""


def hanging_lines(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return ``text`` in lines of at most ``width`` cells, indents included.

    The first line begins with ``first``, all others with ``rest``. Line feeds are kept. Commands,
    URLs and paths are never broken, nor are lines that begin with a blank: these are there to be
    pasted. What is too long for a line has one of its own, which is then longer than ``width``.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        indent = rest if lines else first
        if paragraph[:1] == " ":
            lines.append((indent + paragraph).rstrip())
        else:
            lines += _wrap(paragraph, width, indent, rest)
    return lines


def cell_width(text: str) -> int:
    """Return how many cells of a terminal ``text`` takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _wrap(paragraph: str, width: int, first: str, rest: str) -> Iterator[str]:
    line, is_empty = first, True
    for gap, piece in _pieces(paragraph, max(width - cell_width(rest), 1)):
        if is_empty:
            line += piece
        elif cell_width(line + gap + piece) <= width:
            line += gap + piece
        else:
            yield line
            line = rest + piece
        is_empty = False
    yield line.rstrip()


def _pieces(paragraph: str, room: int) -> Iterator[tuple[str, str]]:
    """Yield what stays on one line, after the blanks that separate it from what is before."""
    end = 0
    while word := _WORD.search(paragraph, end):
        gap, start = paragraph[end : word.start()], word.start()
        command = _COMMAND.match(paragraph, start)
        end = command.end() if command else word.end()
        set_off = None if command else _SET_OFF.match(paragraph, start)
        if set_off and cell_width(set_off[0]) <= room:
            end = set_off.end()
        piece = paragraph[start:end]
        while not command and cell_width(piece) > room and not _WHOLE.search(piece):
            head = _head(piece, room)
            yield gap, head
            gap, piece = "", piece[len(head) :]
        yield gap, piece


def _head(word: str, room: int) -> str:
    """Return as much of the beginning of ``word`` as ``room`` cells can take, but something."""
    length = 1
    while cell_width(word[: length + 1]) <= room:
        length += 1
    return word[:length]

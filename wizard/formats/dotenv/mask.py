"""A `.env` for showing: the same lines, with every value hidden."""

from __future__ import annotations

import re

from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK, Reading
from wizard.secrets.secret import MASK

_EMPTY = re.compile(r"""\s*=\s*(?:""|'')?\s*""")
_SIGN = re.compile(r"\s*=")
# Behind "=" or ":" a comment may hold a former value (not behind the colon of "https://"); so may
# one without a blank behind the "#", which may once have been meant as a part of a value.
_COMMENT = re.compile(r"(\s*#(?:[ \t](?:(?!=|:(?!//)).)*[=:]?)?)(.*)", re.DOTALL)


def mask_dotenv(text: str) -> str:
    """Return the text with ``********`` for every value; takes any text, malformed or not.

    It keeps the number of lines, as ``splitlines`` counts them. Names, empty values and comments
    up to an equals sign or a colon stay; a line that BOMnipotent Server and Docker Compose do not
    read alike is hidden as a whole, and so is all behind a place where one of them stops reading.
    """
    readings = read_dotenvy(text), read_compose(text)
    hidden = _hidden(text, *readings)
    name_ends = _name_ends(*readings)
    start = 0
    masked = []
    for line in text.splitlines(keepends=True):
        content = line.splitlines()[0]
        mark = BYTE_ORDER_MARK if start == 0 and content.startswith(BYTE_ORDER_MARK) else ""
        first = start + len(content) - len(content.removeprefix(mark).lstrip())
        if first in name_ends:
            shown = _definition(content, name_ends[first] - start)
        elif any(hidden[start : start + max(1, len(content))]):
            shown = MASK
        else:
            shown = mark + _other(content.removeprefix(mark))
        masked.append(shown + line[len(content) :])
        start += len(line)
    return "".join(masked)


def _name_ends(dotenvy: Reading, compose: Reading) -> dict[int, int]:
    """Return where the name ends, by where the definition begins, for those that both see."""
    ours, theirs = (
        {(one.start, one.name_end) for one in reading.statements} for reading in (dotenvy, compose)
    )
    return dict(ours & theirs)


def _hidden(text: str, *readings: Reading) -> bytearray:
    """Return a flag for each character: whether it may belong to a value."""
    flags = bytearray(len(text) + 1)
    for reading in readings:
        ranges = [(one.start, one.end) for one in reading.statements]
        if reading.rejection is not None:
            ranges.append((reading.rejection.offset, len(text)))
        for start, end in ranges:
            flags[start:end] = b"\1" * (end - start)
    return flags


def _definition(line: str, name_end: int) -> str:
    """Mask a line that begins with a definition; ``name_end`` is an index into it."""
    sign = _SIGN.match(line, name_end)
    if sign is None:
        return MASK
    return line if _EMPTY.fullmatch(line, name_end) else line[: sign.end()] + MASK


def _other(line: str) -> str:
    """Mask a line outside of all definitions, which should be blank or a comment."""
    comment = _COMMENT.fullmatch(line)
    if comment is None:
        return MASK if line.strip() else line
    shown, rest = comment.groups()
    return shown + (MASK if rest.strip() else rest)

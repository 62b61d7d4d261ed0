"""One variable in `.env`: read, set or remove it, and leave every other byte alone.

An edit happens only where BOMnipotent Server (dotenvy) and Docker Compose agree on what the
file says, and is read again by both grammars before it is returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from wizard.formats.dotenv.guard import check_edit
from wizard.formats.dotenv.mask import mask_dotenv
from wizard.formats.dotenv.quoting import Misreading, by_hand, check_value, misreaders, quote
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK, WHITE_SPACE
from wizard.formats.dotenv.variables import (
    NO_ENVIRON,
    Entry,
    read_entries,
    read_variable,
    variable_line,
)
from wizard.text.language import _

__all__ = [
    "Misreading",
    "check_value",
    "mask_dotenv",
    "misreaders",
    "quote",
    "read_variable",
    "remove_variable",
    "set_variable",
    "variable_line",
]

_HEADER = "# Read by BOMnipotent Server. Do not commit this file, it holds a secret."


def set_variable(text: str, name: str, value: str, environ: Mapping[str, str] = NO_ENVIRON) -> str:
    """Return the text with every definition of the variable replaced, or with one more line.

    Where both readers already find ``value`` everywhere, not one byte changes. Raises
    InvalidValue for a value that cannot be written, FileRefused for a file that cannot be edited.
    """
    check_value(value)
    line = by_hand(name, value)
    entries = read_entries(text, environ, _("write by hand, above it, {line}", line=line))
    found = [entry for entry in entries if entry.name == name]
    if not found:
        after = _inserted(text, entries, name, f"{name}={quote(value)}")
    elif all(entry.reads(value) for entry in found):
        return text
    else:
        after = _replaced(text, found, lambda entry: _rewritten(text, entry, quote(value)))
    check_edit(text, after, name, value, environ, _("Write by hand {line}.", line=line))
    return after


def remove_variable(text: str, name: str, environ: Mapping[str, str] = NO_ENVIRON) -> str:
    """Return the text without the lines that define the variable; raises FileRefused."""
    if name not in text:
        return text
    entries = read_entries(text, environ, _("remove {name} by hand", name=name))
    found = [entry for entry in entries if entry.name == name]
    after = _replaced(text, found, lambda _: "")
    check_edit(text, after, name, None, environ, _("Remove {name} by hand.", name=name))
    return after


def _replaced(text: str, entries: Iterable[Entry], lines: Callable[[Entry], str]) -> str:
    """Put ``lines(entry)`` in place of the physical lines of each entry."""
    parts = []
    position = 0
    for entry in entries:
        parts += [text[position : entry.line_start], lines(entry)]
        position = entry.line_end
    return "".join((*parts, text[position:]))


def _rewritten(text: str, entry: Entry, quoted: str) -> str:
    """Return the entry's lines with another value, and the comment behind it above.

    There, because systemd would take a comment behind a quoted value for a part of it.
    """
    statement = entry.dotenvy
    indent = text[entry.line_start : statement.start]
    definition = text[entry.line_start : statement.name_end] + "=" + quoted
    end = _line_break(text[entry.line_start : entry.line_end])
    if entry.comment is None:
        return definition + end
    comment = text[entry.comment : entry.line_end].rstrip(WHITE_SPACE)
    return indent + comment + (end or _line_break_of(text)) + definition + end


def _inserted(text: str, entries: Iterable[Entry], name: str, definition: str) -> str:
    """Add a line: below a placeholder in a comment, else behind the last line."""
    end = _line_break_of(text)
    if text in ("", BYTE_ORDER_MARK):
        return text + _HEADER + end + definition + end
    place = _below_placeholder(text, entries, name) or len(text)
    above = text[:place] if _line_break(text[:place]) else text[:place] + end
    return above + definition + end + text[place:]


def _below_placeholder(text: str, entries: Iterable[Entry], name: str) -> int | None:
    """Return where the line behind the last ``# NAME=…`` begins, if there is such a comment."""
    placeholder = (
        rf"^{BYTE_ORDER_MARK}?[ \t]*#[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=[^\n]*\n?"
    )
    # Within a multi-line value it is no comment.
    values = [range(entry.line_start, entry.dotenvy.end) for entry in entries]
    places = [
        match.end()
        for match in re.finditer(placeholder, text, re.MULTILINE)
        if not any(match.start() in value for value in values)
    ]
    return places[-1] if places else None


def _line_break(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""


def _line_break_of(text: str) -> str:
    """Return the line break of the last complete line."""
    return _line_break(text[: text.rfind("\n") + 1]) or "\n"

"""What is wrong with a text that is not TOML, in words that give away no secret."""

from __future__ import annotations

import re

from wizard.config.settings import REFERENCE
from wizard.errors import FileRefused
from wizard.formats.toml.tokens import MAX_KEY_PARTS, deepest_key, multi_line_strings
from wizard.text.language import N_, _

_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")

_DEFINED_TWICE = N_("a key or table is defined twice")
_BAD_CHARACTER = N_("there is a character that TOML does not allow here")
_REASONS = (
    # How a message of tomllib begins. Its own words may quote the file, so none are passed on.
    ("Cannot declare", _DEFINED_TWICE),
    ("Cannot overwrite", _DEFINED_TWICE),
    ("Cannot redefine", _DEFINED_TWICE),
    ("Cannot mutate", N_("a table is extended that is already complete")),
    ("Duplicate inline table key", _DEFINED_TWICE),
    ("Expected '='", N_('there is no "=" behind the key')),
    ("Expected newline", N_("something follows that does not belong to the value")),
    ("Expected ']", N_("a table header is not closed")),
    ("Found invalid character", _BAD_CHARACTER),
    ("Illegal character", _BAD_CHARACTER),
    ("Invalid date", N_("a date or time is not valid")),
    ("Invalid hex", N_("an escape sequence is not valid")),
    ("Invalid initial character", N_("a key begins with a character that needs quotes")),
    ("Invalid statement", N_("this is no key, table header or comment")),
    ("Invalid value", N_("the value is not valid (a text needs quotes)")),
    ("Escaped character", N_("an escape sequence is not valid")),
    ("Unclosed array", N_("an array is not closed")),
    ("Unclosed inline", N_("an inline table is not closed")),
    ("Unescaped", N_("a backslash in a string is not followed by a valid escape sequence")),
    ("Unterminated string", N_("a string is not closed")),
)

# A line is only quoted when it is one whole statement in which no secret is likely.
_QUOTABLE = re.compile(r"""[ \t]*(?:[A-Za-z0-9_.-]+[ \t]*=|\[+[^"']*$)""")
_CONFIDENTIAL = re.compile(r"secret|pass|pw|token|key|cred|auth|smtp|://|@", re.IGNORECASE)
_HEADER_LINE = re.compile(r"[ \t]*\[")


def check_key_depth(text: str) -> None:
    """Refuse a key that would make tomllib run out of memory."""
    if (offset := deepest_key(text)) is not None:
        raise FileRefused(
            "config-too-deep",
            _("A key has more than {limit} parts.", limit=MAX_KEY_PARTS),
            _("Check that this is the file you mean."),
            line=text.count("\n", 0, offset) + 1,
        )


def explain(error: ValueError | RecursionError, text: str) -> FileRefused:
    """Return the refusal for what ``tomllib`` said about ``text`` (without its byte order mark)."""
    if isinstance(error, RecursionError):
        return FileRefused(
            "config-too-deep",
            _("Arrays or inline tables are nested too deeply."),
            _("Check that this is the file you mean."),
        )
    place = _PLACE.search(str(error))
    lines = text.split("\n")
    if place is None or place[1] is None:
        number = len(lines)
        where = _("at the end of the file") if place else _("in some value")
    else:
        number = int(place[1])
        where = _("in column {column}", column=place[2])
    if place and place[1] and _is_lone_reference(lines[number - 1]):
        return FileRefused(
            "config-reference-alone",
            _("This line is only a ${…} reference, and what it stands for is not known here."),
            _('Write "key = ${…}" instead, or set the line aside while you use this program.'),
            line=number,
        )
    said = str(error)
    reason = next((words for start, words in _REASONS if said.startswith(start)), "")
    quoted = _quotable(lines, number, text) if place and place[1] else ""
    return FileRefused(
        "config-invalid-toml",
        _("This is not valid TOML: {where}, {reason}.", where=where, reason=_(reason))
        if reason
        else _("This is not valid TOML: {where}.", where=where),
        _("Correct the line and try again: {line}", line=quoted)
        if quoted
        else _("Correct the line and try again."),
        line=number if place else None,
    )


def _is_lone_reference(line: str) -> bool:
    return REFERENCE.fullmatch(line.partition("#")[0].strip()) is not None


def _quotable(lines: list[str], number: int, text: str) -> str:
    """Return the line if it cannot hold a secret, else nothing."""
    line = lines[number - 1].strip()
    above = next((row for row in reversed(lines[:number]) if _HEADER_LINE.match(row)), "")
    if not _QUOTABLE.match(line) or _CONFIDENTIAL.search(line) or _CONFIDENTIAL.search(above):
        return ""
    for start, end in multi_line_strings(text):
        first = text.count("\n", 0, start) + 1
        if first <= number <= first + text.count("\n", start, end):
            return ""
    return line if line.isprintable() and len(line) <= 200 else ""

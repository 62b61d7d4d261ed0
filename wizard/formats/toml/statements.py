"""A TOML text as a list of statements that give back the text when they are joined.

What a text means is left to `tomllib`; this module only finds where each statement, its key and its
value stand. See https://toml.io/en/v1.0.0.

The tokens of TOML that decide where a string, a comment or a reference begins and ends.

What is wrong with a text that is not TOML, in words that give away no secret.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from wizard.errors import FileRefused
from wizard.formats.text import BOM
from wizard.formats.urls import mask_url_password
from wizard.formats.variables import REFERENCE
from wizard.text.language import N_, _

MAX_KEY_PARTS = 32
"""tomllib needs memory in the square of a key's parts: 100,000 of them exhaust a machine."""


# Possessive quantifiers keep every pattern linear. A string that is never closed extends to the end
# of its line or of the file: tomllib refuses it with a better message than a lexer could give.
STRING = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
)
_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"|'[^'\n]*+')"""
_DOT = r"[ \t]*+\.[ \t]*+"
KEY = rf"{_KEY_PART}(?:{_DOT}{_KEY_PART})*+"
FIRST_KEY_PART = re.compile(_KEY_PART)
_OUTSIDE = re.compile(
    rf"(?P<deep>(?<![A-Za-z0-9_-]){_KEY_PART}(?:{_DOT}{_KEY_PART}){{{MAX_KEY_PARTS}}})"
    rf"|(?P<string>{STRING})|(?P<comment>#[^\n]*+)|(?P<reference>{REFERENCE.pattern})",
    re.DOTALL,
)


def deepest_key(text: str) -> int | None:
    """Return the offset of a key with more than `MAX_KEY_PARTS` parts, or None."""
    return next((found.start() for found in _OUTSIDE.finditer(text) if found["deep"]), None)


def mask_references(text: str) -> str:
    """Return ``text`` with each ``${NAME}`` outside of strings as an integer of the same length.

    ``https_port = ${PORT}`` is legal for the server, which replaces text before it reads TOML.
    """

    def masked(found: re.Match[str]) -> str:
        return "1" * len(found[0]) if found["reference"] else found[0]

    return _OUTSIDE.sub(masked, text)


def toml_references(text: str) -> Iterator[str]:
    """Yield the name of each ``${NAME}`` in ``text`` that is not in a comment."""
    for found in _OUTSIDE.finditer(text):
        if not found["comment"]:
            yield from REFERENCE.findall(found[0])


def multi_line_strings(text: str) -> Iterator[tuple[int, int]]:
    """Yield the span of each string that reaches over a line end."""
    for found in _OUTSIDE.finditer(text):
        if found["string"] and "\n" in found[0]:
            yield found.span()


def map_strings_and_comments(
    text: str, string: Callable[[str], str], comment: Callable[[str], str]
) -> str:
    """Return ``text`` with each string (with its quotes) and each comment mapped."""

    def mapped(found: re.Match[str]) -> str:
        if found["comment"]:
            return comment(found[0])
        return string(found[0]) if found["string"] else found[0]

    return _OUTSIDE.sub(mapped, text)


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
    if mask_url_password(line) != line:
        return ""
    for start, end in multi_line_strings(text):
        first = text.count("\n", 0, start) + 1
        if first <= number <= first + text.count("\n", start, end):
            return ""
    return line if line.isprintable() and len(line) <= 200 else ""


Path = tuple[str, ...]
Span = tuple[int, int]


class Kind(Enum):
    """What a statement is."""

    BLANK = auto()
    COMMENT = auto()
    HEADER = auto()
    ARRAY_HEADER = auto()
    PAIR = auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """One or more whole lines of TOML, with their line ends.

    ``masked`` is ``text`` with an integer for each reference outside of strings, ``line`` is
    1-based, ``table`` is the table of the header above (a header's own path for a header), ``key``
    is the key path of a key/value pair below that table. Spans are offsets into ``text``.
    """

    kind: Kind
    text: str
    masked: str
    line: int
    table: Path
    key: Path = ()
    key_span: Span = (0, 0)
    value_span: Span = (0, 0)

    @property
    def path(self) -> Path:
        """The path of the table or value from the root of the document."""
        return self.table + self.key

    @property
    def has_key(self) -> bool:
        """Whether this is a table header or a key/value pair."""
        return self.kind not in (Kind.BLANK, Kind.COMMENT)

    @property
    def line_end(self) -> str:
        r"""``\r\n``, ``\n``, or nothing at the end of a file without a final newline."""
        return "\r\n" if self.text.endswith("\r\n") else "\n" if self.text.endswith("\n") else ""

    @property
    def indent(self) -> str:
        """The blanks that the statement begins with."""
        return self.text[: len(self.text) - len(self.text.lstrip(" \t"))]

    def line_at(self, offset: int) -> int:
        """Return the 1-based line of the file at an offset into ``text``."""
        return self.line + self.text.count("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class TomlSource:
    """A valid TOML text: what it says (``data``) and where it says it (``statements``)."""

    bom: str
    statements: tuple[Statement, ...]
    data: dict[str, Any]

    @property
    def text(self) -> str:
        """The text that was read, unchanged."""
        return self.bom + "".join(statement.text for statement in self.statements)


def parse_toml(text: str) -> TomlSource:
    """Read a TOML text that may hold ``${NAME}`` where TOML wants a value.

    Such a reference appears in ``data`` as an integer. Raises `FileRefused` for invalid TOML.
    """
    body = text.removeprefix(BOM)
    data = load_toml(body)
    return TomlSource(text[: len(text) - len(body)], tuple(split_statements(body)), data)


def load_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text means; raise `FileRefused` where it is not valid."""
    check_key_depth(text)
    try:
        return tomllib.loads(mask_references(text))
    except (ValueError, RecursionError) as error:  # ValueError also for integers beyond all bounds
        raise explain(error, text) from None


def key_path(source: str) -> Path:
    """Return the parts of a key as it is written, such as ``a . "b c"``."""
    if '"' not in source and "'" not in source:
        return tuple(part.strip(" \t") for part in source.split("."))
    path: list[str] = []
    rest: Any = tomllib.loads(f"{source} = 0")
    while isinstance(rest, dict):
        ((part, rest),) = rest.items()
        path.append(part)
    return tuple(path)


_REST_OF_LINE = r"[ \t]*+(?:#[^\n]*+)?\r?\n?"
_BLANK = re.compile(r"[ \t]*+\r?\n|[ \t]++\Z")
_COMMENT = re.compile(r"[ \t]*+#[^\n]*+\n?")
_HEADER = re.compile(
    rf"[ \t]*+\[(?P<array>\[?)[ \t]*+(?P<key>{KEY})[ \t]*+\]\]?{_REST_OF_LINE}", re.DOTALL
)
_PAIR = re.compile(rf"[ \t]*+(?P<key>{KEY})[ \t]*+=[ \t]*+", re.DOTALL)
_SIMPLE_VALUE = re.compile(
    rf"""(?P<value>"(?!")[^"\\\n]++"|'(?!')[^'\n]++'|[^"'#\[\]{{}}\s]++){_REST_OF_LINE}(?<=\n)"""
)
_VALUE_TOKEN = re.compile(
    rf"(?P<string>{STRING})|(?P<comment>#[^\n]*+)|(?P<newline>\n)|(?P<blank>[ \t\r]++)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<comma>,)|[^\"'#\[\]{}=,\s]++",
    re.DOTALL,
)


def value_tokens(text: str, start: int, end: int | None = None) -> Iterator[re.Match[str]]:
    """Yield the tokens of the value that begins at ``start``, until ``end`` or its line's end.

    The name of a token's group (``lastgroup``) says what it is; it is None for a number or word.
    """
    depth = 0
    for token in _VALUE_TOKEN.finditer(text, start, len(text) if end is None else end):
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        if depth == 0 and kind in ("newline", "comment"):
            return
        yield token


def split_statements(text: str, table: Path = (), line: int = 1) -> Iterator[Statement]:
    """Cut valid TOML into statements; joined, their texts are ``text``.

    ``table`` is where the text stands, ``line`` the number of its first line.
    """
    masked = mask_references(text)
    start = 0
    while start < len(text):
        kind, key_span, value_span, end = _next_statement(masked, start, line)
        piece = text[start:end]
        if kind is Kind.BLANK or kind is Kind.COMMENT:
            yield Statement(kind, piece, masked[start:end], line, table)
        else:
            path = _path_at(text, masked, key_span, line)
            if kind is not Kind.PAIR:
                table, path = path, ()
            yield Statement(
                kind,
                piece,
                masked[start:end],
                line,
                table,
                path,
                (key_span[0] - start, key_span[1] - start),
                (value_span[0] - start, value_span[1] - start),
            )
        line += piece.count("\n")
        start = end


def _next_statement(masked: str, start: int, line: int) -> tuple[Kind, Span, Span, int]:
    """Return what begins at ``start``: its kind, key span, value span and end."""
    nothing = (start, start)
    if found := _BLANK.match(masked, start):
        return Kind.BLANK, nothing, nothing, found.end()
    if found := _COMMENT.match(masked, start):
        return Kind.COMMENT, nothing, nothing, found.end()
    if found := _HEADER.match(masked, start):
        kind = Kind.ARRAY_HEADER if found["array"] else Kind.HEADER
        return kind, found.span("key"), nothing, found.end()
    if not (found := _PAIR.match(masked, start)):
        raise FileRefused(
            "config-not-understood",
            _("The TOML here is written in a way that cannot be edited safely."),
            _("Write this line in a simpler way."),
            line=line,
        )
    if simple := _SIMPLE_VALUE.match(masked, found.end()):
        return Kind.PAIR, found.span("key"), simple.span("value"), simple.end()
    value_end = found.end()
    for token in value_tokens(masked, found.end()):
        if token.lastgroup not in ("blank", "newline", "comment"):
            value_end = token.end()
    line_end = masked.find("\n", value_end)
    end = len(masked) if line_end < 0 else line_end + 1
    return Kind.PAIR, found.span("key"), (found.end(), value_end), end


def _path_at(text: str, masked: str, span: Span, line: int) -> Path:
    source = text[slice(*span)]
    if source != masked[slice(*span)]:
        raise FileRefused(
            "config-reference-as-key",
            _("A ${…} reference stands in a key or table name, which is only known on the server."),
            _("Write the name itself there."),
            line=line,
        )
    return key_path(source)

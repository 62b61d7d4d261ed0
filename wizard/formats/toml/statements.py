"""A TOML text as a list of statements, which give back the text when they are joined.

tomllib says what a text means; this module finds where each statement, its key and its value
stand, and says what is wrong with a text that is not TOML (https://toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import Any, NamedTuple

from wizard.errors import FileRefused
from wizard.formats.variables import REFERENCE
from wizard.text.language import N_, _

BOM = "\ufeff"

KeyPath = tuple[str, ...]
Span = tuple[int, int]


class StatementKind(Enum):
    """What a statement is."""

    BLANK = auto()
    COMMENT = auto()
    HEADER = auto()
    ARRAY_HEADER = auto()
    PAIR = auto()


class Statement(NamedTuple):
    """One or more whole lines of TOML, with their line ends.

    ``filled`` is ``text`` with an integer for each reference outside of strings, ``line`` is
    1-based, ``table`` is the table of the header above (a header's own path for a header), ``key``
    is the key path of a key/value pair below that table. Spans are offsets into ``text``.
    """

    kind: StatementKind
    text: str
    filled: str
    line: int
    table: KeyPath
    key: KeyPath = ()
    key_span: Span = (0, 0)
    value_span: Span = (0, 0)

    @property
    def path(self) -> KeyPath:
        """The path of the table or value from the root of the document."""
        return self.table + self.key

    @property
    def has_key(self) -> bool:
        """Whether this is a table header or a key/value pair."""
        return self.kind not in (StatementKind.BLANK, StatementKind.COMMENT)

    @property
    def line_end(self) -> str:
        r"""``\r\n``, ``\n``, or nothing at the end of a file without a final newline."""
        return "\r\n" if self.text.endswith("\r\n") else "\n" if self.text.endswith("\n") else ""

    @property
    def indent(self) -> str:
        """The blanks before the statement."""
        return self.text[: len(self.text) - len(self.text.lstrip(" \t"))]


class TomlSource:
    """A valid TOML text: what it means (``data``) and where that is written (``statements``)."""

    __slots__ = ("bom", "data", "statements")

    def __init__(self, bom: str, statements: tuple[Statement, ...], data: dict[str, Any]) -> None:
        self.bom = bom
        self.statements = statements
        self.data = data

    @property
    def text(self) -> str:
        """The text that was read, unchanged."""
        return self.bom + "".join(statement.text for statement in self.statements)


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
KEY_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"|'[^'\n]*+')"""
_DOT = r"[ \t]*+\.[ \t]*+"
_KEY = rf"{KEY_PART}(?:{_DOT}{KEY_PART})*+"
_TOKEN = re.compile(
    rf"(?P<deep>(?<![A-Za-z0-9_-]){KEY_PART}(?:{_DOT}{KEY_PART}){{{MAX_KEY_PARTS}}})"
    rf"|(?P<string>{STRING})|(?P<comment>#[^\n]*+)|(?P<reference>{REFERENCE.pattern})",
    re.DOTALL,
)


@lru_cache(maxsize=4)  # one text is read for many purposes
def parse_toml(text: str) -> TomlSource:
    """Read a TOML text that may have ``${NAME}`` in the place of a value.

    Such a reference appears in ``data`` as an integer; nobody may change it. Raises `FileRefused`
    for invalid TOML.
    """
    body = text.removeprefix(BOM)
    data = load_toml(body)
    return TomlSource(text[: len(text) - len(body)], tuple(split_statements(body)), data)


def load_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text means; raise `FileRefused` if it is not valid."""
    _check_bounds(text)
    try:
        return tomllib.loads(fill_references(text))
    except (ValueError, RecursionError) as error:  # ValueError also for integers beyond all bounds
        raise _refusal(error, text) from None


def key_path(source: str) -> KeyPath:
    """Return the parts of a key from its source, such as ``a . "b c"``."""
    if '"' not in source and "'" not in source:
        return tuple(part.strip(" \t") for part in source.split("."))
    path: list[str] = []
    rest: Any = tomllib.loads(f"{source} = 0")
    while isinstance(rest, dict):
        ((part, rest),) = rest.items()
        path.append(part)
    return tuple(path)


def fill_references(text: str) -> str:
    """Return ``text`` with an integer of the same length for each ``${NAME}`` outside of strings.

    ``https_port = ${PORT}`` is legal for the server, which replaces text before it reads TOML.
    """

    def integer(found: re.Match[str]) -> str:
        return "1" * len(found[0]) if found["reference"] else found[0]

    return _TOKEN.sub(integer, text)


def toml_references(text: str) -> Iterator[tuple[str, int]]:
    """Yield name and offset of each ``${NAME}`` in ``text`` that is not in a comment."""
    if "${" not in text:
        return
    for found in _TOKEN.finditer(text):
        if not found["comment"]:
            for reference in REFERENCE.finditer(text, *found.span()):
                yield reference[1], reference.start()


def _multi_line_strings(text: str) -> Iterator[Span]:
    """Yield the span of each string that contains a line end."""
    for found in _TOKEN.finditer(text):
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

    return _TOKEN.sub(mapped, text)


_REST_OF_LINE = r"[ \t]*+(?:#[^\n]*+)?\r?\n?"
_BLANK = re.compile(r"[ \t]*+\r?\n|[ \t]++\Z")
_COMMENT = re.compile(r"[ \t]*+#[^\n]*+\n?")
_HEADER = re.compile(
    rf"[ \t]*+\[(?P<array>\[?)[ \t]*+(?P<key>{_KEY})[ \t]*+\]\]?{_REST_OF_LINE}", re.DOTALL
)
_PAIR = re.compile(rf"[ \t]*+(?P<key>{_KEY})[ \t]*+=[ \t]*+", re.DOTALL)
_SIMPLE_VALUE = re.compile(
    rf"""(?P<value>"(?!")[^"\\\n]++"|'(?!')[^'\n]++'|[^"'#\[\]{{}}\s]++){_REST_OF_LINE}(?<=\n)"""
)
_VALUE_TOKEN = (  # compiled for the first value that is not simple
    rf"(?s)(?P<string>{STRING})|(?P<comment>#[^\n]*+)|(?P<newline>\n)|(?P<blank>[ \t\r]++)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<comma>,)|[^\"'#\[\]{}=,\s]++"
)


def value_tokens(text: str, start: int, end: int | None = None) -> Iterator[re.Match[str]]:
    """Yield the tokens of the value that begins at ``start``, up to ``end`` or the end of its line.

    The name of a token's group (``lastgroup``) says what it is: None for a number or a word.
    """
    depth = 0
    pattern = re.compile(_VALUE_TOKEN)
    for token in pattern.finditer(text, start, len(text) if end is None else end):
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        if depth == 0 and kind in ("newline", "comment"):
            return
        yield token


def split_statements(text: str, table: KeyPath = (), line: int = 1) -> Iterator[Statement]:
    """Cut valid TOML into statements; their texts, joined, are ``text``.

    ``table`` is the table that the text is in, ``line`` the number of its first line.
    """
    filled = fill_references(text)
    start = 0
    while start < len(text):
        if filled.startswith(("\n", "\r\n"), start):
            blank = _blank_lines(filled, start)
            yield Statement(StatementKind.BLANK, blank, blank, line, table)
            line += blank.count("\n")
            start += len(blank)
            continue
        kind, key_span, value_span, end = _next_statement(filled, start, line)
        piece = text[start:end]
        if kind is StatementKind.BLANK or kind is StatementKind.COMMENT:
            yield Statement(kind, piece, filled[start:end], line, table)
        else:
            path = _path_at(text, filled, key_span, line)
            if kind is not StatementKind.PAIR:
                table, path = path, ()
            yield Statement(
                kind,
                piece,
                filled[start:end],
                line,
                table,
                path,
                (key_span[0] - start, key_span[1] - start),
                (value_span[0] - start, value_span[1] - start),
            )
        line += piece.count("\n")
        start = end


_LINE_ENDS = {"\n": "\n++", "\r\n": "(?:\r\n)++"}


def _blank_lines(text: str, start: int) -> str:
    """Return the blank lines at ``start`` that are one statement.

    The first one and the last one are by themselves, as an edit may remove one.
    """
    end = "\n" if text[start] == "\n" else "\r\n"
    lines = re.compile(_LINE_ENDS[end]).match(text, start)
    length = 0 if lines is None else len(lines[0])
    follows_blank = text.endswith(end * 2, 0, start) or (start == len(end) and text.startswith(end))
    return end * (length // len(end) - 1) if follows_blank and length > len(end) else end


def _next_statement(filled: str, start: int, line: int) -> tuple[StatementKind, Span, Span, int]:
    """Return kind, key span, value span and end of the statement at ``start``."""
    nothing = (start, start)
    if found := _BLANK.match(filled, start):
        return StatementKind.BLANK, nothing, nothing, found.end()
    if found := _COMMENT.match(filled, start):
        return StatementKind.COMMENT, nothing, nothing, found.end()
    if found := _HEADER.match(filled, start):
        kind = StatementKind.ARRAY_HEADER if found["array"] else StatementKind.HEADER
        return kind, found.span("key"), nothing, found.end()
    if not (found := _PAIR.match(filled, start)):
        raise FileRefused(
            "config-not-understood",
            _("The TOML here is written in a way that cannot be edited safely."),
            _("Write this line in a simpler way."),
            line=line,
        )
    if simple := _SIMPLE_VALUE.match(filled, found.end()):
        return StatementKind.PAIR, found.span("key"), simple.span("value"), simple.end()
    value_end = found.end()
    for token in value_tokens(filled, found.end()):
        if token.lastgroup not in ("blank", "newline", "comment"):
            value_end = token.end()
    line_end = filled.find("\n", value_end)
    end = len(filled) if line_end < 0 else line_end + 1
    return StatementKind.PAIR, found.span("key"), (found.end(), value_end), end


def _path_at(text: str, filled: str, span: Span, line: int) -> KeyPath:
    source = text[slice(*span)]
    if source != filled[slice(*span)]:
        raise FileRefused(
            "config-reference-as-key",
            _("A key or table name has a ${…} reference in it, which only the server can resolve."),
            _("Write the name itself there."),
            line=line,
        )
    return key_path(source)


MAX_PARTS = 20_000
_PARTS = "=[{,#"
"""What each value, table, element and comment has one of."""


def _check_bounds(text: str) -> None:
    """Refuse what would take tomllib, or an edit, too much time or memory."""
    if sum(map(text.count, _PARTS)) > MAX_PARTS:
        raise FileRefused(
            "config-too-large",
            _("The file has more than {limit:,} values, tables and comments.", limit=MAX_PARTS),
            _("Check that this is the file you mean."),
        )
    if found := next((found for found in _TOKEN.finditer(text) if found["deep"]), None):
        raise FileRefused(
            "config-too-deep",
            _("A key has more than {limit} parts.", limit=MAX_KEY_PARTS),
            _("Check that this is the file you mean."),
            line=text.count("\n", 0, found.start()) + 1,
        )


_DEFINED_TWICE = N_("a key or table is defined twice")
_BAD_CHARACTER = N_("there is a character that TOML does not allow here")
_REASONS = (
    # How a message of tomllib begins. It may quote the file, so it is never passed on.
    ("Cannot declare", _DEFINED_TWICE),
    ("Cannot overwrite", _DEFINED_TWICE),
    ("Cannot redefine", _DEFINED_TWICE),
    ("Cannot mutate", N_("a table is extended that is already complete")),
    ("Duplicate inline table key", _DEFINED_TWICE),
    ("Expected '='", N_('there is no "=" after the key')),
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


# Neither a value nor a comment is quoted, nor base64 on a line of its own: it could be a secret.
_QUOTABLE = r"(?P<key>[A-Za-z0-9_.-]+)[ \t]*=[ \t]*[^=\s]|\[[A-Za-z0-9_.\[\] \t-]*(?=#|$)"
_LONGEST_QUOTED = 200


def _refusal(error: ValueError | RecursionError, text: str) -> FileRefused:
    """Return the refusal for an error of tomllib; ``text`` has no byte order mark."""
    if isinstance(error, RecursionError):
        return FileRefused(
            "config-too-deep",
            _("Arrays or inline tables are nested too deeply."),
            _("Check that this is the file you mean."),
        )
    position = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
    lines = text.split("\n")
    if position is None:
        return _invalid(error, _("in some value"), None)
    if position[1] is None:
        return _invalid(error, _("at the end of the file"), len(lines))
    number = int(position[1])
    if _is_lone_reference(lines[number - 1]):
        return FileRefused(
            "config-reference-alone",
            _("This line is only a ${…} reference, and what it stands for is not known here."),
            _('Write "key = ${…}" instead, or set the line aside while you use this program.'),
            line=number,
        )
    where = _("in column {column}", column=position[2])
    return _invalid(error, where, number, _quotable(lines, number, text))


def _invalid(error: Exception, where: str, line: int | None, quoted: str = "") -> FileRefused:
    message = str(error)
    reason = next((words for start, words in _REASONS if message.startswith(start)), "")
    return FileRefused(
        "config-invalid-toml",
        _("This is not valid TOML: {where}, {reason}.", where=where, reason=_(reason))
        if reason
        else _("This is not valid TOML: {where}.", where=where),
        _("Correct the line and try again: {line}", line=quoted)
        if quoted
        else _("Correct the line and try again."),
        line=line,
    )


def _is_lone_reference(line: str) -> bool:
    return REFERENCE.fullmatch(line.partition("#")[0].strip()) is not None


def _quotable(lines: list[str], number: int, text: str) -> str:
    """Return what of the line cannot contain a secret: its key, or its header; else nothing."""
    found = re.match(_QUOTABLE, lines[number - 1].strip())
    if found is None or len(found[0]) > _LONGEST_QUOTED:
        return ""
    for start, end in _multi_line_strings(text):
        first = text.count("\n", 0, start) + 1
        if first <= number <= first + text.count("\n", start, end):
            return ""
    return f"{found['key']} = …" if found["key"] else found[0].strip()

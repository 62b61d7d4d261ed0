"""A TOML text as a list of statements that give back the text when they are joined.

What a text means is left to `tomllib`; this module only finds where each statement, its key and its
value stand. See https://toml.io/en/v1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from wizard.errors import FileRefused
from wizard.formats.text import BOM
from wizard.formats.toml.errors import check_key_depth, explain
from wizard.formats.toml.tokens import KEY, STRING, mask_references
from wizard.text.language import _

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


def parse(text: str) -> TomlSource:
    """Read a TOML text that may hold ``${NAME}`` where TOML wants a value.

    Such a reference appears in ``data`` as an integer. Raises `FileRefused` for invalid TOML.
    """
    body = text.removeprefix(BOM)
    data = load(body)
    return TomlSource(text[: len(text) - len(body)], tuple(lex(body)), data)


def load(text: str) -> dict[str, Any]:
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


def lex(text: str, table: Path = (), line: int = 1) -> Iterator[Statement]:
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

"""One top-level table of a TOML document, whichever way it is written.

It can have a table header (``[smtp]``), be an inline table (``smtp = { … }``), or consist of dotted
keys (``smtp.user = …``) at the top of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wizard.formats.toml.disabled import disabled_statement
from wizard.formats.toml.edit import Document
from wizard.formats.toml.inline import InlinePair, inline_pairs
from wizard.formats.toml.statements import Kind, Span, Statement
from wizard.formats.toml.style import pair_in_style

Render = Callable[[str], str]
"""Gives the source of a new value from that of the old one (empty if there is none)."""

_HEADERS = (Kind.HEADER, Kind.ARRAY_HEADER)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key/value pair stands: in a statement, perhaps inside its inline table."""

    index: int
    value_span: Span
    inline: InlinePair | None = None


class TomlTable:
    """The top-level table ``name`` of a document; ``name`` is a bare key."""

    def __init__(self, document: Document, name: str) -> None:
        self.document = document
        self.name = name

    @property
    def header(self) -> int | None:
        """The index of the table header."""
        return self.document.last(lambda s: s.kind is Kind.HEADER and s.path == (self.name,))

    @property
    def inline(self) -> int | None:
        """The index of the statement that gives the whole table as its value."""
        return self.document.last(lambda s: s.kind is Kind.PAIR and s.path == (self.name,))

    @property
    def last_pair(self) -> int | None:
        """The index of the last key/value pair below the header, or of the last dotted one."""
        return self.document.last(self._is_own_pair)

    @property
    def is_absent(self) -> bool:
        """Whether there is no table of this name, or only tables below it (``[smtp.x]``)."""
        return self.header is None and self.inline is None and self.last_pair is None

    @property
    def own_pairs(self) -> list[Statement]:
        """The key/value pairs below the header, or the dotted ones."""
        return [statement for statement in self.document.statements if self._is_own_pair(statement)]

    def find(self, key: str) -> Place | None:
        """Return where ``key`` stands in this table."""
        path = (self.name, key)
        index = self.document.last(lambda s: s.kind is Kind.PAIR and s.path == path)
        if index is not None:
            return Place(index, self.document.statements[index].value_span)
        if (index := self.inline) is not None:
            for pair in inline_pairs(self.document.statements[index]):
                if pair.path == path:
                    return Place(index, pair.value_span, pair)
        return None

    def value_source(self, place: Place) -> str:
        """Return the TOML source of a value."""
        return self.document.statements[place.index].text[slice(*place.value_span)]

    def put(self, key: str, render: Render, comment: str) -> None:
        """Set ``key``: in place, else where it is commented out, else as a new pair.

        ``comment`` goes above a new pair, except in an inline table.
        """
        if place := self.find(key):
            self.document.replace(place.index, place.value_span, render(self.value_source(place)))
            return
        if self.is_absent:
            self._uncomment_header()
        if not self._uncomment(key, render):
            self.insert(key, render(""), comment)

    def insert(self, key: str, value: str, comment: str) -> None:
        """Add a pair behind the last one of this table, written like its siblings."""
        if (index := self.inline) is not None:
            self._insert_inline(index, key, value)
        elif (index := self.header) is not None:
            last = self.last_pair
            self._insert_below(index if last is None else last, key, value, comment)
        elif (index := self.last_pair) is not None:
            self._insert_below(index, f"{self.name}.{key}", value, comment)
        else:
            self.document.append_section([f"[{self.name}]", comment, f"{key} = {value}"])

    def remove(self, place: Place, comment: str) -> None:
        """Remove a pair, and the comment line above it if that is ``comment`` verbatim."""
        if place.inline:
            self._remove_inline(place.index, place.inline)
        elif self.document.is_comment(place.index - 1, comment):
            self.document.remove(place.index - 1, place.index)
        else:
            self.document.remove(place.index)

    def _is_own_pair(self, statement: Statement) -> bool:
        return (
            statement.kind is Kind.PAIR
            and statement.path[:1] == (self.name,)
            and len(statement.path) > 1
            and len(statement.table) <= 1
        )

    def _insert_below(self, index: int, key: str, value: str, comment: str) -> None:
        above = self.document.statements[index]
        siblings = self.own_pairs
        line = pair_in_style(siblings, key, value) if siblings else f"{above.indent}{key} = {value}"
        self.document.insert(index + 1, [above.indent + comment, line], above.table)

    def _insert_inline(self, index: int, key: str, value: str) -> None:
        statement = self.document.statements[index]
        pairs = [pair for pair in inline_pairs(statement) if pair.is_direct]
        text = statement.text
        if not pairs:
            start, end = statement.value_span
            blanks = text[start + 1 : end - 1]
            self.document.replace(index, (start + 1, start + 1), f"{blanks}{key} = {value}")
            return
        last = pairs[-1]
        equals = text[last.key_span[1] : last.value_span[0]]
        comma = text[pairs[-2].value_span[1] : last.key_span[0]] if len(pairs) > 1 else ", "
        end = last.value_span[1]
        self.document.replace(index, (end, end), f"{comma}{key}{equals}{value}")

    def _remove_inline(self, index: int, pair: InlinePair) -> None:
        statement = self.document.statements[index]
        pairs = [other for other in inline_pairs(statement) if other.is_direct]
        position = pairs.index(pair)
        if position:
            span = (pairs[position - 1].value_span[1], pair.value_span[1])
        elif len(pairs) > 1:
            span = (pair.key_span[0], pairs[1].key_span[0])
        else:
            span = (statement.value_span[0] + 1, pair.value_span[1])
        self.document.replace(index, span, "")

    def _uncomment_header(self) -> None:
        """Uncomment ``# [name]`` if only comments stand between it and the next header."""
        statements = self.document.statements
        for index, statement in enumerate(statements):
            header = disabled_statement(statement)
            if header is None or header.kind is not Kind.HEADER or header.path != (self.name,):
                continue
            rest = range(index + 1, len(statements))
            blank = (Kind.BLANK, Kind.COMMENT)
            follower = next((i for i in rest if not self.document.is_kind(i, *blank)), None)
            if follower is None or self.document.is_kind(follower, *_HEADERS):
                self.document.rewrite(index, header.text)
                self.document.reread()
                return

    def _uncomment(self, key: str, render: Render) -> bool:
        """Uncomment ``# key = …``, preferably one with the wanted value; tell whether there is."""
        found = list(self._disabled_pairs(key))
        if not found:
            return False
        wanted = (f for f in found if render(_value_source(f[1])) == _value_source(f[1]))
        index, pair = next(wanted, found[0])
        last = self.last_pair
        indent = "" if last is None else self.document.statements[last].indent
        self.document.rewrite(index, pair.text)
        self.document.replace(index, pair.value_span, render(_value_source(pair)))
        if indent and not pair.indent:
            self.document.replace(index, (0, 0), indent)
        return True

    def _disabled_pairs(self, key: str) -> Iterator[tuple[int, Statement]]:
        """Yield what is commented out where this table's keys stand, up to the next header."""
        if self.inline is not None:
            return
        first = 0 if self.header is None else self.header + 1
        for index in range(first, len(self.document.statements)):
            statement = self.document.statements[index]
            disabled = disabled_statement(statement)
            if statement.kind in _HEADERS or (disabled and disabled.kind in _HEADERS):
                return
            if disabled and disabled.path == (self.name, key):
                yield index, disabled


def _value_source(pair: Statement) -> str:
    return pair.text[slice(*pair.value_span)]

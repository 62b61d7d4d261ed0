"""A TOML text while it is edited: what is there is spliced, what is new is rendered by tomlkit.

Both exist because each fails at the other's job. tomlkit knows every rule for writing a value or a
table (:mod:`wizard.formats.toml.values`), but as an editor it rejects a byte order mark and
``key = ${NAME}``, which the server allows, reorders arrays of tables, mixes line ends, and ignores
how the lines around are written. Splicing statements leaves every other byte as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from wizard.errors import FileRefused
from wizard.formats.toml.statements import (
    KeyPath,
    Span,
    Statement,
    StatementKind,
    TomlSource,
    key_path,
    load_toml,
    split_statements,
    value_tokens,
)


class Document:
    """The statements of one text, to be edited in place."""

    def __init__(self, source: TomlSource) -> None:
        self._bom = source.bom
        self.statements = list(source.statements)
        self._with_key: list[int] | None = None
        """The indices of the statements with a key; None after a change of the statements."""

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._bom + "".join(statement.text for statement in self.statements)

    def replace(self, index: int, span: Span, source: str) -> None:
        """Replace a span of one statement by ``source``."""
        text = self.statements[index].text
        self.rewrite(index, text[: span[0]] + source + text[span[1] :])

    def rewrite(self, index: int, text: str) -> None:
        """Replace a statement by ``text``, which is one statement too."""
        self._with_key = None
        old = self.statements[index]
        self.statements[index : index + 1] = split_statements(text, old.table, old.line)

    def insert(self, index: int, lines: Sequence[str], table: KeyPath) -> None:
        """Insert lines, given without line ends, before a statement; ``table`` contains them.

        They get the line end of the line above. A missing final newline stays missing.
        """
        end = self._line_end(index)
        above = self.statements[index - 1] if index else None
        unfinished = above is not None and not above.line_end
        if unfinished:
            self.rewrite(index - 1, self.statements[index - 1].text + end)
        self._with_key = None
        text = end.join(lines) + ("" if unfinished else end)
        self.statements[index:index] = split_statements(text, table)

    def remove(self, *indices: int) -> None:
        """Remove whole statements; a missing final newline stays missing."""
        unfinished = bool(self.statements) and not self.statements[-1].line_end
        self._with_key = None
        for index in sorted(indices, reverse=True):
            del self.statements[index]
        if unfinished and self.statements and (end := self.statements[-1].line_end):
            self.rewrite(len(self.statements) - 1, self.statements[-1].text.removesuffix(end))

    def reread(self) -> None:
        """Assign each statement to its table again, after a header has appeared."""
        self._with_key = None
        self.statements = list(
            split_statements("".join(statement.text for statement in self.statements))
        )

    def content_end(self) -> int:
        """Return the index after the last statement that is not blank."""
        index = len(self.statements)
        while index and self.is_kind(index - 1, StatementKind.BLANK):
            index -= 1
        return index

    def is_kind(self, index: int, *kinds: StatementKind) -> bool:
        """Tell whether there is a statement at ``index`` and it is of one of these kinds."""
        return 0 <= index < len(self.statements) and self.statements[index].kind in kinds

    def is_comment(self, index: int, comment: str) -> bool:
        """Tell whether the statement at ``index`` is this comment, verbatim."""
        return (
            self.is_kind(index, StatementKind.COMMENT)
            and self.statements[index].text.strip() == comment
        )

    def last(self, matches: Callable[[Statement], bool]) -> int | None:
        """Return the index of the last statement with a key that matches."""
        if self._with_key is None:
            self._with_key = [i for i, each in enumerate(self.statements) if each.has_key]
        return next((i for i in reversed(self._with_key) if matches(self.statements[i])), None)

    def append_section(self, lines: Sequence[str]) -> None:
        """Add lines at the end, after one blank line."""
        index = self.content_end()
        self.insert(index, ["", *lines] if index else lines, ())

    def _line_end(self, index: int) -> str:
        above = self.statements[index - 1].line_end if index else ""
        return above or next((s.line_end for s in self.statements if s.line_end), "\n")


class InlinePair(NamedTuple):
    """A key/value pair in an inline table; spans are offsets into the statement's text.

    Arrays in between add nothing to ``path``. ``is_direct`` is false in nested tables.
    """

    path: KeyPath
    is_direct: bool
    key_span: Span
    value_span: Span


def inline_pairs(statement: Statement) -> list[InlinePair]:
    """Return all pairs in the inline tables of a key/value pair.

    The pairs of one table are in the order of the text; inner tables precede the outer pair.
    """
    pairs: list[InlinePair] = []
    stack = [_Container(statement.path, 0, is_table=False)]
    for token in value_tokens(statement.filled, *statement.value_span):
        top = stack[-1]
        match token.lastgroup:
            case "blank" | "newline" | "comment":
                pass
            case "equals":
                top.begin_value(statement.text)
            case "comma":
                pairs += top.end_value()
            case "open":
                top.extend(token)
                stack.append(_Container(top.path, len(stack), is_table=token[0] == "{"))
            case "close":
                pairs += stack.pop().end_value()
                stack[-1].extend(token)
            case _:
                top.extend(token)
    return pairs


class _Container:
    """An array or inline table while it is being read."""

    def __init__(self, base: KeyPath, depth: int, *, is_table: bool) -> None:
        self.base = base
        self.depth = depth
        self.path = base
        self._is_table = is_table
        self._key: Span | None = None
        self._span: Span | None = None

    def extend(self, token: re.Match[str]) -> None:
        """Extend the key or value being read to the end of ``token``."""
        self._span = (token.start() if self._span is None else self._span[0], token.end())

    def begin_value(self, text: str) -> None:
        """Take what has been read as the key."""
        assert self._span is not None, "valid TOML has a key before the equals sign"  # noqa: S101
        self._key, self._span = self._span, None
        self.path = self.base + key_path(text[slice(*self._key)])

    def end_value(self) -> list[InlinePair]:
        """Return the pair that ends here; an array or an empty table has none."""
        pairs = []
        if self._is_table and self._key and self._span:
            pairs.append(InlinePair(self.path, self.depth == 1, self._key, self._span))
        self._key, self._span, self.path = None, None, self.base
        return pairs


Render = Callable[[str], str]
"""Returns the source of a new value, given that of the old one (empty if there is none)."""
_HEADERS = (StatementKind.HEADER, StatementKind.ARRAY_HEADER)


class ValueLocation(NamedTuple):
    """Where a value is: in a statement, perhaps inside its inline table."""

    statement: int
    """Its index in the document."""
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
        return self.document.last(
            lambda s: s.kind is StatementKind.HEADER and s.path == (self.name,)
        )

    @property
    def inline(self) -> int | None:
        """The index of the statement whose value is the whole table."""
        return self.document.last(lambda s: s.kind is StatementKind.PAIR and s.path == (self.name,))

    @property
    def last_pair(self) -> int | None:
        """The index of the last key/value pair below the header, or of the last dotted one."""
        return self.document.last(self._is_own_pair)

    @property
    def is_absent(self) -> bool:
        """Whether there is no such table, or only tables below it (``[smtp.x]``)."""
        return self.header is None and self.inline is None and self.last_pair is None

    @property
    def own_pairs(self) -> list[Statement]:
        """The key/value pairs below the header, or the dotted ones."""
        return [statement for statement in self.document.statements if self._is_own_pair(statement)]

    def find(self, key: str) -> ValueLocation | None:
        """Return where the value of ``key`` is in this table."""
        path = (self.name, key)
        index = self.document.last(lambda s: s.kind is StatementKind.PAIR and s.path == path)
        if index is not None:
            return ValueLocation(index, self.document.statements[index].value_span)
        if (index := self.inline) is not None:
            for pair in inline_pairs(self.document.statements[index]):
                if pair.path == path:
                    return ValueLocation(index, pair.value_span, pair)
        return None

    def value_source(self, location: ValueLocation) -> str:
        """Return the TOML source of a value."""
        return self.document.statements[location.statement].text[slice(*location.value_span)]

    def put(self, key: str, render: Render, comment: str) -> bool:
        """Set ``key``: in place, else where it is commented out, else as a new pair.

        ``comment`` goes above a new pair, except in an inline table. Return whether the key is
        set: it cannot be if there is no table.
        """
        if location := self.find(key):
            self.document.replace(
                location.statement, location.value_span, render(self.value_source(location))
            )
            return True
        if self.is_absent:
            self._uncomment_header()
        if self._uncomment(key, render):
            return True
        if self.is_absent:
            return False
        self.insert(key, render(""), comment)
        return True

    def insert(self, key: str, value: str, comment: str) -> None:
        """Add a pair after the last one, in the same style; the table must not be absent."""
        if (index := self.inline) is not None:
            self._insert_inline(index, key, value)
        elif (index := self.header) is not None:
            last = self.last_pair
            self._insert_below(index if last is None else last, key, value, comment)
        elif (index := self.last_pair) is not None:
            self._insert_below(index, f"{self.name}.{key}", value, comment)

    def remove(self, location: ValueLocation, comment: str) -> None:
        """Remove a pair, and the comment line above it if that is ``comment`` verbatim."""
        if location.inline:
            self._remove_inline(location.statement, location.inline)
        elif self.document.is_comment(location.statement - 1, comment):
            self.document.remove(location.statement - 1, location.statement)
        else:
            self.document.remove(location.statement)

    def _is_own_pair(self, statement: Statement) -> bool:
        return (
            statement.kind is StatementKind.PAIR
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
        """Uncomment ``# [name]`` if there are only comments between it and the next header."""
        statements = self.document.statements
        for index, statement in enumerate(statements):
            header = commented_out(statement)
            if (
                header is None
                or header.kind is not StatementKind.HEADER
                or header.path != (self.name,)
            ):
                continue
            rest = range(index + 1, len(statements))
            blank = (StatementKind.BLANK, StatementKind.COMMENT)
            follower = next((i for i in rest if not self.document.is_kind(i, *blank)), None)
            if follower is None or self.document.is_kind(follower, *_HEADERS):
                self.document.rewrite(index, header.text)
                self.document.reread()
                return

    def _uncomment(self, key: str, render: Render) -> bool:
        """Uncomment ``# key = …``, if possible with the wanted value; return whether it exists."""
        found = list(self._commented_pairs(key))
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

    def _commented_pairs(self, key: str) -> Iterator[tuple[int, Statement]]:
        """Yield the commented-out pairs for ``key`` among this table's keys."""
        if self.inline is not None:
            return
        first = 0 if self.header is None else self.header + 1
        for index in range(first, len(self.document.statements)):
            statement = self.document.statements[index]
            inner = commented_out(statement)
            if statement.kind in _HEADERS or (inner and inner.kind in _HEADERS):
                return
            if inner and inner.path == (self.name, key):
                yield index, inner


def _value_source(pair: Statement) -> str:
    return pair.text[slice(*pair.value_span)]


_COMMENT = r"([ \t]*)#[ \t]*([^\n]*\n?)"
_WORTH_PARSING = r"[ \t]*(?:\[|[^#=]+=)"


def commented_out(comment: Statement) -> Statement | None:
    """Return the pair or table header that a comment would be without its ``#``, else None.

    The blanks before the ``#`` stay, those after it go. Prose is not valid TOML.
    """
    if comment.kind is not StatementKind.COMMENT:
        return None
    found = re.fullmatch(_COMMENT, comment.text)
    if found is None:
        return None
    text = found[1] + found[2]
    if not re.match(_WORTH_PARSING, text):
        return None
    try:
        load_toml(text)
        return next(split_statements(text, comment.table, comment.line))
    except FileRefused:
        return None


_TAB_WIDTHS = (8, 4, 2)


def pair_in_style(siblings: Sequence[Statement], key: str, value: str) -> str:
    """Return ``key = value`` without line end, indented and aligned like its siblings.

    Both are TOML source. If the siblings differ, the last one decides.
    """
    if not siblings:
        return f"{key} = {value}"
    last = siblings[-1]
    before, _, after = _around_equals(last)
    return f"{last.indent}{key}{_gap(siblings, last.indent + key, before)}={after}{value}"


def _around_equals(pair: Statement) -> tuple[str, str, str]:
    return pair.text[pair.key_span[1] : pair.value_span[0]].partition("=")


def _gap(siblings: Sequence[Statement], start: str, usual: str) -> str:
    """Return the blanks between the new key and its equals sign."""
    gaps = {_around_equals(sibling)[0] for sibling in siblings}
    if gaps in ({""}, {" "}):
        return usual
    heads = [
        sibling.text[: sibling.key_span[1]] + _around_equals(sibling)[0] for sibling in siblings
    ]
    for tab in _TAB_WIDTHS:
        columns = {len(head.expandtabs(tab)) for head in heads}
        if len(columns) == 1:
            return _fill(start, columns.pop(), tab if "\t" in usual else 0) or usual[:1]
    return usual[:1]


def _fill(start: str, column: int, tab: int) -> str:
    """Return the blanks that pad ``start`` to ``column``: none if it is that long already."""
    missing = column - len(start.expandtabs(tab or 8))
    if not tab:
        return " " * missing
    return "\t" * -(-missing // tab)

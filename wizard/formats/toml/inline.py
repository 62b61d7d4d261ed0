"""The key/value pairs inside inline tables, wherever they stand in a value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wizard.formats.toml.statements import Path, Span, Statement, key_path, value_tokens


@dataclass(frozen=True, slots=True)
class InlinePair:
    """A key/value pair in an inline table; spans are offsets into the statement's text.

    Arrays on the way add nothing to ``path``. ``is_direct`` is false in nested tables.
    """

    path: Path
    is_direct: bool
    key_span: Span
    value_span: Span


def inline_pairs(statement: Statement) -> list[InlinePair]:
    """Return all pairs in the inline tables of a key/value pair.

    Pairs of one table are in the order of the text, inner tables come before the outer pair.
    """
    pairs: list[InlinePair] = []
    stack = [_Container(statement.path, 0, is_table=False)]
    for token in value_tokens(statement.masked, *statement.value_span):
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

    def __init__(self, base: Path, depth: int, *, is_table: bool) -> None:
        self.base = base
        self.depth = depth
        self.path = base
        self._is_table = is_table
        self._key: Span | None = None
        self._span: Span | None = None

    def extend(self, token: re.Match[str]) -> None:
        """Let the key or value that is being read reach to the end of ``token``."""
        self._span = (token.start() if self._span is None else self._span[0], token.end())

    def begin_value(self, text: str) -> None:
        """Take what was read so far as a key."""
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

"""How the neighbours of a new key/value pair are written, so that it can be written alike."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.formats.toml.statements import Statement

_TAB_WIDTHS = (8, 4, 2)


def pair_in_style(siblings: Sequence[Statement], key: str, value: str) -> str:
    """Return ``key = value`` without line end, indented and aligned like its siblings.

    Both are TOML source. The last sibling, above which nothing will stand, has the last word.
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
    """Return the blanks that bring ``start`` to ``column``, or nothing if it is there or beyond."""
    missing = column - len(start.expandtabs(tab or 8))
    if not tab:
        return " " * missing
    return "\t" * -(-missing // tab)

"""TOML values and new tables: rendering them with tomlkit, reading and comparing them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from wizard.formats.toml.statements import STRING

_LITERAL = r"'[^']*'"
# What a literal string cannot contain: its own quote and every control character but the tab.
_NOT_LITERAL = r"['\x00-\x08\x0a-\x1f\x7f]"


def render_string(value: str, like: str = "") -> str:
    """Return ``value`` as a TOML string on one line.

    It is a literal string if ``like``, the source that it replaces, is one and ``value`` can be
    one, otherwise a basic string.
    """
    if re.fullmatch(_LITERAL, like) and not re.search(_NOT_LITERAL, value):
        return f"'{value}'"
    import tomlkit  # slow to load, and only needed for writing

    return tomlkit.string(value).as_string()


def render_table(name: str, pairs: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return the lines of a new table.

    A pair is the comment above it (or nothing), its key, and the source of its value on one line.
    """
    import tomlkit

    table = tomlkit.table()
    for comment, key, source in pairs:
        if comment:
            table.add(tomlkit.comment(comment.removeprefix("# ")))
        table.add(key, tomlkit.value(source))
    document = tomlkit.document().add(name, table)
    return document.as_string().removesuffix("\n").split("\n")


def is_string(source: str) -> bool:
    """Return whether this is the source of one string and nothing else, not even a comment."""
    try:
        return re.fullmatch(STRING, source, re.DOTALL) is not None and bool(
            tomllib.loads(f"v = {source}")
        )
    except tomllib.TOMLDecodeError:
        return False


def read_string(source: str) -> str:
    """Return what the source of one string means; see :func:`is_string`."""
    return str(tomllib.loads(f"v = {source}")["v"])


def same_value(one: Any, other: Any) -> bool:
    """Return whether two parsed values are equal in type and value.

    `True` is not 1, 0.0 is not -0.0, and NaN is NaN. The order of keys does not matter.
    """
    pairs = [(one, other)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, dict):
            if a.keys() != b.keys():
                return False
            pairs += [(a[key], b[key]) for key in a]
        elif isinstance(a, list):
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif repr(a) != repr(b):
            return False
    return True

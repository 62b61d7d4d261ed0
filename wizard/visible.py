"""Text from files, paths and the network, made fit for a terminal.

A control character in a value or in the name of a directory could move the cursor, change the
title, or turn the direction of writing; it is shown as an escape instead, never left out, so that
a preview stays true.
"""

from __future__ import annotations

_KEPT = "\n\t"


def visible(text: str) -> str:
    """Return ``text`` with an escape for each character that is not printable.

    Line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")

"""Text from files, paths and the network, made fit for a terminal.

A control character in a value or in the name of a directory could move the cursor, change the
title, or turn the direction of writing; it is shown as an escape instead, never left out, so that
a preview stays true.
"""

from __future__ import annotations

from collections.abc import Mapping

_KEPT = "\n\t"


def visible(text: str) -> str:
    """Return ``text`` with an escape for each character that is not printable.

    Line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _escape(c) for c in text)


def shows_unicode(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether marks like ✓ and ✗ can be told apart: the locale is one of UTF-8.

    Python itself speaks UTF-8 even where the locale does not. The fonts of the Linux console have
    512 characters at most, and the same replacement for both marks.
    """
    if environ.get("TERM") == "linux":
        return False
    names = [environ.get("LC_ALL"), environ.get("LC_CTYPE"), environ.get("LANG")]
    if names[0] is None and names[1] == "C.UTF-8":
        names[1] = None  # Python sets it where the locale is C
    name = next((name for name in names if name), "")
    utf_8 = name.lower().replace("-", "").partition("@")[0].endswith("utf8")
    return utf_8 and encoding.lower().replace("-", "") == "utf8"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")

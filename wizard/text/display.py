"""Text from files, paths and the network, made fit to be shown on a terminal or in a log."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MASK = "********"
LIMIT = 300


class DiffRow(NamedTuple):
    """One line of a change: added ("+"), removed ("-") or unchanged (" ").

    ``number`` is 1-based, of a removed line in the old file.
    """

    number: int
    sign: str
    text: str


def escape_controls(text: str) -> str:
    """Return ``text`` with an escape for each character that is not printable.

    A control character could move the cursor, change the title, or reverse the direction of
    writing. It is never dropped, so that a preview stays true. Line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(c) for c in text)


def on_one_line(text: str) -> str:
    """Return ``text`` with an escape for line feeds and tabs as well.

    For values and paths inside of other text: they must not begin a line of their own.
    """
    return (
        text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)
    )


def short_path(path: Path) -> str:
    """Return ``path`` on one line, relative to the working directory where that is shorter."""
    shown = [str(path)]
    with suppress(OSError, ValueError):  # a working directory that is gone
        shown.append(os.path.relpath(path))
    return on_one_line(min(shown, key=len))


def place_of(path: Path, line: int | None) -> str:
    """Return ``path:line``, as terminals and editors open it; the path alone without a line."""
    return short_path(path) if line is None else f"{short_path(path)}:{line}"


def supports_unicode(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether marks like ✓ and ✗ can be told apart, because the locale uses UTF-8.

    ``encoding`` alone does not tell: Python uses UTF-8 even if the locale does not. The fonts of
    the Linux console have at most 512 characters, and show both marks as the same replacement.
    """
    if environ.get("TERM") == "linux":
        return False
    names = [environ.get("LC_ALL"), environ.get("LC_CTYPE"), environ.get("LANG")]
    if names[0] is None and names[1] == "C.UTF-8":
        names[1] = None  # Python sets it if the locale is C
    name = next((name for name in names if name), "")
    utf_8 = name.lower().replace("-", "").partition("@")[0].endswith("utf8")
    return utf_8 and encoding.lower().replace("-", "") == "utf8"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def sanitize(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` on one line, without control and format characters, cut at ``limit``.

    Text that may hold a secret goes through :class:`wizard.text.redaction.Redactor`.
    """
    # Surrogates, bidi controls and zero-width characters are dropped; any break separates words.
    kept = (
        " " if _is_break(char) else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    return shorten(" ".join("".join(kept).split()), limit)


def shorten(text: str, limit: int = LIMIT) -> str:
    """Return ``text``, cut at ``limit`` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _is_break(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Zl", "Zp", "Zs"}

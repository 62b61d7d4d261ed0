"""Text from files, paths and the network, made fit to be shown on a terminal or in a log."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

MASK = "********"
LIMIT = 300
_SHORTEST_MASKED = 4
_SHORTEST_PART = 8


def escape_controls(text: str) -> str:
    """Return ``text`` with an escape for each character that is not printable.

    A control character could move the cursor, change the title, or reverse the direction of
    writing. It is never dropped, so that a preview stays true. Line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(c) for c in text)


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


def sanitize(text: str, hide: Iterable[str] = (), limit: int = LIMIT) -> str:
    """Return ``text`` on one line, without control and format characters, cut at ``limit``.

    Every text in ``hide`` is masked, since a server may echo what it was sent. One of fewer than
    four characters is not: masking it would garble the text and at the same time give it away.
    """
    hidden = sorted((h for h in hide if len(h) >= _SHORTEST_MASKED), key=len, reverse=True)
    for secret in hidden:
        text = text.replace(secret, MASK)
    # Surrogates, bidi controls and zero-width characters are dropped; any break separates words.
    kept = (
        " " if _is_break(char) else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    words = "".join(kept).split()
    text = " ".join(MASK if _is_part(word, hidden) else word for word in words)
    for secret in hidden:  # it may have contained the characters just dropped
        text = text.replace(secret, MASK)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _is_part(word: str, hidden: Iterable[str]) -> bool:
    """Whether ``word`` is a part of a secret, such as the end of a login that was sent."""
    return len(word) >= _SHORTEST_PART and any(word in secret for secret in hidden)


def _is_break(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Zl", "Zp", "Zs"}

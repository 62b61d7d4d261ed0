"""Text from outside, made fit for a terminal, a log and a JSON document."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from wizard.secrets.secret import MASK

LIMIT = 300
_SHORTEST_MASKED = 4
_SHORTEST_PART = 8


def printable(text: str, hide: Iterable[str] = (), limit: int = LIMIT) -> str:
    """Return ``text`` on one line, without control and format characters, cut at ``limit``.

    Every text in ``hide`` is masked, since a server may echo what it was sent. One of fewer than
    four characters is not: masking it would garble the text and point to it at the same time.
    """
    hidden = sorted((h for h in hide if len(h) >= _SHORTEST_MASKED), key=len, reverse=True)
    for secret in hidden:
        text = text.replace(secret, MASK)
    # Surrogates, bidi controls and zero-width characters vanish; breaks of any kind part words.
    kept = (
        " " if _is_break(char) else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"}
    )
    words = "".join(kept).split()
    text = " ".join(MASK if _is_part(word, hidden) else word for word in words)
    for secret in hidden:  # the characters just removed may have stood inside of it
        text = text.replace(secret, MASK)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _is_part(word: str, hidden: Iterable[str]) -> bool:
    """Whether ``word`` is a piece of a secret, such as the end of what was sent for the login."""
    return len(word) >= _SHORTEST_PART and any(word in secret for secret in hidden)


def _is_break(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Zl", "Zp", "Zs"}

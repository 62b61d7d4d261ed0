"""What was probably not meant to be a part of a secret, such as what is copied along from a page.

The secret is kept as it was entered; only the mail server knows what belongs to it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from wizard.errors import Finding
from wizard.text.language import _

_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""By their category these are letters, marks and a symbol."""
_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_TYPOGRAPHIC = (
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\xab\xbb"
    "\u300c\u300d\u300e\u300f\uff02\uff07"
)
_PLAIN = "\"'`"


def unintended_characters(secret: str) -> Iterator[Finding]:
    """Yield a warning for each kind of character that is often copied along; none quotes it."""
    if secret != secret.strip(" \t"):
        yield Finding(
            "secret-blanks",
            _("The secret begins or ends with a blank, which is often copied along by mistake."),
            field="secret",
        )
    found = next((char for char in secret if _is_invisible(char)), None)
    if found is not None:
        yield Finding(
            "secret-invisible",
            _(
                "The secret contains a character that cannot be seen, or looks like a blank "
                "(U+{number:04X}). It is kept, but such characters are often copied along by "
                "mistake.",
                number=ord(found),
            ),
            field="secret",
        )
    if _is_quoted(secret):
        yield Finding(
            "secret-quoted",
            _(
                "The secret is in quotation marks, which are kept as a part of it, but are "
                "often copied along by mistake."
            ),
            field="secret",
        )


def _is_invisible(char: str) -> bool:
    return not char.isascii() and (
        unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf")
        or char in _FILLERS
        or any(ord(char) in each for each in _VARIATION_SELECTORS)
    )


def _is_quoted(secret: str) -> bool:
    """Whether a typographic quotation mark begins or ends it, or plain ones are around it."""
    text = secret.strip()
    if len(text) < 2:
        return False
    first, last = text[0], text[-1]
    return first in _TYPOGRAPHIC or last in _TYPOGRAPHIC or (first in _PLAIN and first == last)

"""Passwords in URLs, however malformed: every mask, diff and check finds them here."""

from __future__ import annotations

import re

from wizard.formats.variables import REFERENCE
from wizard.text.display import MASK

# What separates user and password: any colon except that of "://". In a malformed scheme (":/",
# ":\\") it counts, too, since what was meant is unclear. Both patterns take linear time.
_COLON = r"(?::|%3a)"
_IN_URL = rf"(?is)(?:[^:/]*://)?+.*?{_COLON}"
_IN_TEXT = rf"(?i)://[^\s/:]*?{_COLON}|{_COLON}(?=\S)(?!//)"


def mask_url_password(url: str) -> str:
    """Mask the password of a text that is one URL, such as an endpoint, however malformed.

    The user may be a mail address and the password may contain any character, so everything from
    the first colon to the last ``@`` is masked, unless it is a ``${NAME}`` reference. Line ends
    stay.
    """
    return _masked(url, re.match(_IN_URL, url))


def mask_urls(text: str) -> str:
    """Mask the passwords of URLs in other text, where a colon before a blank is punctuation."""
    return _masked(text, re.search(_IN_TEXT, text))


def url_password(url: str) -> str | None:
    """Return what :func:`mask_url_password` masks, as it is written."""
    span = _password_span(url, re.match(_IN_URL, url))
    return None if span is None else url[slice(*span)]


def _masked(text: str, colon: re.Match[str] | None) -> str:
    span = _password_span(text, colon)
    if span is None:
        return text
    start, end = span
    return text[:start] + (re.sub(r"[^\r\n]+", MASK, text[start:end]) or MASK) + text[end:]


def _password_span(text: str, colon: re.Match[str] | None) -> tuple[int, int] | None:
    if colon is None:
        return None
    start = colon.end()
    end = max(text.rfind("@", start), text.rfind("%40", start))
    return None if end < 0 or REFERENCE.fullmatch(text, start, end) else (start, end)

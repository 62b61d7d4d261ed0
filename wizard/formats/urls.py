"""Passwords in URLs, however malformed: every mask, diff and check finds them here."""

from __future__ import annotations

import re

from wizard.formats.variables import REFERENCE
from wizard.text.display import MASK

# What separates user and password: any colon except that of "://". In a malformed scheme (":/",
# ":\\") it counts, too, since what was meant is unclear. Both patterns take linear time.
_COLON = r"(?::|%3a)"
_IN_URL = rf"(?is)(?:[^:/]*://)?+.*?{_COLON}"
_PORT_OR_PATH = r"(?is)(?:[0-9]{0,5}|\$\{[^}]*\})(?:[/\\?#].*)?"
"""What follows the last colon if it is none before a password: a port, or the rest of a URL."""
_ADDRESS_OR_SCHEME = r"(?i)[0-9a-f:.%]+|(?:smtps?|https?|tls|ssl):[^:]*"
_IN_TEXT = rf"(?i)://[^\s/:]*?{_COLON}|(?::(?=\S)|%3a)(?!//)"


def mask_url_password(url: str) -> str:
    """Mask the password of a text that is one URL, such as an endpoint, however malformed.

    The user may be a mail address and the password may contain any character, so everything from
    the first colon to the last ``@`` is masked, unless it is a ``${NAME}`` reference. Without an
    ``@`` after it, the URL may not be complete: then it is what follows the last colon, if that
    cannot be a port. Line ends stay.
    """
    return _masked(url, _url_span(url))


def mask_urls(text: str) -> str:
    """Mask the passwords of URLs in other text, where a colon before a blank is punctuation."""
    return _masked(text, _password_span(text, re.search(_IN_TEXT, text)))


def url_password(url: str) -> str | None:
    """Return what :func:`mask_url_password` masks, as it is written."""
    span = _url_span(url)
    return None if span is None else url[slice(*span)]


def _url_span(url: str) -> tuple[int, int] | None:
    colon = re.match(_IN_URL, url)
    if colon is None:
        return None
    if "@" in url[colon.end() :] or "%40" in url[colon.end() :]:
        return _password_span(url, colon)
    start = max(url.rfind(":") + 1, url.lower().rfind("%3a") + 3)
    if re.fullmatch(_PORT_OR_PATH, url[start:]) or re.fullmatch(_ADDRESS_OR_SCHEME, url):
        return None
    return start, len(url)


def _masked(text: str, span: tuple[int, int] | None) -> str:
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

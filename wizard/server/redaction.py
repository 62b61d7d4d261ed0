"""Making the server's own words fit to be shown: it may quote a value of config.toml."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, unquote

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import FileRefused
from wizard.formats.urls import mask_urls, url_password
from wizard.text.display import MASK, sanitize

_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Redactor:
    """Masks every known secret, and whatever stands in quotes as a value does.

    ``names`` are the variables of config.toml; their names are no secret.
    """

    hidden: frozenset[str] = field(repr=False)
    names: frozenset[str]

    def __call__(self, text: str) -> str:
        """Return ``text`` on one line, cut, without what must not be seen."""
        text = sanitize(text, self.hidden, limit=len(text) + 1)  # a cut secret is still one
        return sanitize(_VALUE.sub(self._masked, mask_urls(text)))

    def _masked(self, value: re.Match[str]) -> str:
        is_name = value[1] in self.names and _NAME.fullmatch(value[1])
        return value[0] if is_name else f'"{MASK}"'


def redactor_for(current: CurrentConfig, draft: Draft) -> Redactor:
    """Return what masks the old secret, the new one, and every other value from outside."""
    return Redactor(
        frozenset(form for text in _secrets(current, draft) for form in encodings_of(text)),
        current.view.references,
    )


def encodings_of(text: str) -> set[str]:
    """Return the ways in which a program may print a text: as it is, escaped, encoded."""
    data = text.encode("utf-8", "surrogatepass")
    backslashes = text.replace("\\", "\\\\")
    return {
        text,
        backslashes,
        backslashes.replace('"', '\\"'),
        backslashes.replace('"', '\\"').replace("$", "\\$").replace("`", "\\`"),
        backslashes.replace("'", "\\'"),
        text.replace("'", "'\\''"),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        *(form(data) for form in (quote_plus, quote, _quote_all, _quote_all_lower)),
        *(form(data).decode().rstrip("=") for form in (b64encode, urlsafe_b64encode)),
    }


def _quote_all(data: bytes) -> str:
    return quote(data, safe="")


def _quote_all_lower(data: bytes) -> str:
    return re.sub("%..", lambda code: code[0].lower(), _quote_all(data))


def _secrets(current: CurrentConfig, draft: Draft) -> Iterator[str]:
    yield from (secret.reveal() for secret in draft.known_secrets(current))
    smtp = current.view.smtp
    for endpoint in (draft.endpoint, (smtp.endpoint if smtp else None) or ""):
        yield from _in_endpoint(endpoint)
    for name in current.view.references:
        with suppress(FileRefused):
            # A database's password, say; the server may replace it before it parses the file.
            if value := current.lookup(name):
                yield value


def _in_endpoint(endpoint: str) -> Iterator[str]:
    password = url_password(endpoint)
    if password is None:
        return
    for text in (password, password.rpartition(":")[2]):  # with a malformed scheme: user:password
        yield text
        yield unquote(text)

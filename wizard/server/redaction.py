"""Making the server's own words fit to be shown: it may quote a value of config.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import FileRefused
from wizard.formats.urls import mask_urls, url_password
from wizard.text.display import MASK, sanitize
from wizard.text.redaction import Redactor

_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class LogRedactor:
    """Masks every known secret, passwords in URLs, and whatever is in quotes as a value does.

    ``names`` are the variables of config.toml; their names are no secret.
    """

    known: Redactor
    names: frozenset[str]

    def __call__(self, text: str) -> str:
        """Return ``text`` on one line, cut, without what must not be seen."""
        text = self.known.mask(text)
        text = mask_urls(sanitize(text, limit=len(text)))  # a cut password is still one
        return sanitize(_VALUE.sub(self._masked, text))

    def _masked(self, value: re.Match[str]) -> str:
        is_name = value[1] in self.names and _NAME.fullmatch(value[1])
        return value[0] if is_name else f'"{MASK}"'


def redactor_for(current: CurrentConfig, draft: Draft) -> LogRedactor:
    """Return what masks the old secret, the new one, and every other value from outside."""
    names = current.view.references
    return LogRedactor(Redactor(_secrets(current, draft), [draft.user], names), names)


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

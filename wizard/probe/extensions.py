"""What a server offers in its reply to EHLO, as the server's client reads it (model: lettre)."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.probe.reply import Malformed, Reply
from wizard.text.language import _

MECHANISMS = ("PLAIN", "LOGIN")
"""The mechanisms that the server's client knows, in its order of preference."""


@dataclass(frozen=True, slots=True)
class Extensions:
    """The keywords of the reply to EHLO. All matter only in upper case, as for the client."""

    keywords: frozenset[str]
    mechanisms: tuple[str, ...]
    """Everything that ``AUTH`` offers, in the server's order."""
    size: int | None
    """The largest mail in bytes; None if the server does not say."""

    @classmethod
    def parse(cls, reply: Reply) -> Extensions:
        """Read the lines; raise :class:`Malformed` where the client cannot."""
        if not reply.lines[0].split():
            raise Malformed(_("a reply to EHLO without the server's name"), reply.text.encode())
        keywords: list[str] = []
        mechanisms: list[str] = []
        size = None
        for line in reply.lines:  # the client looks for keywords in the first line as well
            keyword, *words = line.split() or [""]
            keywords.append(keyword)
            if keyword == "AUTH":
                mechanisms += words
            elif keyword == "SIZE" and words and words[0].isascii() and words[0].isdigit():
                size = int(words[0][:18])
        return cls(frozenset(keywords), tuple(dict.fromkeys(mechanisms)), size)

    @property
    def mechanism(self) -> str | None:
        """The mechanism that the server's client will use."""
        return next((name for name in MECHANISMS if name in self.mechanisms), None)

    def has(self, keyword: str) -> bool:
        """Whether the server offers the extension ``keyword``."""
        return keyword in self.keywords

"""Replies of real mail servers, as ``replies.toml`` collects them from public reports."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("replies.toml")


class KnownReply(NamedTuple):
    """What a mail server has said, and the verdict and the diagnosis that it deserves."""

    said: str
    """The lines of the reply with their codes, separated by line feeds."""
    stage: str
    """When it was said: greeting, ehlo, starttls, auth, mail, rcpt or data."""
    provider: str
    """Who said it; empty for a mail server that somebody runs for themselves."""
    software: str
    """The mail server's program; empty where it is not known."""
    source: str
    """The URL of the report, or of the program or manual that has the reply."""
    verdict: str
    code: str
    """The code of the diagnosis; empty if the test passes."""
    login: bool = True
    """Whether the settings have a secret, so that the client has logged in before."""


def known_replies() -> list[KnownReply]:
    """Return all replies in the order of the file."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))["reply"]
    return [KnownReply(**table) for table in tables]


REPLIES = known_replies()
SHORT_NAMES = [
    f"{number} {reply.stage} {reply.said[:16]}" for number, reply in enumerate(REPLIES, 1)
]
"""What the tests of the replies are called."""

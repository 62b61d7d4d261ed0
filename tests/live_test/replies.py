"""Replies of real mail servers, as ``replies.toml`` collects them from public reports.

``python -m tests.live_test.replies`` writes ``docs/replies.md``, which lists what each comes to.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("replies.toml")
PAGE = Path(__file__).parents[2] / "docs" / "replies.md"
_HEAD = """\
# What mail servers say, and what it comes to

Replies from public reports, issue trackers and providers' pages, with personal details replaced,
and the verdict of the live test on each. The tests have a server say them and hold the test to it.
This page is made from `tests/live_test/replies.toml` by `python -m tests.live_test.replies`.
"""


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


def page() -> str:
    """Return the text of ``docs/replies.md``: a table for each diagnosis."""
    replies = known_replies()
    kinds = sorted({(reply.verdict, reply.code) for reply in replies}, key=lambda kind: kind[::-1])
    lines = [_HEAD, "| verdict | diagnosis | replies |", "|---|---|---|"]
    for verdict, code in kinds:
        number = sum((reply.verdict, reply.code) == (verdict, code) for reply in replies)
        lines.append(f"| {verdict} | {f'`{code}`' if code else ''} | {number} |")
    for verdict, code in kinds:
        lines += ["", f"## {code or 'nothing wrong'} ({verdict})", ""]
        lines += ["| stage | reply | from |", "|---|---|---|"]
        lines += [
            f"| {reply.stage} | {_cell(reply.said)} | {_origin(reply)} |"
            for reply in replies
            if (reply.verdict, reply.code) == (verdict, code)
        ]
    return "\n".join(lines) + "\n"


def _cell(said: str) -> str:
    text = " ".join(said.split())
    shown = text if len(text) <= 160 else text[:159] + "…"
    return "`" + shown.replace("|", "\\|").replace("`", "'") + "`"


def _origin(reply: KnownReply) -> str:
    known = ", ".join(filter(None, (reply.provider, reply.software))) or "a mail server"
    return f"[{known}]({reply.source})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""Whatever else happens: the end of the table."""

from __future__ import annotations

from wizard.diagnosis.failure import Cause
from wizard.diagnosis.rule import (
    Rule,
)

UNFORESEEN: tuple[Rule, ...] = (
    Rule(
        Cause.CLOSED,
        "protocol-error",
        "{host} ended the connection where an answer was due ({step}).",
        "Test again in a few minutes; if it stays, ask whoever runs {host}.",
    ),
    Rule(
        Cause.MALFORMED,
        "protocol-error",
        "{host} sent {text} ({step}).",
        "Use another mail server, or show this to whoever runs {host}.",
    ),
    Rule(
        Cause.REPLY,
        "protocol-error",
        "{host} refused a command that every mail server accepts.",
        "Read the reply; ask whoever runs {host}.",
    ),
    Rule(
        Cause.UNEXPECTED,
        "unexpected",
        "The test came to an unexpected end ({text}).",
        "Test again; if it stays, please report it as a defect of this program.",
    ),
)

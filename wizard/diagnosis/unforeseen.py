"""Whatever else happens: the end of the table."""

from __future__ import annotations

from wizard.live_test.diagnosis_rule import Rule
from wizard.live_test.failure import Cause
from wizard.text.language import N_

UNFORESEEN: tuple[Rule, ...] = (
    Rule(
        Cause.CLOSED,
        "protocol-error",
        N_("{host} ended the connection where an answer was due ({step})."),
        N_("Test again in a few minutes; if it stays, ask whoever runs {host}."),
    ),
    Rule(
        Cause.MALFORMED,
        "protocol-error",
        N_("{host} sent {text} ({step})."),
        N_("Use another mail server, or show this to whoever runs {host}."),
    ),
    Rule(
        Cause.REPLY,
        "protocol-error",
        N_("{host} refused a command that every mail server accepts."),
        N_("Read the reply; ask whoever runs {host}."),
    ),
    Rule(
        Cause.UNEXPECTED,
        "unexpected",
        N_("The test came to an unexpected end ({text})."),
        N_("Test again; if it stays, please report it as a defect of this program."),
    ),
)

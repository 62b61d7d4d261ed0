"""What answers, and how it takes to this machine: greeting and EHLO."""

from __future__ import annotations

from wizard.live_test.diagnosis_rule import Rule
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

INTRODUCTION: tuple[Rule, ...] = (
    Rule(
        Cause.MALFORMED,
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is a web server."),
        N_("Correct the host or the port in the endpoint."),
        stages=(Stage.GREETING,),
        said=r"^HTTP/|<html",
    ),
    Rule(
        Cause.MALFORMED,
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is an SSH server."),
        N_("Correct the host or the port in the endpoint."),
        stages=(Stage.GREETING,),
        said=r"^SSH-",
    ),
    Rule(
        Cause.MALFORMED,
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is for reading mails (POP3 or IMAP)."),
        N_("Enter your mail provider's host for outgoing mails (SMTP)."),
        stages=(Stage.GREETING,),
        said=r"^\+OK|^\* (OK|PREAUTH|BYE)",
    ),
    Rule(
        Cause.MALFORMED,
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is not a mail server."),
        N_("Correct the host or the port in the endpoint."),
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.CLOSED,
        "greeting-refused",
        N_("{host} hangs up on this machine without a word."),
        N_(
            "Check the port; if it is right, ask whoever runs {host} whether this machine's "
            "address is blocked."
        ),
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        N_("{host} does not want to talk to this machine for the moment."),
        N_("Wait half an hour without testing, then test again."),
        stages=(Stage.GREETING, Stage.EHLO),
        said=r"^421|\b4\.7\.0\b|\b4\.3\.2\b|too many|rate limit",
    ),
    Rule(
        Cause.REPLY,
        "greeting-refused",
        N_("{host} turns this machine away: its address is probably on a block list."),
        N_("Look your address up at the list that the reply names, or use another relay."),
        stages=(Stage.GREETING,),
        said=r"^554|\b5\.7\.1\b|block|blacklist|spamhaus",
    ),
    Rule(
        Cause.REPLY,
        "greeting-refused",
        N_("{host} turns this machine away."),
        N_("Read the reply; ask whoever runs {host}."),
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.REPLY,
        "ehlo-refused",
        N_("{host} refuses the name that this machine introduces itself with."),
        N_("Give the machine a full host name; for a container set hostname: in the compose file."),
        stages=(Stage.EHLO,),
        said=r"^50[14]|^55|helo|hostname|host name",
    ),
    Rule(
        Cause.REPLY,
        "ehlo-refused",
        N_("{host} does not accept EHLO, which the server needs."),
        N_("Use another relay: this one is too old."),
        stages=(Stage.EHLO,),
    ),
)

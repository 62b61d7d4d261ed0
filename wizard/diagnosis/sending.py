"""Senders, recipients and mails that are not accepted."""

from __future__ import annotations

from wizard.live_test.diagnosis_rule import Rule, local_part, logs_in, no_login
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

MAIL_OR_RCPT = (Stage.MAIL, Stage.RCPT)
_ANY = (*MAIL_OR_RCPT, Stage.DATA)
_ABOUT_SENDER = r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned|sender"

OTHER_RECIPIENT = Rule(
    Cause.REPLY,
    "recipient-refused",
    N_("{host} does not take mails to this recipient."),
    N_("Check the address, or test with another one."),
    stages=(Stage.RCPT,),
)
"""The server has nothing against sender, login and client."""

SENDING: tuple[Rule, ...] = (
    Rule(
        Cause.SMTPUTF8_MISSING,
        "smtputf8-missing",
        N_("{host} only takes addresses in plain ASCII, and one of those here is not."),
        N_("Use an address without special characters."),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        "sender-refused",
        N_("{user} cannot be the sender of a mail."),
        N_("Set user to a mail address."),
        stages=(Stage.MAIL,),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        "recipient-refused",
        N_("The recipient is not a mail address."),
        N_("Enter the address alone, for example you@example.org."),
    ),
    Rule(
        Cause.REPLY,
        "secret-missing",
        N_("{host} demands a login, and no secret is set."),
        N_("Set the secret: the password or API key for SMTP."),
        stages=MAIL_OR_RCPT,
        said=r"^530|\b5\.7\.57\b|authentication (is )?required|not authenticated|log ?in first"
        r"|authenticate|not logged in",
        when=no_login,
    ),
    Rule(
        Cause.REPLY,
        "greylisted",
        N_("{host} accepts mails from strangers only at the second attempt (greylisting)."),
        N_("Nothing has to be changed; the first mail may arrive late."),
        stages=MAIL_OR_RCPT,
        said=r"^45[01] 4\.7\.1\b|gr[ea]y-?list",
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        N_("{host} takes no more mails from this account or machine for the moment."),
        N_("Wait an hour without testing, then test again."),
        stages=_ANY,
        said=r"^421|\b4\.7\.0\b|\b4\.3\.2\b|\b4\.5\.3\b|too many|rate limit|limit exceeded",
    ),
    Rule(
        Cause.REPLY,
        "mail-too-big",
        N_("{host} takes no mails of this size."),
        N_("Raise the limit on {host}, or use another mail server."),
        stages=_ANY,
        said=r"\b[45]\.3\.4\b|\b5\.2\.3\b|too (big|large)|size limit|exceeds",
    ),
    Rule(
        Cause.REPLY,
        "quota",
        N_("{host} takes no mail because a mailbox or a disk is full."),
        N_("Make room in the mailbox, or raise its quota."),
        stages=_ANY,
        said=r"^452|^552|\b[45]\.2\.2\b|\b[45]\.3\.1\b|quota",
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} does not take {user} as the sender, because it is not a mail address."),
        N_("Put a relay in between that sets the sender: the server has no setting for it."),
        stages=(Stage.MAIL,),
        when=local_part,
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} accepts the login, but not {user} as the sender."),
        N_(
            "Set user to an address of this account, or put a relay in between that sets the "
            "sender."
        ),
        stages=(Stage.MAIL,),
        when=logs_in,
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} does not take mails from {user}."),
        N_("Set user to an address that the relay accepts, or allow this one on the relay."),
        stages=(Stage.MAIL,),
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} accepts the login, but {user} may not send."),
        N_(
            "Set user to an address of this account, or put a relay in between that sets the "
            "sender."
        ),
        stages=(Stage.RCPT,),
        said=_ABOUT_SENDER,
        when=logs_in,
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} does not take mails from {user}."),
        N_("Set user to an address that {host} accepts, or allow this one there."),
        stages=(Stage.RCPT,),
        said=_ABOUT_SENDER,
    ),
    Rule(
        Cause.REPLY,
        "recipient-refused",
        N_("{host} does not pass on mails of this machine to others."),
        N_("Set a secret so that the server logs in, or allow this machine on the relay."),
        stages=(Stage.RCPT,),
        said=r"\b5\.7\.1\b|relay",
        when=no_login,
    ),
    Rule(
        Cause.REPLY,
        "recipient-refused",
        N_("{host} accepts the login, but passes on no mails to others."),
        N_("Ask whoever runs {host} to let this account send, or use another mail server."),
        stages=(Stage.RCPT,),
        said=r"\brelay",
    ),
    OTHER_RECIPIENT,
    # --- The mail itself
    Rule(
        Cause.CLOSED,
        "protocol-error",
        N_("{host} ended the connection without a word about the mail."),
        N_("Look whether the mail has arrived before you send another one."),
        stages=(Stage.DATA,),
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} takes no mails from {user} yet, because the address is not verified there."),
        N_(
            "Verify the address or its domain at the provider (and leave the sandbox, if it has "
            "one)."
        ),
        stages=(Stage.DATA,),
        said=r"not verified|unverified|sandbox",
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        N_("{host} does not take the mail, because {user} may not send it."),
        N_(
            "Set user to an address of this account, or put a relay in between that sets the "
            "sender."
        ),
        stages=(Stage.DATA,),
        said=r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned|\bSPF\b|\bDMARC\b",
    ),
    Rule(
        Cause.REPLY,
        "mail-postponed",
        N_("{host} does not take the test mail for the moment."),
        N_("Wait a few minutes, then test again."),
        stages=(Stage.DATA,),
        said=r"^4",
    ),
    Rule(
        Cause.REPLY,
        "mail-refused",
        N_("{host} accepts sender and recipient, but not the test mail itself."),
        N_(
            "Read the reply: often a filter for spam or a policy of the provider; ask whoever "
            "runs {host}."
        ),
        stages=(Stage.DATA,),
    ),
)

"""The table of diagnoses, second part: logins that are not offered, and mails without a reply."""

from __future__ import annotations

from wizard.live_test.diagnosis_reply import OTHER_PROVIDER, OUTLOOK_COM
from wizard.live_test.diagnosis_rule import (
    Rule,
    at,
    offers_only_oauth,
    offers_starttls,
    provider,
)
from wizard.live_test.failure import Cause, Stage, Verdict
from wizard.text.language import N_

LOGIN: tuple[Rule, ...] = (
    Rule(
        Cause.SECRET_UNKNOWN,
        (),
        "compose-not-judged",
        N_("No login was tried: it is not known which password the container gets ({text})."),
        N_(
            "Test where Docker Compose is installed, or give the password: smtp-wizard test "
            "--secret-stdin."
        ),
        verdict=Verdict.UNTESTABLE,
    ),
    Rule(
        Cause.NO_AUTH,
        (offers_starttls,),
        "no-auth-offered",
        N_("{host} offers no login without encryption."),
        N_("Enter {host} without smtp://, or append ?tls=required."),
        field="endpoint",
    ),
    Rule(
        Cause.NO_AUTH,
        (),
        "no-auth-offered",
        N_("{host} offers no login on port {port}, but a password is set."),
        N_(
            "Choose no login (--no-secret) if this is a relay that needs none; else correct the "
            "mail server's name or port."
        ),
    ),
    Rule(
        Cause.NO_MECHANISM,
        (provider("outlook"),),
        "no-usable-mechanism",
        OUTLOOK_COM,
        OTHER_PROVIDER,
    ),
    Rule(
        Cause.NO_MECHANISM,
        (offers_only_oauth,),
        "no-usable-mechanism",
        N_("{host} only accepts logins by {text}; the server cannot do OAuth."),
        N_("Look for app passwords at your mail provider, or put a relay in between."),
    ),
    Rule(
        Cause.NO_MECHANISM,
        (),
        "no-usable-mechanism",
        N_("{host} only offers logins by {text}; the server needs PLAIN or LOGIN."),
        N_("Have PLAIN allowed on {host}, or put a relay in between."),
    ),
    Rule(
        Cause.CLEAR_TEXT_LOGIN,
        (),
        "clear-text-login",
        N_("The login is accepted, but everybody on the way to {host} can read the password."),
        N_("Enter {host} without smtp://, or append ?tls=required."),
        verdict=Verdict.WARN,
    ),
)

SENDING: tuple[Rule, ...] = (
    Rule(
        Cause.GROUP_MISHANDLED,
        (),
        "protocol-error",
        N_("{host} offers PIPELINING, but did not answer for a recipient."),
        N_("Send a real test mail, which goes one command at a time."),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.SENDER_UNKNOWN,
        (),
        "sender-unknown",
        N_("{host} accepts {user}, which is not a mail address: nobody knows the mails' sender."),
        N_(
            "Have the server send you a mail (bomnipotent_client test-email ADDRESS), or put a "
            "relay in between that sets the sender."
        ),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.SMTPUTF8_MISSING,
        (),
        "smtputf8-missing",
        N_("{host} only takes addresses in plain ASCII, and one here is not."),
        N_("Use an address without special characters."),
    ),
    Rule(
        Cause.EIGHTBITMIME_MISSING,
        (),
        "smtputf8-missing",
        N_(
            "{host} offers SMTPUTF8 without 8BITMIME; for an address that is not plain ASCII the "
            "server needs both."
        ),
        N_("Use an address without special characters."),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        (at(Stage.MAIL),),
        "sender-refused",
        N_("{user} cannot be the sender of a mail."),
        N_("Enter a mail address as the user."),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        (),
        "recipient-refused",
        N_("The recipient is not a mail address."),
        N_("Enter the address alone, for example you@example.org."),
    ),
    Rule(
        Cause.UNUSUAL_REPLY,
        (),
        "protocol-error",
        N_("{host} sent an unusual reply at {step}; another client gave up."),
        N_("Check whether the mail has arrived before you send another one."),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.CLOSED,
        (at(Stage.DATA),),
        "protocol-error",
        N_("{host} hung up without a word about the mail."),
        N_("Check whether the mail has arrived before you send another one."),
    ),
)

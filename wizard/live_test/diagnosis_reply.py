"""The table of diagnoses, last part: replies that refuse, by what they are about."""

from __future__ import annotations

from wizard.discovery.providers import ProviderNote
from wizard.live_test.diagnosis_rule import (
    Rule,
    about,
    at,
    generated_login,
    logs_in,
    no_login,
    provider,
    provider_with,
    said,
    secret_has_blanks,
    secret_has_variable,
    user_is_no_address,
    wrong_fixed_user,
)
from wizard.live_test.failure import Cause, Stage, Verdict
from wizard.live_test.refusals import Subject
from wizard.text.language import N_

_OWN_ADDRESS = N_(
    "Set user to an address of this account, or put a relay in between that sets the sender."
)
OUTLOOK_COM = N_(
    "Outlook.com has only accepted logins by OAuth since 2024; the server cannot do that."
)
_CREATE_APP_PASSWORD = N_(
    "Create an app password at this provider and enter it in place of the account's password; "
    "user is the full address."
)
OTHER_PROVIDER = N_(
    "Use a mailbox of another provider, or put a relay in between (doc.bomnipotent.de, page "
    '"SMTP Server").'
)
_MICROSOFT = r"\b5\.7\.(139|30)\b|smtpclientauthentication|security defaults"
_OF_A_PLAN = r"quota|credit|plan|daily|monthly|per (hour|day|month)"
_NO_PTR = r"\bptr\b|\brdns\b|reverse|\b[45]\.7\.25\b|find your host ?name"
_LISTED = (
    r"\b(?<!white[ -])(?<!allow[ -])(?!white|allow)[a-z]*list|blocked using|\brbl\b|dnsbl"
    r"|spamhaus|sorbs|spamcop|barracuda|reputation"
)
_UNVERIFIED = (
    r"\b(not |un)verified(?! address)|verified sender|sender identity|sandbox|unconfigured"
)
_FULL = r"full|quota|\b[45]\.2\.2\b|exceed"

REFUSED: tuple[Rule, ...] = (
    # --- Encryption and logins
    Rule(
        Cause.REPLY,
        (about(Subject.STARTTLS), said(r"^4")),
        "starttls-refused",
        N_("{host} refuses STARTTLS for the moment."),
        N_("Test again in a few minutes, or use SMTPS: starttls = false."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.STARTTLS),),
        "starttls-refused",
        N_("{host} refuses STARTTLS, although it offers it."),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.ENCRYPTION),),
        "encryption-required",
        N_("{host} demands an encrypted connection."),
        N_("Use the bare host name as the endpoint (SMTPS), or append ?tls=required to it."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS, Subject.LOGIN_DISABLED), provider("outlook")),
        "auth-disabled",
        OUTLOOK_COM,
        OTHER_PROVIDER,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.APP_PASSWORD), provider("google")),
        "app-password-needed",
        N_("Google does not accept the password of the account, only one made for this program."),
        N_(
            "Switch on 2-step verification, create an app password at "
            "https://myaccount.google.com/apppasswords and enter it without blanks."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.APP_PASSWORD), said(r"authori[sz]ation code|授权码")),
        "app-password-needed",
        N_("{host} does not accept the password of the account, only an authorization code."),
        N_(
            "Switch on SMTP in the settings of the web mail, have it show an authorization code, "
            "and enter that in place of the password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.APP_PASSWORD),),
        "app-password-needed",
        N_("{host} does not accept the password of the account, only one made for this program."),
        N_("Create an app password at your mail provider and enter it without blanks."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED), said(_MICROSOFT)),
        "auth-disabled",
        N_("Login by SMTP is switched off for this mailbox or its whole organisation."),
        N_(
            'Have an administrator enable "Authenticated SMTP" for {user} (Microsoft 365 admin '
            "center, Mail, Manage email apps) and look at the security defaults. Microsoft "
            "switches it off by default at the end of December 2026 and will announce in the "
            "second half of 2027 when it ends, so plan a relay."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED), said(r"\bplan\b")),
        "auth-disabled",
        N_("{host} says that the plan of this account does not allow the login."),
        N_("Ask your mail provider for a plan that includes SMTP, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED),),
        "auth-disabled",
        N_("{host} does not allow {user} to log in by SMTP."),
        N_(
            "Switch on SMTP in the settings of the mailbox (often together with POP3 and IMAP), or "
            "ask the provider to activate it; some then give you a code to enter as the password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_UNAVAILABLE),),
        "auth-temporary",
        N_("{host} cannot check logins for the moment."),
        N_("Test again in a few minutes."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_MECHANISM),),
        "no-usable-mechanism",
        N_("{host} refuses the way of logging in that it offers itself."),
        N_("Ask whoever runs {host}, or put a relay in between."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), secret_has_variable),
        "auth-rejected",
        N_(
            "{host} rejects the login of {user}: the secret contains ${{…}}, a variable that "
            "nobody has filled in."
        ),
        N_("Set that variable, or enter the secret itself."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), secret_has_blanks),
        "auth-rejected",
        N_("{host} rejects the login of {user}: the secret has blanks around it."),
        N_("Enter the secret again, without blanks."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), wrong_fixed_user),
        "auth-rejected",
        N_("{host} rejects the login of {user}: every account has the user {fixed} there."),
        N_(
            "Set user to {fixed} and the secret to the API key; the mails then need a relay that "
            "sets the sender."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider("google")),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter an app password without blanks, not the account's password: "
            "https://myaccount.google.com/apppasswords; user is the full address."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.AUTHORIZATION_CODE)),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter the authorization code that the web mail shows when SMTP is switched on there, "
            "not the account's password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.APP_PASSWORD)),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        _CREATE_APP_PASSWORD,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.ACCESS_MUST_BE_ENABLED)),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Allow access by POP3 and IMAP in the settings of the mailbox, which covers SMTP too; "
            "then check the password: with two-factor login it may have to be an app password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.APP_PASSWORD_WITH_2FA)),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        _CREATE_APP_PASSWORD,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), generated_login),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter user name and password of the SMTP credentials that this provider makes, not "
            "its API or access key."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), user_is_no_address),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Try the full mail address as the user, unless your provider gives a fixed name; then "
            "enter the secret again."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS),),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter the secret again: the one for SMTP, which may differ from the account's "
            "password or API key."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_REQUIRED), no_login),
        "secret-missing",
        N_("{host} demands a login, and no secret is set."),
        N_("Set the secret: the password or API key for SMTP."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_REQUIRED),),
        "sender-refused",
        N_("{host} accepts the login, and then demands one again."),
        N_("Ask whoever runs {host} to let this account send, or use another mail server."),
    ),
    # --- This machine, and how much it sends
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), said(_OF_A_PLAN)),
        "rate-limited",
        N_("{host} says that what this account may send is used up."),
        N_("Wait until it may send again, or have your mail provider raise the limit."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), at(Stage.AUTH)),
        "rate-limited",
        N_("{host} has had too many attempts and refuses more for the moment."),
        N_("Wait half an hour without testing, then test again."),
        reason=N_("too many attempts"),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), at(Stage.GREETING, Stage.EHLO)),
        "rate-limited",
        N_("{host} does not want to talk to this machine for the moment."),
        N_("Wait half an hour without testing, then test again."),
        reason=N_("too many attempts"),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE),),
        "rate-limited",
        N_("{host} takes no more mails from this account or machine for the moment."),
        N_("Wait an hour without testing, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.EHLO_NAME),),
        "ehlo-refused",
        N_("{host} refuses the name that this machine introduces itself with."),
        N_("Give the machine a full host name; for a container set hostname: in the compose file."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), at(Stage.GREETING), said(r"^554|\b5\.7\.1\b|" + _LISTED)),
        "greeting-refused",
        N_("{host} turns this machine away: its address is probably on a block list."),
        N_("Look your address up at the list that the reply names, or use another relay."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), at(Stage.GREETING)),
        "greeting-refused",
        N_("{host} turns this machine away."),
        N_("Read the reply; ask whoever runs {host}."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), provider("brevo")),
        "client-refused",
        N_("Brevo does not accept this machine's address."),
        N_(
            "Add the address to the authorised IPs in Brevo's security settings; your password is "
            "not the cause."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), said("credentials for relay|mail relay denied|registered in your")),
        "client-refused",
        N_("{host} does not know this machine's address as one of your organisation's."),
        N_(
            "Register the address in the SMTP relay service of the Google admin console, or log in "
            "at smtp.gmail.com instead."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), said(_NO_PTR)),
        "client-refused",
        N_("{host} refuses this machine, because its address has no valid name in the DNS (PTR)."),
        N_(
            "Have your hosting provider set the reverse name (PTR) of the address, or use a mail "
            "server that accepts logins from anywhere."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), said(_LISTED)),
        "client-refused",
        N_("{host} refuses this machine, because its address is on a block list."),
        N_("Look your address up at the list that the reply names, or use another relay."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT),),
        "client-refused",
        N_("{host} refuses this machine, whoever logs in."),
        N_("Have this machine's address allowed on {host}, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SERVER),),
        "server-trouble",
        N_("{host} has trouble of its own and takes no mails for the moment."),
        N_("Test again in a few minutes; if it stays, tell whoever runs {host}."),
    ),
    # --- Sender, recipient and mail
    Rule(
        Cause.REPLY,
        (about(Subject.GREYLISTING),),
        "greylisted",
        N_("{host} refuses the first mail of a new sender, and wants it sent again (greylisting)."),
        N_(
            "Test again in a few minutes. Whether the server sends a refused mail again is not "
            "documented, so have {host} exempt this sender if you can."
        ),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SIZE),),
        "mail-too-big",
        N_("{host} takes no mails of this size."),
        N_("Raise the limit on {host}, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SENDER), said(_UNVERIFIED)),
        "sender-refused",
        N_("{host} takes no mails from {user} yet, because the address is not verified there."),
        N_(
            "Verify the address or its domain at the provider (and leave the sandbox, if it has "
            "one)."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SENDER, Subject.OTHER), at(Stage.MAIL), user_is_no_address),
        "sender-refused",
        N_("{host} does not take {user} as the sender, because it is not a mail address."),
        N_(
            "Put a relay in between that sets the sender (doc.bomnipotent.de, page "
            '"SMTP Server"): the server has no setting for it.'
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SENDER), logs_in),
        "sender-refused",
        N_("{host} accepts the login, but not {user} as the sender."),
        _OWN_ADDRESS,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SENDER),),
        "sender-refused",
        N_("{host} does not take mails from {user}."),
        N_("Set user to an address that {host} accepts, or allow this one there."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RELAYING), no_login),
        "recipient-refused",
        N_("{host} does not pass on mails of this machine to others."),
        N_("Set a secret so that the server logs in, or allow this machine on the relay."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RELAYING),),
        "recipient-refused",
        N_("{host} accepts the login, but passes on no mails to others."),
        N_("Ask whoever runs {host} to let this account send, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.MAILBOX), said(_FULL)),
        "quota",
        N_("{host} takes no mail because a mailbox is full."),
        N_("Make room in the mailbox, or raise its quota."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.MAILBOX),),
        "recipient-refused",
        N_("{host} does not take mails to this recipient."),
        N_("Check the address, or test with another one."),
    ),
    # --- Replies that do not say what is wrong
    Rule(
        Cause.REPLY,
        (at(Stage.EHLO),),
        "ehlo-refused",
        N_("{host} does not accept EHLO, which the server needs."),
        N_("Use another relay: this one is too old."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.MAIL), logs_in),
        "sender-refused",
        N_("{host} accepts the login, but not {user} as the sender."),
        _OWN_ADDRESS,
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.MAIL),),
        "sender-refused",
        N_("{host} does not take mails from {user}."),
        N_("Set user to an address that the relay accepts, or allow this one on the relay."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT), no_login),
        "recipient-refused",
        N_("{host} does not pass on mails of this machine to others."),
        N_("Set a secret so that the server logs in, or allow this machine on the relay."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT),),
        "recipient-refused",
        N_("{host} accepts sender and login, but refuses the recipient without a clear reason."),
        N_("Read the reply; ask whoever runs {host} whether this account may send to others."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA), said(r"^4")),
        "mail-postponed",
        N_("{host} does not take the test mail for the moment."),
        N_("Wait a few minutes, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA),),
        "mail-refused",
        N_("{host} accepts sender and recipient, but not the test mail itself."),
        N_(
            "Read the reply: often a filter for spam or a policy of the provider; ask whoever "
            "runs {host}."
        ),
    ),
)
"""Read from the top; the last rows are for each stage's replies that no rule recognises."""

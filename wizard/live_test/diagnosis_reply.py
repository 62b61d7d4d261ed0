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
    "Enter an address of this account as the user, or put a relay in between that sets the sender."
)
OUTLOOK_COM = N_("Since 2024 Outlook.com only accepts logins by OAuth, which the server cannot do.")
_CREATE_APP_PASSWORD = N_(
    "Create an app password at this provider and enter it in place of the account's password. The "
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
        N_("{host} refuses STARTTLS for now."),
        N_(
            "Test again in a few minutes, or use SMTPS, port 465: {host} alone, with starttls = "
            "false."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.STARTTLS),),
        "starttls-refused",
        N_("{host} offers STARTTLS, but refuses it."),
        N_("Use SMTPS, port 465: {host} alone, with starttls = false."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.ENCRYPTION),),
        "encryption-required",
        N_("{host} demands an encrypted connection."),
        N_("Enter {host} without smtp:// (SMTPS, port 465), or append ?tls=required."),
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
        N_("Google accepts no account password here, only an app password."),
        N_(
            "Switch on 2-Step Verification, create an app password at "
            "https://myaccount.google.com/apppasswords and enter it without blanks."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.APP_PASSWORD), said(r"authori[sz]ation code|授权码")),
        "app-password-needed",
        N_("{host} accepts no account password, only an authorization code."),
        N_(
            "Switch on SMTP in the web mail's settings and enter the authorization code that it "
            "shows."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.APP_PASSWORD),),
        "app-password-needed",
        N_("{host} accepts no account password, only an app password."),
        N_("Create an app password at your mail provider and enter it without blanks."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED), said(_MICROSOFT)),
        "auth-disabled",
        N_("Login by SMTP is switched off for this mailbox or its organisation."),
        N_(
            'Have an administrator enable "Authenticated SMTP" for {user} (Microsoft 365 admin '
            "center, Mail, Manage email apps) and check the security defaults. Plan a relay: from "
            "the end of December 2026 it is off by default, and in the second half of 2027 "
            "Microsoft will say when it ends."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED), said(r"\bplan\b")),
        "auth-disabled",
        N_("{host} says that this account's plan does not include the login."),
        N_("Ask your mail provider for a plan with SMTP, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_DISABLED),),
        "auth-disabled",
        N_("{host} does not let {user} log in by SMTP."),
        N_(
            "Switch on SMTP in the mailbox's settings (often with POP3 and IMAP), or ask the "
            "provider to. Some then give you a code to enter as the password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_UNAVAILABLE),),
        "auth-temporary",
        N_("{host} cannot check logins for now."),
        N_("Test again in a few minutes."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_MECHANISM),),
        "no-usable-mechanism",
        N_("{host} refuses a kind of login that it offers itself."),
        N_("Ask the administrator of {host}, or put a relay in between."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), secret_has_variable),
        "auth-rejected",
        N_("{host} refuses {user}: the password contains ${{…}}, a variable that nobody has set."),
        N_("Set that variable, or enter the password itself."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), secret_has_blanks),
        "auth-rejected",
        N_("{host} refuses {user}: the password has blanks around it."),
        N_("Enter the password again, without blanks."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), wrong_fixed_user),
        "auth-rejected",
        N_("{host} refuses {user}: every account there has the user {fixed}."),
        N_(
            "Enter {fixed} as the user and the API key as the password. The mails then need a "
            "relay that sets the sender."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider("google")),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Create an app password at https://myaccount.google.com/apppasswords and enter it "
            "without blanks. Your Google password does not work here."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.AUTHORIZATION_CODE)),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Enter the authorization code that the web mail shows once SMTP is switched on there, "
            "not the account's password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.APP_PASSWORD)),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        _CREATE_APP_PASSWORD,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.ACCESS_MUST_BE_ENABLED)),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Allow access by POP3 and IMAP in the mailbox's settings, which covers SMTP. Then "
            "check the password: with two-factor login it may have to be an app password."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), provider_with(ProviderNote.APP_PASSWORD_WITH_2FA)),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        _CREATE_APP_PASSWORD,
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), generated_login),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Enter the user name and password of this provider's SMTP credentials, not its API or "
            "access key."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS), user_is_no_address),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Try the full mail address as the user, unless your provider gives a fixed name. Then "
            "enter the password again."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CREDENTIALS),),
        "auth-rejected",
        N_("{host} refuses {user} with this password."),
        N_(
            "Enter the password for SMTP again: it may differ from the account's password or API "
            "key."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_REQUIRED), no_login),
        "secret-missing",
        N_("{host} demands a login, but no password is set."),
        N_("Enter the password or API key for SMTP."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.LOGIN_REQUIRED),),
        "sender-refused",
        N_("{host} accepts the login, then demands another one."),
        N_("Ask the administrator of {host} to let this account send, or use another mail server."),
    ),
    # --- This machine, and how much it sends
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), said(_OF_A_PLAN)),
        "rate-limited",
        N_("{host} says that this account has sent as much as it may."),
        N_("Wait until it may send again, or have your mail provider raise the limit."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), at(Stage.AUTH)),
        "rate-limited",
        N_("{host} refuses more attempts for now: there were too many."),
        N_("Wait half an hour without testing, then test again."),
        reason=N_("too many attempts"),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE), at(Stage.GREETING, Stage.EHLO)),
        "rate-limited",
        N_("{host} does not talk to this machine for now."),
        N_("Wait half an hour without testing, then test again."),
        reason=N_("too many attempts"),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RATE),),
        "rate-limited",
        N_("{host} takes no more mails from this account or machine for now."),
        N_("Wait an hour without testing, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.EHLO_NAME),),
        "ehlo-refused",
        N_("{host} refuses the host name that this machine gives."),
        N_("Give the machine a full host name; for a container set hostname: in the compose file."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), at(Stage.GREETING), said(r"^554|\b5\.7\.1\b|" + _LISTED)),
        "greeting-refused",
        N_("{host} turns this machine away: its address is probably on a block list."),
        N_("Look your address up in the list that the reply names, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), at(Stage.GREETING)),
        "greeting-refused",
        N_("{host} turns this machine away."),
        N_("Ask the administrator of {host} about the reply."),
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
        N_("{host} does not know this machine's address as your organisation's."),
        N_(
            "Register the address in the SMTP relay service of the Google admin console, or log in "
            "at smtp.gmail.com instead."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), said(_NO_PTR)),
        "client-refused",
        N_("{host} refuses this machine: its address has no valid name in the DNS (PTR)."),
        N_(
            "Have your hosting provider set the reverse name (PTR), or use a mail server that "
            "accepts logins from anywhere."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT), said(_LISTED)),
        "client-refused",
        N_("{host} refuses this machine: its address is on a block list."),
        N_("Look your address up in the list that the reply names, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.CLIENT),),
        "client-refused",
        N_("{host} refuses this machine, with any login."),
        N_("Have this machine's address allowed on {host}, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SERVER),),
        "server-trouble",
        N_("{host} has trouble of its own and takes no mails for now."),
        N_("Test again in a few minutes; if this persists, tell the administrator of {host}."),
    ),
    # --- Sender, recipient and mail
    Rule(
        Cause.REPLY,
        (about(Subject.GREYLISTING),),
        "greylisted",
        N_("{host} refuses the first mail of a new sender and wants it again later (greylisting)."),
        N_(
            "Test again in a few minutes. Whether the server sends a mail again is not "
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
        N_("{host} takes no mails from {user} yet: the address is not verified there."),
        N_(
            "Verify the address or its domain at the provider, and leave the sandbox if it has one."
        ),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.SENDER, Subject.OTHER), at(Stage.MAIL), user_is_no_address),
        "sender-refused",
        N_("{host} does not take {user} as the sender: it is not a mail address."),
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
        N_("{host} takes no mails from {user}."),
        N_("Enter an address that {host} accepts as the user, or have this one allowed there."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RELAYING), no_login),
        "recipient-refused",
        N_("{host} passes on no mails from this machine."),
        N_("Enter a password so that the server logs in, or have this machine allowed on {host}."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.RELAYING),),
        "recipient-refused",
        N_("{host} accepts the login, but passes on no mails."),
        N_("Ask the administrator of {host} to let this account send, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.MAILBOX), said(_FULL)),
        "quota",
        N_("{host} takes no mail: a mailbox is full."),
        N_("Make room in the mailbox, or raise its quota."),
    ),
    Rule(
        Cause.REPLY,
        (about(Subject.MAILBOX),),
        "recipient-refused",
        N_("{host} takes no mails to this recipient."),
        N_("Check the address, or test with another one."),
    ),
    # --- Replies that do not say what is wrong
    Rule(
        Cause.REPLY,
        (at(Stage.EHLO),),
        "ehlo-refused",
        N_("{host} does not accept EHLO, which the server needs."),
        N_("Use another mail server: this one is too old."),
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
        N_("{host} takes no mails from {user}."),
        N_("Enter an address that {host} accepts as the user, or have this one allowed there."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT), no_login),
        "recipient-refused",
        N_("{host} passes on no mails from this machine."),
        N_("Enter a password so that the server logs in, or have this machine allowed on {host}."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT),),
        "recipient-refused",
        N_(
            "{host} accepts the login and the sender, but refuses the recipient without a clear "
            "reason."
        ),
        N_("Ask the administrator of {host} whether this account may send to others."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA), said(r"^4")),
        "mail-postponed",
        N_("{host} does not take the mail for now."),
        N_("Wait a few minutes, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA),),
        "mail-refused",
        N_("{host} accepts sender and recipient, but not the mail itself."),
        N_(
            "Read the reply: often it is a spam filter or a policy. Else ask the administrator of "
            "{host}."
        ),
    ),
)
"""Read from the top; the last rows are for each stage's replies that no rule recognises."""

"""Logins that are not offered, not accepted, or better not made.

Senders, recipients and mails that are not accepted.
"""

from __future__ import annotations

from wizard.discovery.providers import ProviderNote
from wizard.live_test.diagnosis_rule import (
    Rule,
    blanks,
    local_part,
    logs_in,
    made_login,
    no_login,
    offers_starttls,
    only_oauth,
    provider,
    special,
    unexpanded,
    wrong_fixed_user,
)
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

OUTLOOK_COM = N_(
    "Outlook.com has only accepted logins by OAuth since 2024; the server cannot do that."
)
OTHER_PROVIDER = N_("Use a mailbox of another provider, or put a relay in between.")
MAIL_OR_RCPT = (Stage.MAIL, Stage.RCPT)
LOGIN: tuple[Rule, ...] = (
    Rule(
        Cause.NO_AUTH,
        "no-auth-offered",
        N_("{host} offers no login on an unencrypted connection."),
        N_("Append ?tls=required to the endpoint, or use the bare host name."),
        when=offers_starttls,
    ),
    Rule(
        Cause.NO_AUTH,
        "no-auth-offered",
        N_("{host} offers no login on port {port}, but a secret is set."),
        N_("Remove the secret if this is a relay without login; else correct the endpoint."),
    ),
    Rule(
        Cause.NO_MECHANISM,
        "no-usable-mechanism",
        OUTLOOK_COM,
        OTHER_PROVIDER,
        when=provider("outlook"),
    ),
    Rule(
        Cause.NO_MECHANISM,
        "no-usable-mechanism",
        N_("{host} only accepts logins by {text}; the server cannot do OAuth."),
        N_("Look for app passwords at your mail provider, or put a relay in between."),
        when=only_oauth,
    ),
    Rule(
        Cause.NO_MECHANISM,
        "no-usable-mechanism",
        N_("{host} only offers logins by {text}; the server knows PLAIN and LOGIN."),
        N_("Have PLAIN allowed on {host}, or put a relay in between."),
    ),
    Rule(
        Cause.CLEAR_TEXT_LOGIN,
        "clear-text-login",
        N_("The login was accepted, but everybody between here and {host} can read the password."),
        N_("Use the bare host name, or append ?tls=required to the endpoint."),
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        "encryption-required",
        N_("{host} demands an encrypted connection."),
        N_("Use the bare host name as the endpoint (SMTPS), or append ?tls=required to it."),
        stages=(Stage.AUTH, *MAIL_OR_RCPT),
        said=r"^538|\b5\.7\.11\b|starttls|encryption (is )?(required|needed)|must use (tls|ssl)",
    ),
    Rule(
        Cause.REPLY,
        "auth-disabled",
        OUTLOOK_COM,
        OTHER_PROVIDER,
        stages=(Stage.AUTH,),
        said=r"^5",
        when=provider("outlook"),
    ),
    Rule(
        Cause.REPLY,
        "app-password-needed",
        N_("Google does not accept the password of the account, only one made for this program."),
        N_(
            "Switch on 2-step verification, create an app password at "
            "https://myaccount.google.com/apppasswords and enter it without blanks."
        ),
        stages=(Stage.AUTH,),
        said=r"^534|\b5\.7\.9\b|app(lication)?[- ]?(specific )?password",
        when=provider("google"),
    ),
    Rule(
        Cause.REPLY,
        "app-password-needed",
        N_("{host} does not accept the password of the account, only one made for this program."),
        N_("Create an app password at your mail provider and enter it without blanks."),
        stages=(Stage.AUTH,),
        said=r"^534|\b5\.7\.9\b|app(lication)?[- ]?(specific )?password",
    ),
    Rule(
        Cause.REPLY,
        "auth-disabled",
        N_("Login by SMTP is switched off for this mailbox or its whole organisation."),
        N_(
            'Have an administrator enable "Authenticated SMTP" for {user} (Microsoft 365 admin '
            "center, Mail, Manage email apps) and look at the security defaults; Microsoft is "
            "retiring it, so plan a relay."
        ),
        stages=(Stage.AUTH,),
        said=r"\b5\.7\.139\b|\b5\.7\.30\b|smtpclientauthentication|basic authentication"
        r"|authentication (is )?(disabled|not enabled)",
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        N_("{host} has had too many attempts and refuses more for the moment."),
        N_("Wait half an hour without testing, then test again."),
        stages=(Stage.AUTH,),
        said=r"^421|too many|rate limit|try again later",
    ),
    Rule(
        Cause.REPLY,
        "auth-temporary",
        N_("{host} cannot check logins for the moment."),
        N_("Test again in a few minutes."),
        stages=(Stage.AUTH,),
        said=r"^4",
    ),
    Rule(
        Cause.REPLY,
        "no-usable-mechanism",
        N_("{host} refuses the way of logging in that it offers itself."),
        N_("Ask whoever runs {host}, or put a relay in between."),
        stages=(Stage.AUTH,),
        said=r"^504",
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_(
            "{host} rejects the login of {user}: the secret contains ${{…}}, a variable that "
            "nobody has filled in."
        ),
        N_("Set that variable, or enter the secret itself."),
        stages=(Stage.AUTH,),
        when=unexpanded,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}: the secret has blanks around it."),
        N_("Enter the secret again, without blanks."),
        stages=(Stage.AUTH,),
        when=blanks,
    ),
    # What single providers mean by it
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}: every account has the user {fixed} there."),
        N_(
            "Set user to {fixed} and the secret to the API key; the mails then need a relay that "
            "sets the sender."
        ),
        stages=(Stage.AUTH,),
        when=wrong_fixed_user,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter an app password without blanks, not the account's password: "
            "https://myaccount.google.com/apppasswords; user is the full address."
        ),
        stages=(Stage.AUTH,),
        when=provider("google"),
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Create an app password at this provider and enter it in place of the account's "
            "password; user is the full address."
        ),
        stages=(Stage.AUTH,),
        when=special(ProviderNote.APP_PASSWORD, ProviderNote.APP_PASSWORD_WITH_2FA),
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Allow access by POP3 and IMAP in the settings of the mailbox, which covers SMTP too; "
            "then check the secret."
        ),
        stages=(Stage.AUTH,),
        when=special(ProviderNote.ACCESS_MUST_BE_ENABLED),
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter user name and password of the SMTP credentials that this provider makes, not "
            "its API or access key."
        ),
        stages=(Stage.AUTH,),
        when=made_login,
    ),
    # What is left
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Try the full mail address as the user, unless your provider gives a fixed name; then "
            "enter the secret again."
        ),
        stages=(Stage.AUTH,),
        when=local_part,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter the secret again: the one for SMTP, which may differ from the account's "
            "password or API key."
        ),
        stages=(Stage.AUTH,),
    ),
)
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

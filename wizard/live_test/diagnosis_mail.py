"""The table of diagnoses, second half: logins, senders, recipients and mails."""

from __future__ import annotations

from wizard.discovery.providers import ProviderNote
from wizard.live_test.diagnosis_rule import (
    Rule,
    at,
    generated_login,
    logs_in,
    no_login,
    offers_only_oauth,
    offers_starttls,
    provider,
    provider_with,
    said,
    secret_has_blanks,
    secret_has_variable,
    user_is_no_address,
    wrong_fixed_user,
)
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

_OUTLOOK_COM = N_(
    "Outlook.com has only accepted logins by OAuth since 2024; the server cannot do that."
)
_OTHER_PROVIDER = N_("Use a mailbox of another provider, or put a relay in between.")
_OWN_ADDRESS = N_(
    "Set user to an address of this account, or put a relay in between that sets the sender."
)
_APP_SPECIFIC = r"^534|\b5\.7\.9\b|app(lication)?[- ]?(specific )?password"
_ABOUT_SENDER = r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned|sender"

LOGIN: tuple[Rule, ...] = (
    Rule(
        Cause.NO_AUTH,
        (offers_starttls,),
        "no-auth-offered",
        N_("{host} offers no login on an unencrypted connection."),
        N_("Append ?tls=required to the endpoint, or use the bare host name."),
    ),
    Rule(
        Cause.NO_AUTH,
        (),
        "no-auth-offered",
        N_("{host} offers no login on port {port}, but a secret is set."),
        N_("Remove the secret if this is a relay without login; else correct the endpoint."),
    ),
    Rule(
        Cause.NO_MECHANISM,
        (provider("outlook"),),
        "no-usable-mechanism",
        _OUTLOOK_COM,
        _OTHER_PROVIDER,
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
        N_("{host} only offers logins by {text}; the server knows PLAIN and LOGIN."),
        N_("Have PLAIN allowed on {host}, or put a relay in between."),
    ),
    Rule(
        Cause.CLEAR_TEXT_LOGIN,
        (),
        "clear-text-login",
        N_("The login was accepted, but everybody between here and {host} can read the password."),
        N_("Use the bare host name, or append ?tls=required to the endpoint."),
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.AUTH, Stage.MAIL, Stage.RCPT),
            said(
                r"^538|\b5\.7\.11\b|starttls|encryption (is )?(required|needed)|must use (tls|ssl)"
            ),
        ),
        "encryption-required",
        N_("{host} demands an encrypted connection."),
        N_("Use the bare host name as the endpoint (SMTPS), or append ?tls=required to it."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), said(r"^5"), provider("outlook")),
        "auth-disabled",
        _OUTLOOK_COM,
        _OTHER_PROVIDER,
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.AUTH),
            said(_APP_SPECIFIC),
            provider("google"),
        ),
        "app-password-needed",
        N_("Google does not accept the password of the account, only one made for this program."),
        N_(
            "Switch on 2-step verification, create an app password at "
            "https://myaccount.google.com/apppasswords and enter it without blanks."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), said(_APP_SPECIFIC)),
        "app-password-needed",
        N_("{host} does not accept the password of the account, only one made for this program."),
        N_("Create an app password at your mail provider and enter it without blanks."),
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.AUTH),
            said(
                r"\b5\.7\.139\b|\b5\.7\.30\b|smtpclientauthentication|basic authentication"
                r"|authentication (is )?(disabled|not enabled)"
            ),
        ),
        "auth-disabled",
        N_("Login by SMTP is switched off for this mailbox or its whole organisation."),
        N_(
            'Have an administrator enable "Authenticated SMTP" for {user} (Microsoft 365 admin '
            "center, Mail, Manage email apps) and look at the security defaults; Microsoft is "
            "retiring it, so plan a relay."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), said(r"^421|too many|rate limit|try again later")),
        "rate-limited",
        N_("{host} has had too many attempts and refuses more for the moment."),
        N_("Wait half an hour without testing, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), said(r"^4")),
        "auth-temporary",
        N_("{host} cannot check logins for the moment."),
        N_("Test again in a few minutes."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), said(r"^504")),
        "no-usable-mechanism",
        N_("{host} refuses the way of logging in that it offers itself."),
        N_("Ask whoever runs {host}, or put a relay in between."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), secret_has_variable),
        "auth-rejected",
        N_(
            "{host} rejects the login of {user}: the secret contains ${{…}}, a variable that "
            "nobody has filled in."
        ),
        N_("Set that variable, or enter the secret itself."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), secret_has_blanks),
        "auth-rejected",
        N_("{host} rejects the login of {user}: the secret has blanks around it."),
        N_("Enter the secret again, without blanks."),
    ),
    # Providers with peculiarities of their own
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), wrong_fixed_user),
        "auth-rejected",
        N_("{host} rejects the login of {user}: every account has the user {fixed} there."),
        N_(
            "Set user to {fixed} and the secret to the API key; the mails then need a relay that "
            "sets the sender."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), provider("google")),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter an app password without blanks, not the account's password: "
            "https://myaccount.google.com/apppasswords; user is the full address."
        ),
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.AUTH),
            provider_with(ProviderNote.APP_PASSWORD, ProviderNote.APP_PASSWORD_WITH_2FA),
        ),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Create an app password at this provider and enter it in place of the account's "
            "password; user is the full address."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), provider_with(ProviderNote.ACCESS_MUST_BE_ENABLED)),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Allow access by POP3 and IMAP in the settings of the mailbox, which covers SMTP too; "
            "then check the secret."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), generated_login),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter user name and password of the SMTP credentials that this provider makes, not "
            "its API or access key."
        ),
    ),
    # Every other provider
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH), user_is_no_address),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Try the full mail address as the user, unless your provider gives a fixed name; then "
            "enter the secret again."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.AUTH),),
        "auth-rejected",
        N_("{host} rejects the login of {user}."),
        N_(
            "Enter the secret again: the one for SMTP, which may differ from the account's "
            "password or API key."
        ),
    ),
)

OTHER_RECIPIENT = Rule(
    Cause.REPLY,
    (at(Stage.RCPT),),
    "recipient-refused",
    N_("{host} does not take mails to this recipient."),
    N_("Check the address, or test with another one."),
)
"""The server has nothing against sender, login and client."""

SENDING: tuple[Rule, ...] = (
    Rule(
        Cause.SMTPUTF8_MISSING,
        (),
        "smtputf8-missing",
        N_("{host} only takes addresses in plain ASCII, and one of those here is not."),
        N_("Use an address without special characters."),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        (at(Stage.MAIL),),
        "sender-refused",
        N_("{user} cannot be the sender of a mail."),
        N_("Set user to a mail address."),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        (),
        "recipient-refused",
        N_("The recipient is not a mail address."),
        N_("Enter the address alone, for example you@example.org."),
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.MAIL, Stage.RCPT),
            said(
                r"^530|\b5\.7\.57\b|authentication (is )?required|not authenticated|log ?in first"
                r"|authenticate|not logged in"
            ),
            no_login,
        ),
        "secret-missing",
        N_("{host} demands a login, and no secret is set."),
        N_("Set the secret: the password or API key for SMTP."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.MAIL, Stage.RCPT), said(r"^45[01] 4\.7\.1\b|gr[ea]y-?list")),
        "greylisted",
        N_("{host} accepts mails from strangers only at the second attempt (greylisting)."),
        N_("Nothing has to be changed; the first mail may arrive late."),
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.MAIL, Stage.RCPT, Stage.DATA),
            said(r"^421|\b4\.7\.0\b|\b4\.3\.2\b|\b4\.5\.3\b|too many|rate limit|limit exceeded"),
        ),
        "rate-limited",
        N_("{host} takes no more mails from this account or machine for the moment."),
        N_("Wait an hour without testing, then test again."),
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.MAIL, Stage.RCPT, Stage.DATA),
            said(r"\b[45]\.3\.4\b|\b5\.2\.3\b|too (big|large)|size limit|exceeds"),
        ),
        "mail-too-big",
        N_("{host} takes no mails of this size."),
        N_("Raise the limit on {host}, or use another mail server."),
    ),
    Rule(
        Cause.REPLY,
        (
            at(Stage.MAIL, Stage.RCPT, Stage.DATA),
            said(r"^452|^552|\b[45]\.2\.2\b|\b[45]\.3\.1\b|quota"),
        ),
        "quota",
        N_("{host} takes no mail because a mailbox or a disk is full."),
        N_("Make room in the mailbox, or raise its quota."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.MAIL), user_is_no_address),
        "sender-refused",
        N_("{host} does not take {user} as the sender, because it is not a mail address."),
        N_("Put a relay in between that sets the sender: the server has no setting for it."),
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
        (at(Stage.RCPT), said(_ABOUT_SENDER), logs_in),
        "sender-refused",
        N_("{host} accepts the login, but {user} may not send."),
        _OWN_ADDRESS,
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT), said(_ABOUT_SENDER)),
        "sender-refused",
        N_("{host} does not take mails from {user}."),
        N_("Set user to an address that {host} accepts, or allow this one there."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT), said(r"\b5\.7\.1\b|relay"), no_login),
        "recipient-refused",
        N_("{host} does not pass on mails of this machine to others."),
        N_("Set a secret so that the server logs in, or allow this machine on the relay."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.RCPT), said(r"\brelay")),
        "recipient-refused",
        N_("{host} accepts the login, but passes on no mails to others."),
        N_("Ask whoever runs {host} to let this account send, or use another mail server."),
    ),
    OTHER_RECIPIENT,
    # The mail itself
    Rule(
        Cause.CLOSED,
        (at(Stage.DATA),),
        "protocol-error",
        N_("{host} ended the connection without a word about the mail."),
        N_("Look whether the mail has arrived before you send another one."),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA), said(r"not verified|unverified|sandbox")),
        "sender-refused",
        N_("{host} takes no mails from {user} yet, because the address is not verified there."),
        N_(
            "Verify the address or its domain at the provider (and leave the sandbox, if it has "
            "one)."
        ),
    ),
    Rule(
        Cause.REPLY,
        (at(Stage.DATA), said(r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned|\bSPF\b|\bDMARC\b")),
        "sender-refused",
        N_("{host} does not take the mail, because {user} may not send it."),
        _OWN_ADDRESS,
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

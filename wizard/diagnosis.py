"""What a failed live test means to an operator: cause first, then one concrete next step.

It is one table, read from the top: the first rule that matches a failure explains it. Rules on the
words of a reply come before those on its code. Codes are part of the public interface.
"""

from __future__ import annotations

from dataclasses import dataclass

from wizard.failure import Cause, Failure, Stage
from wizard.rule import (
    Rule,
    blanks,
    local_part,
    logs_in,
    named_better,
    no_login,
    offers_starttls,
    only_oauth,
    port,
    security,
    unexpanded,
    values,
)
from wizard.settings import Security, SmtpSettings


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The explanation of one failure. ``warning``: the server's mails go out all the same."""

    code: str
    stage: Stage
    summary: str
    remedy: str
    server_said: str | None
    warning: bool = False

    def to_json(self) -> dict[str, str | None]:
        """Return the diagnosis as ``test --json`` prints it."""
        return {
            "code": self.code,
            "stage": self.stage.value,
            "summary": self.summary,
            "remedy": self.remedy,
            "server_said": self.server_said,
        }


def diagnose(failure: Failure, settings: SmtpSettings) -> Diagnosis:
    """Explain ``failure`` of a test of ``settings``."""
    rule = next(rule for rule in TABLE if rule.matches(failure, settings))
    facts = values(failure, settings)
    return Diagnosis(
        rule.code,
        failure.stage,
        rule.summary.format_map(facts),
        rule.remedy.format_map(facts),
        failure.said or None,
        rule.warning,
    )


_MAIL = (Stage.MAIL, Stage.RCPT)

TABLE: tuple[Rule, ...] = (
    # --- Reaching the server
    Rule(
        Cause.CONTAINER_INTERNAL,
        "container-internal",
        "{host} means something else inside the server's container than on this machine.",
        "Start the server, then send a mail from there: bomnipotent_client test-email ADDRESS.",
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        "name-not-found",
        "There is no host with the name {host}.",
        "Correct the endpoint: your mail provider's help names the host under SMTP or "
        "outgoing server.",
    ),
    Rule(
        Cause.RESOLVER_DOWN,
        "dns-unavailable",
        "The DNS of this machine gives no answer about {host}.",
        "Check the DNS of this machine (/etc/resolv.conf), then test again.",
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        "{host} is there, but nothing listens on port {port}.",
        "Check the name; if it is right, try starttls = true, which means port 587.",
        when=security(Security.TLS),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        "{host} is there, but nothing listens on port {port}.",
        "Check the name; if it is right, try starttls = false, which means port 465.",
        when=port(587),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        "refused",
        "{host} is there, but nothing listens on port {port}.",
        "Check the port in the endpoint, and that the relay is running.",
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "{host} did not answer on port 25 within {text}: many hosting providers block this port.",
        "Use port 465 (the bare host name) or 587 (starttls = true) instead.",
        stages=(Stage.TCP,),
        when=port(25),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "{host} did not answer on port 465 within {text}: the name is wrong, or a firewall or "
        "your hosting provider blocks the port.",
        "Try starttls = true, which means port 587 and is blocked less often.",
        stages=(Stage.TCP,),
        when=port(465),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "{host} did not answer on port 587 within {text}: the name is wrong, or a firewall "
        "blocks the port.",
        "Try starttls = false, which means port 465; then look at the firewall.",
        stages=(Stage.TCP,),
        when=port(587),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "{host} did not answer on port {port} within {text}.",
        "Check name and port, then the firewalls between this machine and {host}.",
        stages=(Stage.TCP,),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "The DNS of this machine did not answer about {host} within {text}.",
        "Check the DNS of this machine (/etc/resolv.conf), then test again.",
        stages=(Stage.DNS,),
    ),
    Rule(
        Cause.TIMEOUT,
        "timeout",
        "{host} accepted the connection on port {port}, but fell silent when {step}.",
        "Check that {port} is the port of a mail server; else test again later.",
    ),
    Rule(
        Cause.UNREACHABLE,
        "unreachable",
        "There is no way from this machine to {host} ({text}).",
        "Check the routing and the firewall of this machine.",
    ),
    Rule(
        Cause.ADDRESS_SILENT,
        "address-silent",
        "{host} also has the address {text}, which does not answer: the server tries it first "
        "and may wait up to a minute for every mail.",
        "Repair the route to this address (often IPv6), or switch IPv6 off on the server.",
        warning=True,
    ),
    # --- Encryption
    Rule(
        Cause.NOT_TLS,
        "plain-on-tls-port",
        "{host} does not speak TLS on port {port} from the first byte.",
        "Set starttls = true, which means port 587.",
        when=security(Security.TLS),
    ),
    Rule(
        Cause.NOT_TLS,
        "plain-on-tls-port",
        "{host} agreed to STARTTLS on port {port}, but did not begin to encrypt.",
        "Use SMTPS: the bare host name with starttls = false.",
    ),
    Rule(
        Cause.IS_TLS,
        "tls-on-plain-port",
        "{host} expects TLS from the first byte on port {port}.",
        "Set starttls = false, and the bare host name {host} as the endpoint (port 465).",
    ),
    Rule(
        Cause.TLS_TOO_OLD,
        "tls-too-old",
        "{host} only speaks a version of TLS that is older than 1.2.",
        "Have the mail server updated, or use another one: the server refuses old versions.",
    ),
    Rule(
        Cause.TLS_FAILED,
        "tls-failed",
        "{host} and this machine could not agree on an encryption ({text}).",
        "Check that port {port} is the right one; else show this to whoever runs {host}.",
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        "certificate-name",
        "The certificate is not for {host}, but for {names}.",
        "Set the endpoint to {better}, if that is your mail server.",
        when=named_better,
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        "certificate-name",
        "The certificate is not for {host}; the names in it: {names}.",
        "Set the endpoint to the name that your mail provider gives for SMTP.",
    ),
    Rule(
        Cause.CERTIFICATE_EXPIRED,
        "certificate-expired",
        "The certificate of {host} has expired ({until}).",
        "Have it renewed by whoever runs {host}; if it is new, check this machine's clock.",
    ),
    Rule(
        Cause.CERTIFICATE_NOT_YET_VALID,
        "certificate-not-yet-valid",
        "The certificate of {host} is not valid yet ({since}).",
        "Check the clock of this machine and of the server: it is probably slow.",
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        "certificate-untrusted",
        "The certificate of {host} comes from {issuer}, which this machine does not trust.",
        "Install that authority's certificate in the trust store of the server; a container "
        "has its own store.",
    ),
    Rule(
        Cause.CERTIFICATE_ENDS_SOON,
        "certificate-expires-soon",
        "The certificate of {host} is only valid until {until}.",
        "Have it renewed by whoever runs {host}.",
        warning=True,
    ),
    Rule(
        Cause.STARTTLS_MISSING,
        "starttls-missing",
        "{host} does not offer STARTTLS on port {port}, or somebody on the way removes the offer.",
        "Use SMTPS: the bare host name with starttls = false (port 465).",
    ),
    Rule(
        Cause.REPLY,
        "starttls-refused",
        "{host} refuses STARTTLS for the moment.",
        "Test again in a few minutes, or use SMTPS: starttls = false.",
        stages=(Stage.STARTTLS,),
        said=r"^4",
    ),
    Rule(
        Cause.REPLY,
        "starttls-refused",
        "{host} refuses STARTTLS, although it offers it.",
        "Use SMTPS: the bare host name with starttls = false (port 465).",
        stages=(Stage.STARTTLS,),
    ),
    Rule(
        Cause.INJECTED,
        "protocol-error",
        "Something sent unencrypted data behind the reply to STARTTLS: a faulty mail server, or "
        "somebody on the way.",
        "Use SMTPS: the bare host name with starttls = false (port 465).",
    ),
    # --- Greeting and introduction
    Rule(
        Cause.MALFORMED,
        "not-a-mail-server",
        "What answers on port {port} of {host} is not a mail server.",
        "Correct the host or the port in the endpoint.",
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.CLOSED,
        "greeting-refused",
        "{host} hangs up on this machine without a word.",
        "Check the port; if it is right, ask whoever runs {host} whether this machine's address "
        "is blocked.",
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        "{host} does not want to talk to this machine for the moment.",
        "Wait half an hour without testing, then test again.",
        stages=(Stage.GREETING, Stage.EHLO),
        said=r"^421|\b4\.7\.0\b|\b4\.3\.2\b|too many|rate limit",
    ),
    Rule(
        Cause.REPLY,
        "greeting-refused",
        "{host} turns this machine away: its address is probably on a block list.",
        "Look your address up at the list that the reply names, or use another relay.",
        stages=(Stage.GREETING,),
        said=r"^554|\b5\.7\.1\b|block|blacklist|spamhaus",
    ),
    Rule(
        Cause.REPLY,
        "greeting-refused",
        "{host} turns this machine away.",
        "Read the reply; ask whoever runs {host}.",
        stages=(Stage.GREETING,),
    ),
    Rule(
        Cause.REPLY,
        "ehlo-refused",
        "{host} refuses the name that this machine introduces itself with.",
        "Give the machine a full host name; for a container set hostname: in the compose file.",
        stages=(Stage.EHLO,),
        said=r"^50[14]|^55|helo|hostname|host name",
    ),
    Rule(
        Cause.REPLY,
        "ehlo-refused",
        "{host} does not accept EHLO, which the server needs.",
        "Use another relay: this one is too old.",
        stages=(Stage.EHLO,),
    ),
    # --- Login
    Rule(
        Cause.NO_AUTH,
        "no-auth-offered",
        "{host} offers no login on an unencrypted connection.",
        "Append ?tls=required to the endpoint, or use the bare host name.",
        when=offers_starttls,
    ),
    Rule(
        Cause.NO_AUTH,
        "no-auth-offered",
        "{host} offers no login on port {port}, but a secret is set.",
        "Remove the secret if this is a relay without login; else correct the endpoint.",
    ),
    Rule(
        Cause.NO_MECHANISM,
        "no-usable-mechanism",
        "{host} only accepts logins by {text}; the server cannot do OAuth.",
        "Look for app passwords at your mail provider, or put a relay in between.",
        when=only_oauth,
    ),
    Rule(
        Cause.NO_MECHANISM,
        "no-usable-mechanism",
        "{host} only offers logins by {text}; the server knows PLAIN and LOGIN.",
        "Have PLAIN allowed on {host}, or put a relay in between.",
    ),
    Rule(
        Cause.CLEAR_TEXT_LOGIN,
        "clear-text-login",
        "The login was accepted, but everybody between here and {host} can read the password.",
        "Use the bare host name, or append ?tls=required to the endpoint.",
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        "encryption-required",
        "{host} demands an encrypted connection.",
        "Use the bare host name as the endpoint (SMTPS), or append ?tls=required to it.",
        stages=(Stage.AUTH, *_MAIL),
        said=r"^538|\b5\.7\.11\b|starttls|encryption (is )?(required|needed)|must use (tls|ssl)",
    ),
    Rule(
        Cause.REPLY,
        "app-password-needed",
        "{host} does not accept the password of the account, only one made for this program.",
        "Create an app password at your mail provider and enter it without blanks.",
        stages=(Stage.AUTH,),
        said=r"^534|\b5\.7\.9\b|app(lication)?[- ]?(specific )?password",
    ),
    Rule(
        Cause.REPLY,
        "auth-disabled",
        "Login by SMTP is switched off for this mailbox or its whole organisation.",
        "Have SMTP AUTH enabled for {user}; Microsoft is retiring it, so plan a relay.",
        stages=(Stage.AUTH,),
        said=r"\b5\.7\.139\b|smtpclientauthentication|basic authentication"
        r"|authentication (is )?(disabled|not enabled)",
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        "{host} has had too many attempts and refuses more for the moment.",
        "Wait half an hour without testing, then test again.",
        stages=(Stage.AUTH,),
        said=r"^421|too many|rate limit|try again later",
    ),
    Rule(
        Cause.REPLY,
        "auth-temporary",
        "{host} cannot check logins for the moment.",
        "Test again in a few minutes.",
        stages=(Stage.AUTH,),
        said=r"^4",
    ),
    Rule(
        Cause.REPLY,
        "no-usable-mechanism",
        "{host} refuses the way of logging in that it offers itself.",
        "Ask whoever runs {host}, or put a relay in between.",
        stages=(Stage.AUTH,),
        said=r"^504",
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        "{host} rejects the login of {user}: the secret contains ${{…}}, a variable that nobody "
        "has filled in.",
        "Set that variable, or enter the secret itself.",
        stages=(Stage.AUTH,),
        when=unexpanded,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        "{host} rejects the login of {user}: the secret has blanks around it.",
        "Enter the secret again, without blanks.",
        stages=(Stage.AUTH,),
        when=blanks,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        "{host} rejects the login of {user}.",
        "Try the full mail address as the user, unless your provider gives a fixed name; then "
        "enter the secret again.",
        stages=(Stage.AUTH,),
        when=local_part,
    ),
    Rule(
        Cause.REPLY,
        "auth-rejected",
        "{host} rejects the login of {user}.",
        "Enter the secret again: the one for SMTP, which may differ from the account's password "
        "or API key.",
        stages=(Stage.AUTH,),
    ),
    # --- Sender and recipient
    Rule(
        Cause.SMTPUTF8_MISSING,
        "smtputf8-missing",
        "{host} only takes addresses in plain ASCII, and one of those here is not.",
        "Use an address without special characters.",
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        "sender-refused",
        "{user} cannot be the sender of a mail.",
        "Set user to a mail address.",
        stages=(Stage.MAIL,),
    ),
    Rule(
        Cause.NOT_AN_ADDRESS,
        "recipient-refused",
        "The recipient is not a mail address.",
        "Enter the address alone, for example you@example.org.",
    ),
    Rule(
        Cause.REPLY,
        "secret-missing",
        "{host} demands a login, and no secret is set.",
        "Set the secret: the password or API key for SMTP.",
        stages=_MAIL,
        said=r"^530|\b5\.7\.57\b|authentication (is )?required|not authenticated|log ?in first"
        r"|authenticate",
        when=no_login,
    ),
    Rule(
        Cause.REPLY,
        "greylisted",
        "{host} accepts mails from strangers only at the second attempt (greylisting).",
        "Nothing has to be changed; the first mail may arrive late.",
        stages=_MAIL,
        said=r"^45[01] 4\.7\.1\b|gr[ea]y-?list",
        warning=True,
    ),
    Rule(
        Cause.REPLY,
        "rate-limited",
        "{host} takes no more mails from this account or machine for the moment.",
        "Wait an hour without testing, then test again.",
        stages=_MAIL,
        said=r"^421|\b4\.7\.0\b|\b4\.3\.2\b|\b4\.5\.3\b|too many|rate limit|limit exceeded",
    ),
    Rule(
        Cause.REPLY,
        "quota",
        "{host} takes no mail because a mailbox or a disk is full.",
        "Make room in the mailbox, or raise its quota.",
        stages=_MAIL,
        said=r"^452|^552|\b[45]\.2\.2\b|\b[45]\.3\.1\b|quota",
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        "{host} accepts the login, but not {user} as the sender.",
        "Set user to an address of this account, or put a relay in between that sets the sender.",
        stages=(Stage.MAIL,),
        when=logs_in,
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        "{host} does not take mails from {user}.",
        "Set user to an address that the relay accepts, or allow this one on the relay.",
        stages=(Stage.MAIL,),
    ),
    Rule(
        Cause.REPLY,
        "sender-refused",
        "{host} accepts the login, but {user} may not send.",
        "Set user to an address of this account, or put a relay in between that sets the sender.",
        stages=(Stage.RCPT,),
        said=r"\b5\.7\.60\b|\b5\.2\.252\b|send ?as|not owned|sender",
    ),
    Rule(
        Cause.REPLY,
        "recipient-refused",
        "{host} does not pass on mails of this machine to others.",
        "Set a secret so that the server logs in, or allow this machine on the relay.",
        stages=(Stage.RCPT,),
        said=r"\b5\.7\.1\b|relay",
        when=no_login,
    ),
    Rule(
        Cause.REPLY,
        "recipient-refused",
        "{host} does not take mails to this recipient.",
        "Check the address, or test with another one.",
        stages=(Stage.RCPT,),
    ),
    # --- Whatever else happens
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

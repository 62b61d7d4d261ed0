"""The table of diagnoses, first half, up to EHLO; and its end, for whatever else happens.

What is about containers comes before the rest.
"""

from __future__ import annotations

from wizard.config.endpoint import Security
from wizard.live_test.diagnosis_rule import (
    Rule,
    at,
    container_name,
    has_better_name,
    inside,
    known_host,
    loopback,
    nearby,
    no_alternative,
    only_starttls,
    port,
    said,
    security,
    self_signed,
)
from wizard.live_test.failure import Cause, Stage, Verdict
from wizard.text.language import N_

_NO_DNS = (
    "dns-unavailable",
    N_("The DNS inside the container gives no answer about {host}."),
    N_(
        "Check this machine's DNS, which Docker asks, and dns: in the compose file; then test "
        "again."
    ),
)

CONTAINER: tuple[Rule, ...] = (
    Rule(
        Cause.CONTAINER_INTERNAL,
        (),
        "container-internal",
        N_("Inside the server's container {host} means something else than on this machine."),
        N_(
            "Test from inside the container, or have the server send a mail: bomnipotent_client "
            "test-email ADDRESS."
        ),
        verdict=Verdict.UNTESTABLE,
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        (inside, container_name),
        "name-not-found",
        N_("The server's container knows no container and no host named {host}."),
        N_(
            "Check that the service {host} is running and shares a network with the server's; "
            "else correct the name."
        ),
    ),
    Rule(Cause.RESOLVER_DOWN, (inside,), *_NO_DNS),
    Rule(Cause.TIMEOUT, (inside, at(Stage.DNS)), *_NO_DNS),
    Rule(
        Cause.CONNECTION_REFUSED,
        (inside, loopback),
        "refused",
        N_(
            "Inside the container {host} is the container itself, and nothing listens there on "
            "port {port}."
        ),
        N_(
            "For a relay in a container of its own, enter the name of its service. For one on "
            "this machine, enter host.docker.internal and give the server's service extra_hosts: "
            '["host.docker.internal:host-gateway"].'
        ),
    ),
    Rule(
        Cause.UNREACHABLE,
        (inside,),
        "unreachable",
        N_("There is no route from the container to {host} ({text})."),
        N_(
            "Check the service's networks in the compose file (an internal one leads nowhere "
            "else), then routing and firewall of this machine."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_LOCAL_TRUST,
        (),
        "certificate-local-trust",
        N_(
            "The certificate of {host} is from {issuer}, which only this machine trusts; the "
            "server in its container probably does not."
        ),
        N_(
            "Give {host} a certificate of a public authority, or use a relay in a container "
            "beside the server."
        ),
        verdict=Verdict.WARN,
    ),
)

CONNECTING: tuple[Rule, ...] = (
    Rule(
        Cause.NAME_UNKNOWN,
        (container_name,),
        "name-not-found",
        N_("There is no host named {host}; it looks like the name of a container."),
        N_(
            "If it is one, only the server's containers know it: have the server send a mail "
            "(bomnipotent_client test-email ADDRESS). Else enter the full name."
        ),
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        (known_host,),
        "dns-unavailable",
        N_("This machine finds no address for {host}, which has one."),
        N_("Check whether this machine is online, and its DNS (/etc/resolv.conf)."),
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        (),
        "name-not-found",
        N_("There is no host named {host}."),
        N_(
            "Correct the name: your mail provider's help gives it under SMTP or outgoing mail "
            "server."
        ),
    ),
    Rule(
        Cause.RESOLVER_DOWN,
        (),
        "dns-unavailable",
        N_("This machine's DNS gives no answer about {host}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (at(Stage.TCP), port(465), only_starttls),
        "refused",
        N_(
            "Nothing listens on port 465 of {host}: this provider only offers STARTTLS, on port "
            "587."
        ),
        N_("Use STARTTLS, port 587 (starttls = true)."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (nearby, no_alternative),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Start the relay, or correct the port: 465, 587 and 25 do not work either."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (no_alternative,),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Correct the name, or wait: ports 465, 587 and 25 of {host} do not work either."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (security(Security.TLS),),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name. If it is right, use STARTTLS, port 587 (starttls = true)."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (port(587),),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name. If it is right, use SMTPS, port 465 (starttls = false)."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the port, and that the relay is running."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(465), only_starttls),
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: this provider only offers STARTTLS, "
            "on port 587."
        ),
        N_("Use STARTTLS, port 587 (starttls = true)."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), no_alternative),
        "timeout",
        N_("{host} did not answer on port {port} within {text}."),
        N_(
            "Check the name, then routing and firewalls, also those of your hosting provider: "
            "port 465, 587 and 25 all fail."
        ),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(25)),
        "timeout",
        N_("{host} did not answer on port 25 within {text}: many hosting providers block it."),
        N_("Enter {host} without smtp://: that is port 465, or 587 with STARTTLS."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(465)),
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: the name is wrong, or the port is "
            "blocked."
        ),
        N_(
            "Check the name, then use STARTTLS, port 587 (starttls = true): hosting providers "
            "such as Hetzner Cloud block 465."
        ),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(587)),
        "timeout",
        N_(
            "{host} did not answer on port 587 within {text}: the name is wrong, or the port is "
            "blocked."
        ),
        N_("Check the name, then use SMTPS, port 465 (starttls = false), or open the firewall."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP),),
        "timeout",
        N_("{host} did not answer on port {port} within {text}."),
        N_("Check name and port, then the firewalls between this machine and {host}."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.DNS),),
        "timeout",
        N_("This machine's DNS did not answer about {host} within {text}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
        field=None,
        reason=N_("DNS does not answer"),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.DATA),),
        "slow",
        N_("{host} did not say within {text} whether it takes the mail."),
        N_("Check whether the mail has arrived before you send another one."),
        verdict=Verdict.UNTESTABLE,
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TLS),),
        "timeout",
        N_("{host} answered on port {port}, but fell silent at {step}."),
        N_("Check that {port} is the port of a mail server, or test again later."),
    ),
    Rule(
        Cause.TIMEOUT,
        (),
        "slow",
        N_("{host} is too slow for this test: no answer within {text} at {step}."),
        N_(
            "Give the test more time (smtp-wizard test --timeout 90): the server itself waits up "
            "to a minute."
        ),
        verdict=Verdict.UNTESTABLE,
    ),
    Rule(
        Cause.UNREACHABLE,
        (),
        "unreachable",
        N_("There is no route from this machine to {host} ({text})."),
        N_("Check routing and firewall of this machine."),
    ),
    Rule(
        Cause.ADDRESS_SILENT,
        (),
        "address-silent",
        N_(
            "{host} also has the address {text}, which does not answer: every mail may wait a "
            "minute for it."
        ),
        N_("Repair the route to this address (often IPv6), or switch IPv6 off on the server."),
        verdict=Verdict.WARN,
    ),
)

ENCRYPTION: tuple[Rule, ...] = (
    Rule(
        Cause.NOT_TLS,
        (security(Security.TLS),),
        "plain-on-tls-port",
        N_("{host} does not encrypt from the first byte on port {port}."),
        N_("Use STARTTLS, port 587 (starttls = true)."),
    ),
    Rule(
        Cause.NOT_TLS,
        (),
        "plain-on-tls-port",
        N_("{host} agreed to STARTTLS on port {port}, but did not encrypt."),
        N_("Use SMTPS, port 465: {host} alone, with starttls = false."),
    ),
    Rule(
        Cause.IS_TLS,
        (security(Security.NONE),),
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Enter {host} alone, without smtp://: that is SMTPS, port 465."),
    ),
    Rule(
        Cause.IS_TLS,
        (),
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Use SMTPS, port 465: {host} alone, with starttls = false."),
    ),
    Rule(
        Cause.TLS_TOO_OLD,
        (),
        "tls-too-old",
        N_("{host} only offers TLS older than 1.2, which the server refuses."),
        N_("Have the mail server updated, or use another one."),
    ),
    Rule(
        Cause.TLS_FAILED,
        (),
        "tls-failed",
        N_("{host} and this machine find no common encryption ({text})."),
        N_(
            "Check that port {port} is the right one; else show this to the administrator of "
            "{host}."
        ),
    ),
    Rule(
        Cause.CLIENT_CERTIFICATE,
        (),
        "tls-failed",
        N_("{host} demands a certificate from every client; the server has none."),
        N_("Have {host} accept clients without one, or use another mail server."),
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        (has_better_name,),
        "certificate-name",
        N_("The certificate is not for {host}, but for {names}."),
        N_("Enter {better} instead, if that is your mail server."),
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        (),
        "certificate-name",
        N_("The certificate is not for {host}; the names in it: {names}."),
        N_("Enter the name that your mail provider gives for SMTP."),
    ),
    Rule(
        Cause.CERTIFICATE_EXPIRED,
        (),
        "certificate-expired",
        N_("The certificate of {host} expired on {until}."),
        N_("Have the administrator of {host} renew it; if it is new, check this machine's clock."),
    ),
    Rule(
        Cause.CERTIFICATE_NOT_YET_VALID,
        (),
        "certificate-not-yet-valid",
        N_("The certificate of {host} is only valid from {since}."),
        N_("Check this machine's clock and the server's: one is probably slow."),
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        (self_signed,),
        "certificate-untrusted",
        N_("The certificate of {host} is self-signed ({issuer}): nobody vouches for it."),
        N_(
            "Have it replaced by one of a public authority, or add it to the server's trust store "
            "(a container has its own)."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        (),
        "certificate-untrusted",
        N_("The certificate of {host} is from {issuer}, which this machine does not trust."),
        N_(
            "If it is your own authority, add it to the server's trust store (a container has its "
            "own). If it is a public one, have {host} send the complete chain."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_ENDS_SOON,
        (),
        "certificate-expires-soon",
        N_("The certificate of {host} is only valid until {until}."),
        N_("Have the administrator of {host} renew it."),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.CERTIFICATE_UNCOMMON,
        (),
        "tls-uncommon",
        N_(
            "The certificate of {host} has {text}, which not every TLS library accepts; the "
            "server's is not documented."
        ),
        N_(
            "Have a common one made (for {host} alone, RSA or P-256, SHA-256), or see whether the "
            "server can send a mail: bomnipotent_client test-email ADDRESS."
        ),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.CIPHER_UNCOMMON,
        (),
        "tls-uncommon",
        N_(
            "{host} encrypts with {text}, which not every TLS library can; the server's is not "
            "documented."
        ),
        N_(
            "Have {host} offer TLS 1.3, or AES-GCM with ECDHE, or see whether the server can send "
            "a mail: bomnipotent_client test-email ADDRESS."
        ),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.STARTTLS_MISSING,
        (),
        "starttls-missing",
        N_("{host} offers no STARTTLS on port {port}, or somebody on the way removes it."),
        N_("Use SMTPS, port 465: {host} alone, with starttls = false."),
    ),
    Rule(
        Cause.INJECTED,
        (),
        "protocol-error",
        N_("Unencrypted data followed STARTTLS: a faulty mail server, or somebody on the way."),
        N_("Use SMTPS, port 465: {host} alone, with starttls = false."),
    ),
)

INTRODUCTION: tuple[Rule, ...] = (
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^HTTP/|<html")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is a web server."),
        N_("Correct the mail server's name or port."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^SSH-")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is an SSH server."),
        N_("Correct the mail server's name or port."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^\+OK|^\* (OK|PREAUTH|BYE)")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is for reading mails (POP3 or IMAP)."),
        N_("Enter your mail provider's server for outgoing mails (SMTP)."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING),),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is not a mail server."),
        N_("Correct the mail server's name or port."),
    ),
    Rule(
        Cause.CLOSED,
        (at(Stage.GREETING),),
        "greeting-refused",
        N_("{host} hangs up on this machine without a word."),
        N_(
            "Check the port. If it is right, ask the administrator of {host} whether this "
            "machine's address is blocked."
        ),
    ),
)

UNFORESEEN: tuple[Rule, ...] = (
    Rule(
        Cause.CLOSED,
        (),
        "protocol-error",
        N_("{host} hung up at {step}, where an answer was due."),
        N_("Test again in a few minutes; if this persists, ask the administrator of {host}."),
    ),
    Rule(
        Cause.MALFORMED,
        (),
        "protocol-error",
        N_("{host} sent {text} at {step}."),
        N_("Use another mail server, or show this to the administrator of {host}."),
    ),
    Rule(
        Cause.REPLY,
        (),
        "protocol-error",
        N_("{host} refused a command that every mail server accepts."),
        N_("Ask the administrator of {host} about the reply."),
    ),
    Rule(
        Cause.UNEXPECTED,
        (),
        "unexpected",
        N_("The test broke off unexpectedly ({text})."),
        N_("Test again; if this persists, please report it as a defect of smtp-wizard."),
    ),
)

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
        "Check the DNS of this machine, which Docker asks for its containers, and dns: in the "
        "compose file; then test again."
    ),
)

CONTAINER: tuple[Rule, ...] = (
    Rule(
        Cause.CONTAINER_INTERNAL,
        (),
        "container-internal",
        N_("{host} means something else inside the server's container than on this machine."),
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
        N_("The server's container finds no container and no host with the name {host}."),
        N_(
            "Check that the service {host} is running, and that both services have a network in "
            "common; else correct the endpoint."
        ),
    ),
    Rule(Cause.RESOLVER_DOWN, (inside,), *_NO_DNS),
    Rule(Cause.TIMEOUT, (inside, at(Stage.DNS)), *_NO_DNS),
    Rule(
        Cause.CONNECTION_REFUSED,
        (inside, loopback),
        "refused",
        N_(
            "Inside the container {host} is the container itself, where nothing listens on port "
            "{port}."
        ),
        N_(
            "For a relay in a container of its own, set the endpoint to the name of its service. "
            "For one on this machine, set it to host.docker.internal, and give the service "
            'extra_hosts: ["host.docker.internal:host-gateway"].'
        ),
    ),
    Rule(
        Cause.UNREACHABLE,
        (inside,),
        "unreachable",
        N_("There is no way from inside the container to {host} ({text})."),
        N_(
            "Check the networks of the service in the compose file (one that is internal leads "
            "nowhere else), then the routing and the firewall of this machine."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_LOCAL_TRUST,
        (),
        "certificate-local-trust",
        N_(
            "The certificate of {host} comes from {issuer}, which only this machine trusts; the "
            "server in its container probably does not."
        ),
        N_(
            "Give {host} a certificate of a public authority, or send through a relay of your own "
            "that is in a container beside the server."
        ),
        verdict=Verdict.WARN,
    ),
)

CONNECTING: tuple[Rule, ...] = (
    Rule(
        Cause.NAME_UNKNOWN,
        (container_name,),
        "name-not-found",
        N_("There is no host with the name {host}; it looks like the name of a container."),
        N_(
            "If it is one, only the server's containers know it: have the server send a mail "
            "(bomnipotent_client test-email ADDRESS). Else enter the full name."
        ),
    ),
    Rule(
        Cause.NAME_UNKNOWN,
        (),
        "name-not-found",
        N_("There is no host with the name {host}."),
        N_(
            "Correct the endpoint: your mail provider's help names the host under SMTP or "
            "outgoing server."
        ),
    ),
    Rule(
        Cause.RESOLVER_DOWN,
        (),
        "dns-unavailable",
        N_("The DNS of this machine gives no answer about {host}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (at(Stage.TCP), port(465), only_starttls),
        "refused",
        N_(
            "{host} is there, but nothing listens on port 465: this provider only offers "
            "STARTTLS, on port 587."
        ),
        N_("Set starttls = true."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (nearby, no_alternative),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Start the relay, or correct the port: none of the usual ones answers."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (no_alternative,),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_(
            "Correct the name: {host} is not a mail server, or all of it is down. Neither 465, "
            "nor 587, nor 25 works either."
        ),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (security(Security.TLS),),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name; if it is right, try starttls = true, which means port 587."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (port(587),),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the name; if it is right, try starttls = false, which means port 465."),
    ),
    Rule(
        Cause.CONNECTION_REFUSED,
        (),
        "refused",
        N_("{host} is there, but nothing listens on port {port}."),
        N_("Check the port in the endpoint, and that the relay is running."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(465), only_starttls),
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: this provider only offers STARTTLS, "
            "on port 587."
        ),
        N_("Set starttls = true."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), no_alternative),
        "timeout",
        N_("{host} did not answer on port {port} within {text}."),
        N_(
            "Correct the name, or look at routing and firewalls (this machine's and the hosting "
            "provider's): none of the ports 465, 587 and 25 works."
        ),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(25)),
        "timeout",
        N_(
            "{host} did not answer on port 25 within {text}: many hosting providers block this "
            "port."
        ),
        N_("Use port 465 (the bare host name) or 587 (starttls = true) instead."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(465)),
        "timeout",
        N_(
            "{host} did not answer on port 465 within {text}: the name is wrong, or a firewall or "
            "your hosting provider (Hetzner Cloud, for one) blocks the port."
        ),
        N_("Try starttls = true, which means port 587 and is blocked less often."),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TCP), port(587)),
        "timeout",
        N_(
            "{host} did not answer on port 587 within {text}: the name is wrong, or a firewall "
            "blocks the port."
        ),
        N_("Try starttls = false, which means port 465; then look at the firewall."),
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
        N_("The DNS of this machine did not answer about {host} within {text}."),
        N_("Check the DNS of this machine (/etc/resolv.conf), then test again."),
        field=None,
        reason=N_("DNS does not answer"),
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.DATA),),
        "timeout",
        N_("{host} did not say within {text} whether it takes the mail."),
        N_("Look whether the mail has arrived before you send another one."),
        field=None,
    ),
    Rule(
        Cause.TIMEOUT,
        (at(Stage.TLS),),
        "timeout",
        N_("{host} accepted the connection on port {port}, but fell silent when {step}."),
        N_("Check that {port} is the port of a mail server; else test again later."),
    ),
    Rule(
        Cause.TIMEOUT,
        (),
        "slow",
        N_("{host} is there, but too slow for this test: no answer within {text} when {step}."),
        N_("Test again with --timeout 90: the server itself waits up to a minute for each answer."),
        verdict=Verdict.UNTESTABLE,
    ),
    Rule(
        Cause.UNREACHABLE,
        (),
        "unreachable",
        N_("There is no way from this machine to {host} ({text})."),
        N_("Check the routing and the firewall of this machine."),
    ),
    Rule(
        Cause.ADDRESS_SILENT,
        (),
        "address-silent",
        N_(
            "{host} also has the address {text}, which does not answer: the server tries it first "
            "and may wait up to a minute for every mail."
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
        N_("{host} does not speak TLS on port {port} from the first byte."),
        N_("Set starttls = true, which means port 587."),
    ),
    Rule(
        Cause.NOT_TLS,
        (),
        "plain-on-tls-port",
        N_("{host} agreed to STARTTLS on port {port}, but did not begin to encrypt."),
        N_("Use SMTPS: the bare host name with starttls = false."),
    ),
    Rule(
        Cause.IS_TLS,
        (security(Security.NONE),),
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Set the endpoint to {host} alone, without smtp:// (port 465)."),
    ),
    Rule(
        Cause.IS_TLS,
        (),
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Set starttls = false, and the bare host name {host} as the endpoint (port 465)."),
    ),
    Rule(
        Cause.TLS_TOO_OLD,
        (),
        "tls-too-old",
        N_("{host} only speaks a version of TLS that is older than 1.2."),
        N_("Have the mail server updated, or use another one: the server refuses old versions."),
    ),
    Rule(
        Cause.TLS_FAILED,
        (),
        "tls-failed",
        N_("{host} and this machine could not agree on an encryption ({text})."),
        N_("Check that port {port} is the right one; else show this to whoever runs {host}."),
    ),
    Rule(
        Cause.CLIENT_CERTIFICATE,
        (),
        "tls-failed",
        N_("{host} demands a certificate from every client, and the server has none."),
        N_("Have {host} accept clients without a certificate, or use another mail server."),
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        (has_better_name,),
        "certificate-name",
        N_("The certificate is not for {host}, but for {names}."),
        N_("Set the endpoint to {better}, if that is your mail server."),
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        (),
        "certificate-name",
        N_("The certificate is not for {host}; the names in it: {names}."),
        N_("Set the endpoint to the name that your mail provider gives for SMTP."),
    ),
    Rule(
        Cause.CERTIFICATE_EXPIRED,
        (),
        "certificate-expired",
        N_("The certificate of {host} has expired ({until})."),
        N_("Have it renewed by whoever runs {host}; if it is new, check this machine's clock."),
    ),
    Rule(
        Cause.CERTIFICATE_NOT_YET_VALID,
        (),
        "certificate-not-yet-valid",
        N_("The certificate of {host} is not valid yet ({since})."),
        N_("Check the clock of this machine and of the server: it is probably slow."),
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        (self_signed,),
        "certificate-untrusted",
        N_("The certificate of {host} is self-signed ({issuer}): nobody vouches for it."),
        N_(
            "Have it replaced by one of a public authority, or install it in the trust store of "
            "the server; a container has its own store."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        (),
        "certificate-untrusted",
        N_("The certificate of {host} comes from {issuer}, which this machine does not trust."),
        N_(
            "If it is your own authority, install its certificate in the trust store of the "
            "server (a container has its own store); if it is a public one, have {host} send the "
            "complete chain."
        ),
    ),
    Rule(
        Cause.CERTIFICATE_ENDS_SOON,
        (),
        "certificate-expires-soon",
        N_("The certificate of {host} is only valid until {until}."),
        N_("Have it renewed by whoever runs {host}."),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.CERTIFICATE_UNCOMMON,
        (),
        "tls-uncommon",
        N_(
            "The certificate of {host} has {text}: whether the server accepts that depends on its "
            "TLS library, and which one it has is not documented."
        ),
        N_(
            "Have it replaced by a common one (for {host} alone, with an RSA or P-256 key, signed "
            "with SHA-256), or see whether the server can send a mail: bomnipotent_client "
            "test-email ADDRESS."
        ),
        verdict=Verdict.WARN,
    ),
    Rule(
        Cause.CIPHER_UNCOMMON,
        (),
        "tls-uncommon",
        N_(
            "{host} encrypts with {text}: whether the server can do that depends on its TLS "
            "library, and which one it has is not documented."
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
        N_(
            "{host} does not offer STARTTLS on port {port}, or somebody on the way removes the "
            "offer."
        ),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
    ),
    Rule(
        Cause.INJECTED,
        (),
        "protocol-error",
        N_(
            "Something sent unencrypted data behind the reply to STARTTLS: a faulty mail server, "
            "or somebody on the way."
        ),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
    ),
)

INTRODUCTION: tuple[Rule, ...] = (
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^HTTP/|<html")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is a web server."),
        N_("Correct the host or the port in the endpoint."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^SSH-")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is an SSH server."),
        N_("Correct the host or the port in the endpoint."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING), said(r"^\+OK|^\* (OK|PREAUTH|BYE)")),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is for reading mails (POP3 or IMAP)."),
        N_("Enter your mail provider's host for outgoing mails (SMTP)."),
    ),
    Rule(
        Cause.MALFORMED,
        (at(Stage.GREETING),),
        "not-a-mail-server",
        N_("What answers on port {port} of {host} is not a mail server."),
        N_("Correct the host or the port in the endpoint."),
    ),
    Rule(
        Cause.CLOSED,
        (at(Stage.GREETING),),
        "greeting-refused",
        N_("{host} hangs up on this machine without a word."),
        N_(
            "Check the port; if it is right, ask whoever runs {host} whether this machine's "
            "address is blocked."
        ),
    ),
)

UNFORESEEN: tuple[Rule, ...] = (
    Rule(
        Cause.CLOSED,
        (),
        "protocol-error",
        N_("{host} ended the connection where an answer was due ({step})."),
        N_("Test again in a few minutes; if it stays, ask whoever runs {host}."),
    ),
    Rule(
        Cause.MALFORMED,
        (),
        "protocol-error",
        N_("{host} sent {text} ({step})."),
        N_("Use another mail server, or show this to whoever runs {host}."),
    ),
    Rule(
        Cause.REPLY,
        (),
        "protocol-error",
        N_("{host} refused a command that every mail server accepts."),
        N_("Read the reply; ask whoever runs {host}."),
    ),
    Rule(
        Cause.UNEXPECTED,
        (),
        "unexpected",
        N_("The test came to an unexpected end ({text})."),
        N_("Test again; if it stays, please report it as a defect of this program."),
    ),
)

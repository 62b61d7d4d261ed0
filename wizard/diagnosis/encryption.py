"""Encryption that fails, is missing, or comes where it is not expected."""

from __future__ import annotations

from wizard.config.settings import Security
from wizard.live_test.diagnosis_rule import Rule, named_better, security, self_signed
from wizard.live_test.failure import Cause, Stage
from wizard.text.language import N_

ENCRYPTION: tuple[Rule, ...] = (
    Rule(
        Cause.NOT_TLS,
        "plain-on-tls-port",
        N_("{host} does not speak TLS on port {port} from the first byte."),
        N_("Set starttls = true, which means port 587."),
        when=security(Security.TLS),
    ),
    Rule(
        Cause.NOT_TLS,
        "plain-on-tls-port",
        N_("{host} agreed to STARTTLS on port {port}, but did not begin to encrypt."),
        N_("Use SMTPS: the bare host name with starttls = false."),
    ),
    Rule(
        Cause.IS_TLS,
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Set the endpoint to {host} alone, without smtp:// (port 465)."),
        when=security(Security.NONE),
    ),
    Rule(
        Cause.IS_TLS,
        "tls-on-plain-port",
        N_("{host} expects TLS from the first byte on port {port}."),
        N_("Set starttls = false, and the bare host name {host} as the endpoint (port 465)."),
    ),
    Rule(
        Cause.TLS_TOO_OLD,
        "tls-too-old",
        N_("{host} only speaks a version of TLS that is older than 1.2."),
        N_("Have the mail server updated, or use another one: the server refuses old versions."),
    ),
    Rule(
        Cause.TLS_FAILED,
        "tls-failed",
        N_("{host} and this machine could not agree on an encryption ({text})."),
        N_("Check that port {port} is the right one; else show this to whoever runs {host}."),
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        "certificate-name",
        N_("The certificate is not for {host}, but for {names}."),
        N_("Set the endpoint to {better}, if that is your mail server."),
        when=named_better,
    ),
    Rule(
        Cause.CERTIFICATE_NAME,
        "certificate-name",
        N_("The certificate is not for {host}; the names in it: {names}."),
        N_("Set the endpoint to the name that your mail provider gives for SMTP."),
    ),
    Rule(
        Cause.CERTIFICATE_EXPIRED,
        "certificate-expired",
        N_("The certificate of {host} has expired ({until})."),
        N_("Have it renewed by whoever runs {host}; if it is new, check this machine's clock."),
    ),
    Rule(
        Cause.CERTIFICATE_NOT_YET_VALID,
        "certificate-not-yet-valid",
        N_("The certificate of {host} is not valid yet ({since})."),
        N_("Check the clock of this machine and of the server: it is probably slow."),
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
        "certificate-untrusted",
        N_("The certificate of {host} is self-signed ({issuer}): nobody vouches for it."),
        N_(
            "Have it replaced by one of a public authority, or install it in the trust store of "
            "the server; a container has its own store."
        ),
        when=self_signed,
    ),
    Rule(
        Cause.CERTIFICATE_UNTRUSTED,
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
        "certificate-expires-soon",
        N_("The certificate of {host} is only valid until {until}."),
        N_("Have it renewed by whoever runs {host}."),
        warning=True,
    ),
    Rule(
        Cause.STARTTLS_MISSING,
        "starttls-missing",
        N_(
            "{host} does not offer STARTTLS on port {port}, or somebody on the way removes the "
            "offer."
        ),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
    ),
    Rule(
        Cause.REPLY,
        "starttls-refused",
        N_("{host} refuses STARTTLS for the moment."),
        N_("Test again in a few minutes, or use SMTPS: starttls = false."),
        stages=(Stage.STARTTLS,),
        said=r"^4",
    ),
    Rule(
        Cause.REPLY,
        "starttls-refused",
        N_("{host} refuses STARTTLS, although it offers it."),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
        stages=(Stage.STARTTLS,),
    ),
    Rule(
        Cause.INJECTED,
        "protocol-error",
        N_(
            "Something sent unencrypted data behind the reply to STARTTLS: a faulty mail server, "
            "or somebody on the way."
        ),
        N_("Use SMTPS: the bare host name with starttls = false (port 465)."),
    ),
)

"""What a failed live test means to an operator: the cause, then one concrete next step.

``TABLE`` is read from the top: the first rule that matches a failure explains it. What a refusing
reply is about is decided in :mod:`wizard.live_test.refusals`. The codes of diagnoses are part of
the public interface.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.config.settings import SmtpSettings
from wizard.live_test.diagnosis_connection import (
    CONNECTING,
    CONTAINER,
    ENCRYPTION,
    INTRODUCTION,
    UNFORESEEN,
)
from wizard.live_test.diagnosis_mail import LOGIN, SENDING
from wizard.live_test.diagnosis_reply import REFUSED
from wizard.live_test.diagnosis_rule import Rule, rule_facts
from wizard.live_test.failure import Diagnosis, Failure
from wizard.text.language import N_, _

TABLE: tuple[Rule, ...] = (
    *CONTAINER,
    *CONNECTING,
    *ENCRYPTION,
    *INTRODUCTION,
    *LOGIN,
    *SENDING,
    *REFUSED,
    *UNFORESEEN,
)

CORRECTIONS: Mapping[str, tuple[str | None, str]] = {
    "compose-not-judged": (None, N_("container not judged")),
    "container-internal": (None, N_("only in the container")),
    "name-not-found": ("endpoint", N_("no such host")),
    "dns-unavailable": (None, N_("DNS does not answer")),
    "refused": ("endpoint", N_("port {port} is closed")),
    "timeout": ("endpoint", N_("no answer")),
    "slow": (None, N_("too slow to tell")),
    "unreachable": ("endpoint", N_("no route")),
    "address-silent": (None, N_("an address is silent")),
    "plain-on-tls-port": ("starttls", N_("no TLS on port {port}")),
    "tls-on-plain-port": ("starttls", N_("port {port} expects TLS")),
    "tls-too-old": ("endpoint", N_("TLS is too old")),
    "tls-failed": ("endpoint", N_("encryption failed")),
    "tls-uncommon": (None, N_("uncommon encryption")),
    "certificate-name": ("endpoint", N_("wrong certificate")),
    "certificate-untrusted": ("endpoint", N_("untrusted certificate")),
    "certificate-expired": ("endpoint", N_("certificate expired")),
    "certificate-not-yet-valid": ("endpoint", N_("certificate too new")),
    "certificate-local-trust": (None, N_("trusted only here")),
    "certificate-expires-soon": (None, N_("certificate ends soon")),
    "starttls-missing": ("starttls", N_("no STARTTLS there")),
    "starttls-refused": ("starttls", N_("STARTTLS refused")),
    "protocol-error": ("endpoint", N_("not proper SMTP")),
    "not-a-mail-server": ("endpoint", N_("not a mail server")),
    "greeting-refused": ("endpoint", N_("this machine is refused")),
    "client-refused": (None, N_("this machine is refused")),
    "ehlo-refused": (None, N_("host name refused")),
    "rate-limited": (None, N_("sending limit reached")),
    "server-trouble": (None, N_("mail server has trouble")),
    "no-auth-offered": ("store", N_("no login offered")),
    "no-usable-mechanism": ("endpoint", N_("no usable login")),
    "secret-missing": ("secret", N_("password missing")),
    "encryption-required": ("starttls", N_("encryption needed")),
    "clear-text-login": ("endpoint", N_("password in clear text")),
    "auth-rejected": ("secret", N_("login refused")),
    "app-password-needed": ("secret", N_("app password needed")),
    "auth-disabled": ("secret", N_("SMTP login is off")),
    "auth-temporary": (None, N_("login not possible now")),
    "sender-refused": ("user", N_("sender refused")),
    "sender-unknown": ("user", N_("sender unknown")),
    "recipient-refused": (None, N_("recipient refused")),
    "smtputf8-missing": ("user", N_("only ASCII addresses")),
    "greylisted": (None, N_("first mail refused")),
    "mail-too-big": (None, N_("mail too big")),
    "quota": (None, N_("mailbox is full")),
    "mail-postponed": (None, N_("mail postponed")),
    "mail-refused": (None, N_("mail refused")),
    "unexpected": (None, N_("the test broke off")),
}
"""For each code where it is corrected (``Diagnosis.field``), and its ``reason``.

A reason has at most 24 characters in every language, so that it fits beside its field.
"""


def diagnose(failure: Failure, settings: SmtpSettings) -> Diagnosis:
    """Explain a failure of the test of ``settings``."""
    rule = next(rule for rule in TABLE if rule.matches(failure, settings))
    facts = rule_facts(failure, settings)
    field, reason = CORRECTIONS[rule.code]
    reason = rule.reason or reason
    return Diagnosis(
        rule.code,
        failure.stage,
        _(rule.summary, **facts),
        _(rule.remedy, **facts),
        failure.words_shown or None,
        rule.verdict,
        field if rule.field == "" else rule.field,
        _(reason, **facts),
    )

"""What a failed live test means to an operator: the cause, then one concrete next step.

``TABLE`` is in the order of the test, and is read from the top: the first rule that matches a
failure explains it. Rules on the words of a reply come before those on its code. The codes of
diagnoses are part of the public interface.
"""

from __future__ import annotations

from wizard.config.settings import SmtpSettings
from wizard.live_test.diagnosis_connection import CONNECTING, ENCRYPTION, INTRODUCTION, UNFORESEEN
from wizard.live_test.diagnosis_mail import LOGIN, OTHER_RECIPIENT, SENDING
from wizard.live_test.diagnosis_rule import Rule, rule_facts
from wizard.live_test.failure import Diagnosis, Failure
from wizard.text.language import _

TABLE: tuple[Rule, ...] = (
    *CONNECTING,
    *ENCRYPTION,
    *INTRODUCTION,
    *LOGIN,
    *SENDING,
    *UNFORESEEN,
)
_ONLY_THIS_MAILBOX = ("quota", "mail-too-big")


def diagnose(failure: Failure, settings: SmtpSettings) -> Diagnosis:
    """Explain a failure of the test of ``settings``."""
    rule = _first_match(failure, settings)
    facts = rule_facts(failure, settings)
    return Diagnosis(
        rule.code,
        failure.stage,
        _(rule.summary, **facts),
        _(rule.remedy, **facts),
        failure.said or None,
        rule.warning,
    )


def refusal_matters(failure: Failure, settings: SmtpSettings) -> bool:
    """Whether a refused recipient says something about the server's mails to others.

    It does not when only that one mailbox does not exist, is full, or takes no mail.
    """
    rule = _first_match(failure, settings)
    return rule is not OTHER_RECIPIENT and rule.code not in _ONLY_THIS_MAILBOX


def _first_match(failure: Failure, settings: SmtpSettings) -> Rule:
    return next(rule for rule in TABLE if rule.matches(failure, settings))

"""What a failed live test means to an operator: cause first, then one concrete next step.

It is one table in the order of the test, read from the top: the first rule that matches a failure
explains it. Rules on the words of a reply come before those on its code. Codes are part of the
public interface.
"""

from __future__ import annotations

from wizard.config.settings import SmtpSettings
from wizard.live_test.diagnosis_connection import ENCRYPTION, INTRODUCTION, REACHING, UNFORESEEN
from wizard.live_test.diagnosis_mail import LOGIN, OTHER_RECIPIENT, SENDING
from wizard.live_test.diagnosis_rule import Rule, rule_facts
from wizard.live_test.failure import Diagnosis, Failure
from wizard.text.language import _

_OF_THE_MAILBOX = ("quota", "mail-too-big")
TABLE: tuple[Rule, ...] = (
    *REACHING,
    *ENCRYPTION,
    *INTRODUCTION,
    *LOGIN,
    *SENDING,
    *UNFORESEEN,
)


def refusal_matters(failure: Failure, settings: SmtpSettings) -> bool:
    """Whether a refused recipient says something about the server's mails to others.

    It does not when only that one mailbox does not exist, is full, or takes nothing.
    """
    rule = next(rule for rule in TABLE if rule.matches(failure, settings))
    return rule is not OTHER_RECIPIENT and rule.code not in _OF_THE_MAILBOX


def diagnose(failure: Failure, settings: SmtpSettings) -> Diagnosis:
    """Explain ``failure`` of a test of ``settings``."""
    rule = next(rule for rule in TABLE if rule.matches(failure, settings))
    facts = rule_facts(failure, settings)
    return Diagnosis(
        rule.code,
        failure.stage,
        _(rule.summary, **facts),
        _(rule.remedy, **facts),
        failure.said or None,
        rule.warning,
    )

"""All rules, in the order in which an operator would repair what they find."""

from __future__ import annotations

from collections import Counter

from wizard.check.compose_rules import compose_findings, container_findings
from wizard.check.config_rules import config_findings
from wizard.check.env_rules import env_findings
from wizard.check.inspection import Inspection
from wizard.check.mail_rules import mail_findings
from wizard.check.relay_rules import relay_findings
from wizard.check.variable_rules import secret_findings, variable_findings
from wizard.errors import Finding, Severity

_RULES = (
    config_findings,
    mail_findings,
    relay_findings,
    variable_findings,
    container_findings,
    secret_findings,
    env_findings,
    compose_findings,
)
_ORDER = list(Severity)


_MOST_OF_A_KIND = 100
"""More of them say no more to an operator, but a file can be made for thousands."""


def check_all(inspection: Inspection) -> tuple[Finding, ...]:
    """Return what is wrong, the worst first; a pure function of the inspection.

    Of one kind, the first hundred are listed.
    """
    findings: dict[Finding, None] = {}
    kinds = Counter[str]()
    for finding in (finding for rule in _RULES for finding in rule(inspection)):
        if finding not in findings:
            kinds[finding.code] += 1
            if kinds[finding.code] <= _MOST_OF_A_KIND:
                findings[finding] = None
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))

"""Everything that can be found, in the order in which one would mend it."""

from __future__ import annotations

from wizard.check.compose_rules import compose_findings, container_findings
from wizard.check.config_rules import config_findings
from wizard.check.env_rules import env_findings
from wizard.check.inspection import Inspection
from wizard.check.mail_rules import mail_findings
from wizard.check.variable_rules import secret_findings, variable_findings
from wizard.errors import Finding, Severity

_RULES = (
    config_findings,
    mail_findings,
    variable_findings,
    container_findings,
    secret_findings,
    env_findings,
    compose_findings,
)
_ORDER = list(Severity)


def check_all(seen: Inspection) -> tuple[Finding, ...]:
    """Return what is wrong, the worst first; a pure function of what was read."""
    found = dict.fromkeys(finding for rules in _RULES for finding in rules(seen))
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))

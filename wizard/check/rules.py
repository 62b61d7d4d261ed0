"""Everything that can be found, in the order in which one would mend it."""

from __future__ import annotations

from wizard.check import compose_rules, config_rules, env_rules, mail_rules, variable_rules
from wizard.check import compose_rules as container_rules
from wizard.check import variable_rules as secret_rules
from wizard.check.inspection import Inspection
from wizard.errors import Finding, Severity

_RULES = (
    config_rules,
    mail_rules,
    variable_rules,
    container_rules,
    secret_rules,
    env_rules,
    compose_rules,
)
_ORDER = list(Severity)


def check_all(seen: Inspection) -> tuple[Finding, ...]:
    """Return what is wrong, the worst first; a pure function of what was read."""
    found = dict.fromkeys(finding for rules in _RULES for finding in rules.findings(seen))
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))

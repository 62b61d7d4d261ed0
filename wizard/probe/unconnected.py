"""Reports about settings that are judged without a connection: none at all, or unusable ones."""

from __future__ import annotations

from wizard.config.settings import mask_url_password
from wizard.errors import InvalidValue
from wizard.live_test.diagnosis import Diagnosis
from wizard.live_test.events import Report, Verdict
from wizard.live_test.failure import Stage
from wizard.text.language import _

_STAGES = {
    "user": Stage.MAIL,
    "endpoint": Stage.DNS,
    "starttls": Stage.STARTTLS,
    "secret": Stage.AUTH,
}
"""First word of a refusal's code → the stage at which the server would fail."""


def not_configured() -> Report:
    """Return the report for a configuration without ``[smtp]``."""
    diagnosis = Diagnosis(
        code="not-configured",
        stage=Stage.DNS,
        summary=_("config.toml has no [smtp] section, so there is nothing to test."),
        remedy=_("Set it up with smtp-wizard, or with smtp-wizard set --user … --endpoint …"),
        server_said=None,
    )
    return Report(Verdict.UNTESTABLE, None, "", (), diagnosis, 0.0)


def unusable(problem: InvalidValue, endpoint: str) -> Report:
    """Return the report for settings that the server cannot even try."""
    stage = _STAGES.get(problem.code.partition("-")[0], Stage.DNS)
    diagnosis = Diagnosis(
        code=problem.code,
        stage=stage,
        summary=problem.message,
        remedy=problem.remedy,
        server_said=None,
    )
    return Report(Verdict.FAIL, None, mask_url_password(endpoint), (), diagnosis, 0.0)

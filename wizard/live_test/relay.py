"""The live test of a relay's own way out, which decides whether the server's mails arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from wizard.compose.container import Container
from wizard.compose.relay import find_peer
from wizard.config.relay import Relay, RelaySettings
from wizard.config.settings import SmtpSettings
from wizard.errors import Finding
from wizard.live_test.events import RELAY_FAILS, Event, TestedFrom, TestReport
from wizard.live_test.failure import Diagnosis, Stage, Verdict
from wizard.live_test.run import run_live_test
from wizard.text.language import _

_VARIABLES = {
    "user": "SMTP_USER",
    "endpoint": "SMTP_HOST",
    "secret": "SMTP_PASSWORD",
    "store": "SMTP_PASSWORD",
    "starttls": "SMTP_STARTTLS",
}
"""What of the relay corrects a mistake, in place of a setting of the server."""


@dataclass(frozen=True, slots=True)
class RelayTest:
    """The test of the relay to which an endpoint leads; ``settings`` is None where none can be."""

    container: Container
    relay: Relay
    settings: RelaySettings | None
    problem: Finding | None
    """Why it passes nothing on, whatever its mail server says."""

    @classmethod
    def of(cls, container: Container | None, settings: SmtpSettings) -> RelayTest | None:
        """Return the test; None where the endpoint is no service, or an image that is unknown."""
        peer = None if container is None else find_peer(container, settings.route.host)
        if container is None or peer is None or not peer.service:
            return None
        relay = Relay.of(peer.service, container.services[peer.service])
        if relay is None:
            return None
        problem = next(relay.problems(), None)
        return cls(container, relay, relay.settings(settings.user), problem)

    def run(self, timeout: float, place: TestedFrom | None) -> AsyncGenerator[Event, None]:
        """Test from where the relay runs, as far as that is possible and wanted."""
        if self.settings is None:
            raise ValueError("there is nothing to test")
        container = replace(self.container, service=self.relay.service, template={})
        return run_live_test(
            self.settings, timeout=timeout, alternatives=False, container=container, place=place
        )

    def merge(self, report: TestReport, relay_report: TestReport | None) -> TestReport:
        """Return the server's report with the relay's; where that one fails, the server does."""
        report = replace(report, relay=(self.relay.service, relay_report))
        if report.verdict is Verdict.FAIL:
            return report
        if self.problem is not None:
            summary, remedy = self.problem.message, self.problem.remedy
            failed = _diagnosis(summary, self._remedy(remedy, self.problem.field), Stage.DNS, None)
        elif relay_report is not None and relay_report.verdict is Verdict.FAIL:
            failed = self._failure(relay_report)
        else:
            return report
        return replace(report, verdict=Verdict.FAIL, diagnosis=failed)

    def _failure(self, report: TestReport) -> Diagnosis:
        found = report.diagnosis
        assert found is not None  # noqa: S101 - a report that fails says why
        name, host = self.relay.service, report.route.host if report.route else ""
        if found.stage is Stage.AUTH and report.login is not None:
            summary = _(
                "The relay {name} logs in at {host} as {user}, and fails: {reason}",
                name=name,
                host=host,
                user=report.login,
                reason=found.summary,
            )
        else:
            summary = _(
                "The relay {name} passes its mails to {host}, and fails: {reason}",
                name=name,
                host=host,
                reason=found.summary,
            )
        variable = _VARIABLES.get(found.field or "")
        remedy = _("Correct {variable}.", variable=variable) if variable else found.remedy
        remedy = self._remedy(remedy, variable) if variable else remedy
        return _diagnosis(summary, remedy, found.stage, found.server_said)

    def _remedy(self, what: str, variable: str) -> str:
        """Return what to correct, and where."""
        project = self.container.project
        place = project.find_entry(self.relay.service, variable)
        if place.line is None:
            place = project.find_service(self.relay.service)
        return _(
            "{what} It is in the service {name} ({path}, {lines}). Then: docker compose up -d",
            what=what,
            name=self.relay.service,
            path=place.path,
            lines=place.lines,
        )


def _diagnosis(summary: str, remedy: str, stage: Stage, server_said: str | None) -> Diagnosis:
    return Diagnosis(
        code=RELAY_FAILS,
        stage=stage,
        summary=summary,
        remedy=remedy,
        server_said=server_said,
        verdict=Verdict.FAIL,
        field=None,
        reason=_("the relay fails"),
    )

"""What the live test yields while it runs, and what its stages and its report consist of."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from wizard.config.endpoint import Endpoint, Route
from wizard.config.settings import SmtpSettings
from wizard.errors import Finding, InvalidValue
from wizard.formats.urls import mask_url_password
from wizard.live_test.failure import Diagnosis, Failure, Stage, Verdict
from wizard.text.language import _
from wizard.text.redaction import Redactor

JSON = str | int | float | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]
MOST_LINES = 400
"""The length of a transcript, without the note that it goes on."""
_STAGE_OF_FIELD = {
    "user": Stage.MAIL,
    "endpoint": Stage.DNS,
    "starttls": Stage.STARTTLS,
    "secret": Stage.AUTH,
}
"""The stage at which the server would fail if this setting cannot be used."""


class TestedFrom(StrEnum):
    """Where a live test is made from."""

    HOST = "host"
    CONTAINER = "container"


class StageOutcome(StrEnum):
    """How one stage ended."""

    PASS = "pass"  # noqa: S105 - an outcome
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage has begun."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage has ended. ``message`` is one printable sentence, ``detail`` is for machines."""

    stage: Stage
    outcome: StageOutcome
    seconds: float
    message: str
    detail: Mapping[str, JSON] = field(default_factory=dict)

    def to_json(self) -> dict[str, JSON]:
        """Return the stage as ``test --json`` prints it."""
        return {
            "stage": self.stage.value,
            "outcome": self.outcome.value,
            "seconds": round(self.seconds, 4),
            "message": self.message,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True)
class VerdictReached:
    """The verdict is certain. What still follows (RSET, QUIT, alternatives) does not change it.

    Only a real mail does that is not taken afterwards: then a second verdict is reached.
    """

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another endpoint for the same mail server that works, as far as that shows without secret.

    ``verdict`` is *pass*, or *warn* where the operator should think twice. ``details`` says in one
    or more printable sentences what was tried and what was not, and what to think of.
    """

    endpoint: str
    starttls: bool
    verdict: Verdict
    details: str

    @property
    def way(self) -> str:
        """Where it leads, for example "mail.example.org, port 587, STARTTLS"."""
        return Endpoint.parse(self.endpoint).route(self.starttls).in_short

    @property
    def description(self) -> str:
        """Where it leads, and the details."""
        return f"{self.way}. {self.details}"

    def to_json(self) -> dict[str, JSON]:
        """Return the alternative as ``test --json`` prints it."""
        return {
            "endpoint": self.endpoint,
            "starttls": self.starttls,
            "verdict": self.verdict.value,
        }


RELAY_FAILS = "relay-fails"
"""The code of a diagnosis: the server reaches its relay, but that one not its mail server."""


class Direction(StrEnum):
    """Who wrote a line of the transcript."""

    SENT = "C"
    RECEIVED = "S"
    NOTE = "*"
    """Neither side: the test itself says what happened."""


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of the dialogue, printable and without the login; ``seconds`` since the start."""

    direction: Direction
    text: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:8.3f} {self.direction}: {self.text}"


@dataclass(frozen=True, slots=True)
class TestReport:
    """The whole test. ``route`` is None when there was nothing to test.

    ``diagnosis`` explains the failure, or else the first warning; it is None on *pass*.
    ``alternatives`` are endpoints that work where the tested one does not, best first.
    """

    verdict: Verdict
    route: Route | None
    endpoint: str
    """The endpoint as it may be shown: a password in it is masked."""
    stages: tuple[StageFinished, ...]
    diagnosis: Diagnosis | None
    seconds: float
    alternatives: tuple[Alternative, ...] = ()
    transcript: tuple[TranscriptLine, ...] = ()
    """The dialogue of the test itself, not of the search for alternatives."""
    decided_after: float = 0.0
    """Seconds after which the verdict was certain."""
    sender: str = ""
    login: str | None = None
    """The user name of the login; None when the server does not log in."""
    recipient: str | None = None
    place: TestedFrom = TestedFrom.HOST
    remark: str = ""
    """Where the test was made from, in a sentence or two; empty if there is but one place."""
    ehlo_name: str | None = None
    """The name given with EHLO; None if it is this machine's."""
    relay: tuple[str, TestReport | None] | None = None
    """The service to which the endpoint leads, and the test of where it passes mails on to.

    That is None where its login is not known. None where the endpoint is no relay that is known.
    """

    @property
    def at_fault(self) -> TestReport:
        """The test that decided the verdict: this one, or that of the relay."""
        relay = None if self.relay is None else self.relay[1]
        fails = self.diagnosis is not None and self.diagnosis.code == RELAY_FAILS
        return relay if relay is not None and fails else self

    def to_json(self) -> dict[str, JSON]:
        """Return the document that ``test --json`` prints."""
        document: dict[str, JSON] = {
            "verdict": self.verdict.value,
            "from": self.place.value,
            "route": None if self.route is None else self._route_json(self.route),
            "stages": [stage.to_json() for stage in self.stages],
            "diagnosis": None if self.diagnosis is None else self.diagnosis.to_json(),
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            "seconds": round(self.seconds, 4),
        }
        if self.relay is not None:
            service, report = self.relay
            tested = {"verdict": Verdict.UNTESTABLE.value} if report is None else report.to_json()
            document["relay"] = {"service": service, **tested}
        return document

    def _route_json(self, route: Route) -> dict[str, JSON]:
        return {
            "endpoint": self.endpoint,
            "host": route.host,
            "port": route.port,
            "security": route.security.value,
        }


def headline(report: TestReport | None) -> str:
    """Say how a test ended, and why in a word or two, without a full stop; None if it was stopped.

    For example "The server cannot send mail: login refused".
    """
    if report is None:
        return _("The test was stopped")
    words = report.verdict.in_words.removesuffix(".")
    return words if report.diagnosis is None else f"{words}: {report.diagnosis.reason}"


@dataclass(frozen=True, slots=True)
class TestFinished:
    """The last event of every test that was not cancelled."""

    report: TestReport


Event = StageStarted | StageFinished | VerdictReached | TestFinished


# Reports without a connection


def not_configured_report(missing: Path | None = None) -> TestReport:
    """Return the report for a configuration without ``[smtp]``, or whose file is ``missing``."""
    summary = _("There is nothing to test: config.toml has no [smtp] section.")
    if missing is not None:
        summary = _("There is nothing to test: {path} does not exist.", path=missing)
    diagnosis = Diagnosis(
        code="not-configured",
        stage=Stage.DNS,
        summary=summary,
        remedy=_("Set it up with smtp-wizard, or with smtp-wizard set --user … --endpoint …"),
        server_said=None,
        verdict=Verdict.UNTESTABLE,
        field=None,
        reason=_("nothing is set up"),
    )
    return TestReport(Verdict.UNTESTABLE, None, "", (), diagnosis, 0.0)


def unusable_report(problem: InvalidValue, endpoint: str) -> TestReport:
    """Return the report for settings that the server cannot even try."""
    diagnosis = Diagnosis(
        code=problem.code,
        stage=_STAGE_OF_FIELD.get(problem.field, Stage.DNS),
        summary=problem.message,
        remedy=problem.remedy,
        server_said=None,
        verdict=Verdict.FAIL,
        field=problem.field or None,
        reason=_("unusable value"),
    )
    return TestReport(Verdict.FAIL, None, mask_url_password(endpoint), (), diagnosis, 0.0)


def not_inside_report(settings: SmtpSettings, reason: str, remedy: str) -> TestReport:
    """Return the report for a test that was to be made inside the container, and cannot be."""
    diagnosis = Diagnosis(
        code="container-unreachable",
        stage=Stage.DNS,
        summary=_("Nothing was tested from inside the container: {reason}", reason=reason),
        remedy=remedy,
        server_said=None,
        verdict=Verdict.UNTESTABLE,
        field=None,
        reason=_("container not reached"),
    )
    route, endpoint = settings.route, settings.endpoint.display
    return TestReport(Verdict.UNTESTABLE, route, endpoint, (), diagnosis, 0.0)


def not_judged_report(doubt: str, endpoint: str) -> TestReport:
    """Return the report for settings that depend on what the container gets, which is not known."""
    finding = Finding(
        "compose-not-judged",
        _("It is not known what the container gets: {reason}.", reason=doubt),
        _("Test where Docker Compose is installed; docker compose config shows it, too."),
    )
    diagnosis = obstacle_diagnosis(finding, Verdict.UNTESTABLE, _("container not judged"))
    return TestReport(Verdict.UNTESTABLE, None, mask_url_password(endpoint), (), diagnosis, 0.0)


def obstacle_diagnosis(finding: Finding, verdict: Verdict, reason: str) -> Diagnosis:
    """Return what was found out before the test, as a diagnosis."""
    return Diagnosis(
        code=finding.code,
        stage=Stage.DNS,
        summary=finding.sentence,
        remedy=finding.remedy,
        server_said=None,
        verdict=verdict,
        field=None,
        reason=reason,
    )


# Between the stages and the test


@dataclass(frozen=True, slots=True)
class StagePassed:
    """How a stage went well. A ``concern`` makes it a warning."""

    message: str
    detail: Mapping[str, JSON] = field(default_factory=dict)
    outcome: StageOutcome = StageOutcome.PASS
    concern: Failure | None = None


class StageFailed(Exception):
    """A stage did not go well."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.cause.name)
        self.failure = failure


StageAction = Callable[[], Awaitable[StagePassed]]
StageStep = tuple[Stage, StageAction]


class Transcript:
    """The dialogue with a mail server as it may be shown: printable, and of bounded length.

    ``clock`` counts in seconds.
    """

    def __init__(
        self, redact: Redactor | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redact = redact or Redactor()
        self._clock = clock
        self._began = clock()
        self._lines: list[TranscriptLine] = []

    @property
    def lines(self) -> tuple[TranscriptLine, ...]:
        """The dialogue so far; a long one ends with a note that it goes on."""
        return tuple(self._lines)

    def sent(self, text: str) -> None:
        """Add a command; the caller leaves the login out."""
        self._add(Direction.SENT, self._redact(text))

    def received(self, *lines: str) -> None:
        """Add the lines of a reply, exactly as they came."""
        if len(self._lines) <= MOST_LINES:
            for line in self._redact.lines(lines):
                self._add(Direction.RECEIVED, line)

    def note(self, text: str) -> None:
        """Add what happened without a word from either side."""
        self._add(Direction.NOTE, self._redact(text))

    def _add(self, direction: Direction, text: str) -> None:
        if len(self._lines) > MOST_LINES:
            return
        if len(self._lines) == MOST_LINES:
            direction, text = Direction.NOTE, _("The rest is left out.")
        seconds = self._clock() - self._began
        self._lines.append(TranscriptLine(direction, text, seconds))

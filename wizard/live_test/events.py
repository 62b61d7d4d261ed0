"""What the live test tells while it runs, and the report it ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wizard.config.settings import Route
from wizard.live_test.diagnosis import Diagnosis
from wizard.live_test.failure import Stage

JSON = str | int | float | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]


class Outcome(StrEnum):
    """How one stage ended."""

    PASS = "pass"  # noqa: S105 - an outcome
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


class Verdict(StrEnum):
    """What the server will meet: success, success with a warning, failure, or nobody can say."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    UNTESTABLE = "untestable"


@dataclass(frozen=True, slots=True)
class Started:
    """A stage has begun."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class Finished:
    """A stage has ended. ``message`` is one printable sentence, ``detail`` is for machines."""

    stage: Stage
    outcome: Outcome
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
class Decided:
    """The verdict is certain. What still follows (RSET, QUIT, alternatives) does not change it."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another form of the endpoint that works as far as it was tried: without the secret.

    ``verdict`` is *pass*, or *warn* where the operator should think twice; ``words`` say what was
    seen, and what was not tried, as one printable sentence or more.
    """

    endpoint: str
    starttls: bool
    verdict: Verdict
    words: str

    def to_json(self) -> dict[str, JSON]:
        """Return the alternative as ``test --json`` prints it."""
        return {
            "endpoint": self.endpoint,
            "starttls": self.starttls,
            "verdict": self.verdict.value,
        }


class Direction(StrEnum):
    """Who wrote a line of the transcript."""

    SENT = "C"
    RECEIVED = "S"
    NOTE = "*"
    """Neither side: the test itself says what happened."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the dialogue, printable and without the login; ``seconds`` since the start."""

    direction: Direction
    text: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:8.3f} {self.direction}: {self.text}"


@dataclass(frozen=True, slots=True)
class Report:
    """The whole test. ``route`` is None when there was nothing to test.

    ``diagnosis`` explains the failure, or else the first warning; it is None on *pass*.
    ``alternatives`` are forms of the endpoint that work where the tested one does not, best first.
    """

    verdict: Verdict
    route: Route | None
    endpoint: str
    """The endpoint as it may be shown: a password in it is masked."""
    stages: tuple[Finished, ...]
    diagnosis: Diagnosis | None
    seconds: float
    alternatives: tuple[Alternative, ...] = ()
    transcript: tuple[Line, ...] = ()
    """The dialogue on the connection that was tested, not on those that only look around."""
    decided: float = 0.0
    """Seconds after which the verdict was certain."""
    sender: str = ""
    login: str | None = None
    """The user name of the login; None when the server does not log in."""
    recipient: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the document that ``test --json`` prints."""
        return {
            "verdict": self.verdict.value,
            "route": None if self.route is None else self._route(self.route),
            "stages": [stage.to_json() for stage in self.stages],
            "diagnosis": None if self.diagnosis is None else self.diagnosis.to_json(),
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            "seconds": round(self.seconds, 4),
        }

    def _route(self, route: Route) -> dict[str, JSON]:
        return {
            "endpoint": self.endpoint,
            "host": route.host,
            "port": route.port,
            "security": route.security.value,
        }


@dataclass(frozen=True, slots=True)
class Concluded:
    """The last event of every test that was not cancelled."""

    report: Report


Event = Started | Finished | Decided | Concluded

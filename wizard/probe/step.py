"""How one stage of the live test can end: it passed, or it did not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from wizard.live_test.events import JSON, Outcome
from wizard.live_test.failure import Failure, Stage


@dataclass(frozen=True, slots=True)
class Passed:
    """How a stage went well. ``concern`` makes it a warning."""

    message: str
    detail: Mapping[str, JSON] = field(default_factory=dict)
    outcome: Outcome = Outcome.PASS
    concern: Failure | None = None


class Failed(Exception):
    """A stage did not go well."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.cause.name)
        self.failure = failure


Hide = Callable[[str], str]
"""Makes text from outside fit to be shown, without the secret in any form."""

Action = Callable[[], Awaitable[Passed]]

Step = tuple[Stage, Action]

"""After writing: what was written, what the server makes of it, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wizard.check.warnings import plan_warnings
from wizard.config.draft import Draft
from wizard.errors import Finding, Severity
from wizard.saving.plan import Plan
from wizard.server.next_steps import NextStep, next_steps
from wizard.server.reload import ReloadOutcome, ReloadWatch, RunningServer, reload_message
from wizard.text.language import N_

TITLE = N_("✓ Written")
NOW = N_("What to do now")


@dataclass(frozen=True, slots=True)
class Done:
    """The parts of the last page."""

    written: tuple[str, ...]
    steps: tuple[NextStep, ...]
    steps_once_settled: tuple[NextStep, ...] = ()
    """What remains of the steps once the server has reloaded the settings."""
    watch: ReloadWatch | None = None
    """Waits for the verdict; None if the log would give none, or after it has come."""
    verdict: tuple[str, ...] = ()
    """What the server makes of the new settings."""
    mark: str = ""
    """``passed``, ``warned`` or ``failed``: how to draw the verdict."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole text, which stays on the terminal after the wizard."""
        return (*self.written, *self.verdict, *map(str, self.steps))

    def with_outcome(self, outcome: ReloadOutcome) -> Done:
        """Return the page with the server's verdict, and what to do about it."""
        if self.watch is None:
            return self
        message = reload_message(outcome, self.watch)
        steps = self.steps_once_settled if message.settled else self.steps
        return replace(
            self,
            steps=message.steps if message.replaces_steps else (*message.steps, *steps),
            watch=None,
            verdict=message.verdict,
            mark=message.mark,
        )


def done_screen_content(
    draft: Draft,
    plan: Plan,
    findings: Sequence[Finding],
    server: RunningServer,
    watch: ReloadWatch | None = None,
    answer: Finding | None = None,
) -> Done:
    """Return what ``plan`` has done.

    ``findings`` are those of the writing, ``answer`` is what Compose says of it.
    """
    restart = server.restart_command(findings)
    warnings = plan_warnings(server.current, draft, plan)
    steps, steps_once_settled = (
        next_steps(server.current, draft, plan, warnings=warnings, restart=restart, settled=settled)
        for settled in (False, True)
    )
    return Done(
        (
            *plan.messages(findings),
            *(f"! {finding.advice}" for finding in findings),
            *((_answer_line(answer),) if answer is not None else ()),
        ),
        steps,
        steps_once_settled,
        watch if restart is None else None,
    )


def _answer_line(answer: Finding) -> str:
    mark = "✓" if answer.severity is Severity.NOTE else "!"
    return f"{mark} {answer.advice}"

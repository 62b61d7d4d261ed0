"""After writing: what was written, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wizard.check.warnings import plan_warnings
from wizard.config.draft import Draft
from wizard.errors import Finding
from wizard.saving.plan import Plan
from wizard.server.next_steps import NextStep, next_steps
from wizard.server.reload import ReloadOutcome, ReloadWatch, RunningServer, reload_message
from wizard.text.language import N_, _

TITLE = N_("✓ Written")
NOW = N_("What to do now")


@dataclass(frozen=True, slots=True)
class Done:
    """What the last page says, part by part."""

    written: tuple[str, ...]
    steps: tuple[NextStep, ...]
    once_settled: tuple[NextStep, ...] = ()
    """What is left of the steps when the server has said what it makes of the new settings."""
    watch: ReloadWatch | None = None
    """What can still be waited for; None where the server's log tells nothing, or has told it."""
    verdict: tuple[str, ...] = ()
    """What the server has made of the new settings."""
    mark: str = ""
    """``passed``, ``warned`` or ``failed``: how to draw the verdict."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, as it stays on the terminal once the wizard has gone."""
        return (*self.written, *self.verdict, *map(str, self.steps))

    def after(self, outcome: ReloadOutcome) -> Done:
        """Return the same with the server's verdict, and what to do about it."""
        if self.watch is None:
            return self
        message = reload_message(outcome, self.watch)
        steps = self.once_settled if message.settled else self.steps
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
    left: Sequence[Finding],
    server: RunningServer,
    watch: ReloadWatch | None = None,
) -> Done:
    """Say what ``plan`` has done; ``left`` is what could not be tidied up."""
    words = {True: N_("Created {path}"), False: N_("Changed {path}")}
    written = tuple(
        _(words[change.created], path=change.before.display_path)
        for change in plan.changes
        if change.changed
    )
    restart = server.restart_command(left)
    warnings = plan_warnings(server.current, draft, plan)
    steps, once_settled = (
        next_steps(server.current, draft, plan, warnings=warnings, restart=restart, settled=settled)
        for settled in (False, True)
    )
    return Done(
        (*written, *plan.store_messages(left), *(f"! {each.message}" for each in left)),
        steps,
        once_settled,
        watch if restart is None else None,
    )

"""After writing: what was written, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wizard.check.warnings import plan_warnings
from wizard.config.draft import Draft
from wizard.errors import Finding
from wizard.saving.plan import Plan
from wizard.server import next_steps
from wizard.server.reload import ReloadOutcome, ReloadWatch, RunningServer, reload_message
from wizard.text.language import N_, _

TITLE = N_("✓ Written")
NOW = N_("What to do now")


@dataclass(frozen=True, slots=True)
class Done:
    """Lines; a step that begins with ``$ `` is a command."""

    written: tuple[str, ...]
    steps: tuple[str, ...]
    once_settled: tuple[str, ...] = ()
    """What is left of the steps when the server has said what it makes of the new settings."""
    listening: ReloadWatch | None = None
    """Where the server can be heard, which may still be done; None where it cannot."""
    heard: tuple[str, ...] = ()
    """What the server has made of the new settings."""
    mark: str = ""
    """``passed``, ``warned`` or ``failed``: how to draw what was heard."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, as it stays on the terminal once the wizard has gone."""
        return (*self.written, *self.heard, *self.steps)

    def after(self, outcome: ReloadOutcome) -> Done:
        """Return the same with what was heard, and what to do about it."""
        if self.listening is None:
            return self
        words = reload_message(outcome, self.listening)
        steps = self.once_settled if words.settled else self.steps
        return replace(
            self,
            steps=words.steps if words.instead else (*words.steps, *steps),
            listening=None,
            heard=words.heard,
            mark=words.mark,
        )


def done_screen_content(
    draft: Draft,
    plan: Plan,
    left: Sequence[Finding],
    server: RunningServer,
    listening: ReloadWatch | None = None,
) -> Done:
    """Say what ``plan`` has done; ``left`` is what could not be tidied up."""
    words = {True: N_("Created {path}"), False: N_("Changed {path}")}
    written = tuple(
        _(words[change.created], path=change.before.shown)
        for change in plan.changes
        if change.changed
    )
    cautions = tuple(f"! {each.message}" for each in left)
    restart = server.restart_command(left)
    warned = plan_warnings(server.current, draft, plan)
    steps, once_settled = (
        next_steps.next_steps(server.current, draft, plan, warned, restart, settled=settled)
        for settled in (False, True)
    )
    return Done(
        (*written, *plan.about_stores(left), *cautions),
        steps,
        once_settled,
        listening if restart is None else None,
    )

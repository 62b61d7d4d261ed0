"""After writing: what was written, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard import advice
from wizard.draft import Draft
from wizard.flow.session import Session
from wizard.plan import Plan
from wizard.settings import Caution

TITLE = "✓ Written"
NOW = "What to do now"


@dataclass(frozen=True, slots=True)
class Done:
    """Lines; a step that begins with ``$ `` is a command."""

    written: tuple[str, ...]
    steps: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, as it stays on the terminal once the wizard has gone."""
        return (*self.written, *self.steps)


def done(session: Session, draft: Draft, plan: Plan, left: Sequence[Caution]) -> Done:
    """Say what ``plan`` has done; ``left`` is what could not be tidied up."""
    words = {True: "Created {path}", False: "Changed {path}"}
    written = tuple(
        words[change.created].format(path=change.before.shown)
        for change in plan.changes
        if change.changed
    )
    cautions = tuple(f"! {each.message}" for each in left)
    return Done(
        (*written, *plan.about_stores, *cautions),
        advice.next_steps(session.current, draft, plan),
    )

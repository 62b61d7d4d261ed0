"""After writing: what was written, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wizard import advice
from wizard.afterwards.listening import Listening
from wizard.afterwards.outcome import Outcome
from wizard.afterwards.server import Server
from wizard.afterwards.words import said
from wizard.draft import Draft
from wizard.language import _
from wizard.plan import Plan
from wizard.settings import Caution

TITLE = "✓ Written"
NOW = "What to do now"


@dataclass(frozen=True, slots=True)
class Done:
    """Lines; a step that begins with ``$ `` is a command."""

    written: tuple[str, ...]
    steps: tuple[str, ...]
    listening: Listening | None = None
    """Where the server can be heard, which may still be done; None where it cannot."""
    heard: tuple[str, ...] = ()
    """What the server has made of the new settings."""
    mark: str = ""
    """``passed``, ``warned`` or ``failed``: how to draw what was heard."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything, as it stays on the terminal once the wizard has gone."""
        return (*self.written, *self.heard, *self.steps)

    def after(self, outcome: Outcome) -> Done:
        """Return the same with what was heard, and what to do about it."""
        if self.listening is None:
            return self
        words = said(outcome, self.listening)
        steps = () if words.instead else self.steps
        if words.settled:
            steps = tuple(step for step in steps if step != _(advice.RELOADS))
        return replace(
            self,
            steps=(*words.steps, *steps),
            listening=None,
            heard=words.heard,
            mark=words.mark,
        )


def done(
    draft: Draft,
    plan: Plan,
    left: Sequence[Caution],
    server: Server,
    listening: Listening | None = None,
) -> Done:
    """Say what ``plan`` has done; ``left`` is what could not be tidied up."""
    words = {True: "Created {path}", False: "Changed {path}"}
    written = tuple(
        words[change.created].format(path=change.before.shown)
        for change in plan.changes
        if change.changed
    )
    cautions = tuple(f"! {each.message}" for each in left)
    restart = server.restart_command(left)
    return Done(
        (*written, *plan.about_stores(left), *cautions),
        advice.next_steps(server.current, draft, plan, restart),
        listening if restart is None else None,
    )

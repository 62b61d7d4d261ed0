"""What shows the wizard: the full screen, or line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wizard.config.draft import Draft
    from wizard.flow.form import Form
    from wizard.flow.step import Move, Step, StepResult
    from wizard.ui.steps.done import Done
    from wizard.ui.steps.pages import Page, Question
    from wizard.ui.steps.review import Review
    from wizard.ui.steps.summary import Action


class Surface(Protocol):
    """Everything that the flow needs of a surface. Each method returns when the operator goes on.

    ``steps`` are all steps of the way that is being gone, for showing where it stands; it is
    empty where a single part is changed. Nothing here writes a file.
    """

    async def ask(self, form: Form, steps: Sequence[Step]) -> StepResult:
        """Let the form be filled in; going back returns what stands in it, right or wrong."""

    async def test(self, draft: Draft, steps: Sequence[Step]) -> StepResult:
        """Show the live test; the draft may come back with another form of the endpoint."""

    async def review(self, review: Review, steps: Sequence[Step]) -> Move:
        """Show what will be written; going on means to write it."""

    async def summary(self, draft: Draft, chosen: Step | Action | None) -> Step | Action:
        """Let a part be chosen; ``chosen`` was the last one."""

    async def confirm(self, question: Question) -> bool:
        """Ask; anything but the word for yes means no."""

    async def page(self, page: Page) -> None:
        """Show a text."""

    async def done(self, done: Done) -> Done:
        """Say what was written, and what to do now; return it with what the server has said.

        The operator may go on without waiting for that.
        """

    def entered(self) -> Draft:
        """Return the draft with what stands before the operator now; never validates."""

"""Where in the flow the operator is: done, current and coming steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.widget import Widget
from wizard.flow.step import Step
from wizard.text.language import _


class StepBar(Widget):
    """All steps in one line, or the current one with its number where there is no room."""

    def __init__(
        self, steps: Sequence[Step], current: Step, signs: Mapping[Step, str] | None = None
    ) -> None:
        """Take other ``signs`` than a tick for steps that were passed, but did not go well."""
        super().__init__()
        self._signs = signs or {}
        self._steps = list(steps)
        self._current = current

    def render(self) -> Content:
        """Show the state of each step by a sign and a word, not by its colour alone."""
        here = self._steps.index(self._current)
        parts = []
        for number, step in enumerate(self._steps):
            if number == here:
                parts.append(Content.styled(f"▸ {_(step.value)}", "bold $primary"))
            else:
                sign = self._signs.get(step, "✓") if number < here else "·"
                parts.append(Content.styled(f"{sign} {_(step.value)}", "dim"))
        line = Content("  ").join(parts)
        if line.cell_length <= self.size.width:
            return line
        place = _(
            "▸ {name} (step {number} of {count})",
            name=_(self._current.value),
            number=here + 1,
            count=len(self._steps),
        )
        return Content.styled(place, "bold $primary")

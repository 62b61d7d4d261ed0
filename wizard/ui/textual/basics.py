"""Where in the flow the operator is: done, current and coming steps.

The last line: what the keys do here, in the operator's language.

Plain text on the screen; what it says is never taken for markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Footer, Static
from textual.widgets._footer import FooterKey

from wizard.text.display import escape_controls
from wizard.text.language import _
from wizard.ui.steps.model import Step


class KeyBar(Footer):
    """Bindings are made when the program is loaded, so their words are translated only here."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)

    def compose(self) -> ComposeResult:
        """Each key with what it does."""
        for widget in super().compose():
            if isinstance(widget, FooterKey):
                widget.description = _(widget.description)
            yield widget


class PlainText(Static):
    """Text that may come from anywhere."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(Content(escape_controls(text)), id=id, classes=classes, markup=False)

    def say(self, text: str) -> None:
        """Show ``text`` instead; an empty one takes no room."""
        if escape_controls(text) != str(self.content):
            self.update(Content(escape_controls(text)))
        self.display = bool(text)


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

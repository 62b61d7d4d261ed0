"""What every screen is made of: plain text, the bar of steps, and the line of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.binding import Binding
from textual.content import Content
from textual.events import MouseDown
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from wizard.text.display import escape_controls
from wizard.text.language import _
from wizard.ui.steps.model import Step


class KeyBar(Widget):
    """The last line: what the keys do here, in the operator's language.

    It is drawn with the first frame; textual's footer adds a widget for each key later.
    """

    ALLOW_SELECT = False

    def on_mount(self) -> None:
        """Follow changes of the keys, which depend on the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        """Return each key with what it does, translated here: bindings are made at import."""
        return Content(" ").join(content for _binding, content in self.hints())

    def on_mouse_down(self, event: MouseDown) -> None:
        """Press the key that was clicked."""
        end = 0
        for binding, content in self.hints():
            start, end = end, end + content.cell_length
            if start <= event.x < end:
                self.app.simulate_key(binding.key)
            end += 1

    def hints(self) -> list[tuple[Binding, Content]]:
        """Return one key for each visible action."""
        by_action: dict[str, Binding] = {}
        for each in self.screen.active_bindings.values():
            if each.binding.show:
                by_action.setdefault(each.binding.action, each.binding)
        return [(binding, self._content(binding)) for binding in by_action.values()]

    def _content(self, binding: Binding) -> Content:
        return Content.assemble(
            (self.app.get_key_display(binding), "bold $footer-key-foreground"),
            (f" {_(binding.description)}", "$footer-description-foreground"),
        )


class PlainText(Static):
    """Text that may come from anywhere."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(Content(escape_controls(text)), id=id, classes=classes, markup=False)

    def set_text(self, text: str) -> None:
        """Show ``text`` instead; an empty text takes no room."""
        if escape_controls(text) != str(self.content):
            self.update(Content(escape_controls(text)))
        self.display = bool(text)


class StepBar(Widget):
    """All steps in one line, or only the current one with its number if there is no room."""

    def __init__(
        self, steps: Sequence[Step], current: Step, signs: Mapping[Step, str] | None = None
    ) -> None:
        """``signs`` replace the tick of past steps that did not go well."""
        super().__init__()
        self._signs = signs or {}
        self._steps = list(steps)
        self._current = current

    def render(self) -> Content:
        """Return each step with a sign for its state, which colour alone would not show."""
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
        progress = _(
            "▸ {name} (step {number} of {count})",
            name=_(self._current.value),
            number=here + 1,
            count=len(self._steps),
        )
        return Content.styled(progress, "bold $primary")

"""Radio buttons and check boxes that show their state by a sign; textual's use only colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Mount
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Checkbox, RadioButton, RadioSet

from wizard.text.display import escape_controls
from wizard.ui.textual import textual_internals
from wizard.ui.textual.basics import PlainText

T = TypeVar("T")


class ChoiceList(RadioSet, Generic[T]):
    """Radio buttons for values of any type."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right", "choose(1)", show=False),
        Binding("up,left", "choose(-1)", show=False),
        Binding("enter", "confirm", show=False),
        Binding("space", "toggle_button", show=False),
    ]

    class Confirmed(Message):
        """Enter was pressed on the choice."""

    def __init__(
        self,
        options: Sequence[tuple[str, T]],
        value: T,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        self._values = [option for _, option in options]
        buttons = [
            ChoiceButton(Content(label), value=option == value, compact=True)
            for label, option in options
        ]
        super().__init__(*buttons, id=id, compact=True)

    @property
    def value(self) -> T:
        """The chosen value."""
        return self._values[max(self.pressed_index, 0)]

    def _on_mount(self, event: Mount) -> None:
        event.prevent_default()
        super()._on_mount(event)
        textual_internals.select(self, max(self.pressed_index, 0))

    def action_choose(self, direction: int) -> None:
        """Choose the next option, or the previous one."""
        if direction > 0:
            self.action_next_button()
        else:
            self.action_previous_button()
        self.action_toggle_button()

    def choose(self, value: T) -> None:
        """Choose the option with this value."""
        index = self._values.index(value)
        buttons = list(self.query(ChoiceButton))
        with self.prevent(RadioButton.Changed):
            for button in buttons:
                button.value = button is buttons[index]
        textual_internals.set_pressed(self, buttons[index])
        textual_internals.select(self, index)

    def offer(self, value: T, label: str, *, offered: bool) -> None:
        """Show an option with this label, or hide it."""
        button = self.query(ChoiceButton)[self._values.index(value)]
        button.display = offered
        button.disabled = not offered
        if str(button.label) != escape_controls(label):
            button.label = Content(escape_controls(label))

    def action_confirm(self) -> None:
        """Go on."""
        self.post_message(self.Confirmed())


class LabelledChoice(Vertical):
    """A choice with its label, if any, above."""

    def __init__(self, label: str, choice: ChoiceList[Any]) -> None:
        super().__init__(classes="labelled" if label else "")
        self._label = label
        self.choice = choice

    def compose(self) -> ComposeResult:
        """Yield label and choice."""
        if self._label:
            yield PlainText(self._label, classes="label")
        yield self.choice


class ChoiceButton(RadioButton):
    """A radio button with a sign."""

    def render(self) -> Content:
        """Return sign and label."""
        return Content.assemble("(•)" if self.value else "( )", " ", self.label)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the wrapped label takes."""
        return self.render().get_height({}, width)


class CheckBoxWidget(Checkbox):
    """A check box with a sign."""

    def render(self) -> Content:
        """Return sign and label."""
        return Content.assemble("[x]" if self.value else "[ ]", " ", self.label)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines that the wrapped label takes."""
        return self.render().get_height({}, width)

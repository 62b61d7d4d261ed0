"""The last two lines: what can be done next, and what the keys do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message

from wizard.text.display import on_one_line
from wizard.text.language import N_, _
from wizard.text.wrapping import cell_width
from wizard.ui.textual.lines import fitted
from wizard.ui.textual.panel import Drawn

_PAGE_DOWN = N_("PgDn")
_EARLIER, _LATER = "‹", " ›"  # noqa: RUF001


class ButtonLabel(NamedTuple):
    """A button."""

    button_id: str
    label: str
    default: bool = False


class Buttons(Drawn, can_focus=True):
    """Buttons in one line, of which one is current; a bar before it shows the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "move(1)", show=False),
        Binding("left", "move(-1)", show=False),
        Binding("tab", "tab(1)", show=False),
        Binding("shift+tab", "tab(-1)", show=False),
        Binding("enter,space", "press", show=False),
    ]

    class Pressed(Message):
        """A button was pressed."""

        def __init__(self, button_id: str) -> None:
            super().__init__()
            self.button_id = button_id

    class Moved(Message):
        """Another button is current, so that Enter does something else."""

    def __init__(
        self,
        buttons: Sequence[tuple[str, str] | tuple[str, str, bool]] = (),
        *,
        id: str | None = "buttons",  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._buttons: list[ButtonLabel] = []
        self._at = 0
        self.show(buttons)

    def show(self, buttons: Sequence[tuple[str, str] | tuple[str, str, bool]]) -> None:
        """Show these: id, label, and whether it is the default one.

        The current one stays if it is still there; else the default one becomes current.
        """
        shown = [ButtonLabel(*each) for each in buttons]
        if shown == self._buttons:
            return
        current = self.current
        self._buttons = shown
        ids = [each.button_id for each in shown]
        defaults = [at for at, each in enumerate(shown) if each.default]
        self._at = ids.index(current) if current in ids else defaults[0] if defaults else 0
        self.refresh()

    @property
    def current(self) -> str:
        """The id of the button that Enter presses; empty if there is none."""
        return self._buttons[self._at].button_id if self._buttons else ""

    def focus_button(self, button_id: str) -> None:
        """Put the focus on this button."""
        self._go_to([each.button_id for each in self._buttons].index(button_id))
        self.focus()

    def action_move(self, by: int) -> None:
        """Go to the next button, or the previous one, around the end."""
        if self._buttons:
            self._go_to((self._at + by) % len(self._buttons))

    def action_tab(self, by: int) -> None:
        """Go to the next button; after the last one, the key is for the screen."""
        if not 0 <= self._at + by < len(self._buttons):
            raise SkipAction
        self._go_to(self._at + by)

    def action_press(self) -> None:
        """Press the current button."""
        if self._buttons:
            self.post_message(self.Pressed(self.current))

    def _go_to(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self.refresh()
            self.post_message(self.Moved())

    def watch_has_focus(self, value: bool) -> None:
        """Draw the bar, or draw it no longer."""
        super().watch_has_focus(value)
        self.refresh()

    def on_key(self, event: Key) -> None:
        """Ring when text is typed here, where nothing takes it."""
        if event.is_printable and event.key != "space":
            self.app.bell()

    def on_click(self, event: Click) -> None:
        """Press the button that was clicked."""
        first, last = self._visible()
        end = 0
        for at in range(first, last):
            start, end = end, end + _width(self._buttons[at])
            if start <= event.x < end:
                self._go_to(at)
                self.action_press()

    def _visible(self) -> tuple[int, int]:
        """Return the range of buttons that fit, the current one among them."""
        room = self.size.width - 2  # for arrows
        if sum(map(_width, self._buttons)) <= room + 2:
            return 0, len(self._buttons)
        first = 0
        while first < self._at and sum(map(_width, self._buttons[first : self._at + 1])) > room:
            first += 1
        last = first + 1
        while (
            last < len(self._buttons) and sum(map(_width, self._buttons[first : last + 1])) <= room
        ):
            last += 1
        return first, last

    def render(self) -> Content:
        """Return the buttons, with an arrow where there are more."""
        first, last = self._visible()
        parts: list[Content | tuple[str, str]] = []
        for at in range(first, last):
            has_focus = self.shows_focus and at == self._at
            bar = "▌" if has_focus else " "
            strong = "bold" if has_focus or self._buttons[at].default else ""
            parts += [
                (" " if at > first or not first else _EARLIER, ""),
                (bar, "ansi_magenta"),
                (f"[ {on_one_line(self._buttons[at].label)} ]", strong),
            ]
        if last < len(self._buttons):
            parts.append((_LATER, ""))
        return fitted(Content.assemble(*parts), self.size.width)


def _width(button: ButtonLabel) -> int:
    return 6 + cell_width(on_one_line(button.label))


class Keys(Drawn):
    """What the keys do here, as many as fit."""

    def __init__(self, *, id: str | None = "keys") -> None:  # noqa: A002
        super().__init__(id=id)
        self._hints: list[tuple[str, str]] = []

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Show these keys, each with what it does, the most important first."""
        hints = [(_(key) if key == _PAGE_DOWN else key, words) for key, words in hints]
        if self._hints != hints:
            self._hints = hints
            self.refresh()

    def render(self) -> Content:
        """Return the hints that fit as a whole."""
        parts = Content("")
        for key, words in self._hints:
            hint = Content.assemble(
                "  " if parts else " ", (on_one_line(key), "bold ansi_magenta"), f" {words}"
            )
            if parts.cell_length + hint.cell_length > self.size.width:
                break
            parts = Content.assemble(parts, hint)
        return fitted(parts, self.size.width)

    def on_click(self, event: Click) -> None:
        """Press the key that was clicked."""
        end = 0
        for key, words in self._hints:
            start = end + (2 if end else 1)
            end = start + cell_width(f"{key} {words}")
            if start <= event.x < end <= self.size.width and (pressed := _key(key)):
                self.app.simulate_key(pressed)


def _key(shown: str) -> str:
    """Return textual's name of a key; nothing for several keys at once."""
    if shown.startswith("^"):
        return f"ctrl+{shown[1:].lower()}"
    names = {"Esc": "escape", _(_PAGE_DOWN): "pagedown", "→": "right", "←": "left"}
    if shown in names:
        return names[shown]
    return shown.lower() if shown == "Enter" or shown.isalnum() else ""

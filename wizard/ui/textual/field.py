"""Inputs of one line, and what they say about a pasted text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.message import Message
from textual.widgets import Input

from wizard.text.display import MASK
from wizard.text.language import _
from wizard.ui.account import entry
from wizard.ui.account.entry import single_line

_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class FieldNote(Message):
    """What the operator should know about a pasted text; ``refused`` if it was not entered."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__()
        self.text = text
        self.refused = refused


class OneLineInput(Input):
    """An input that accepts pasted text whole or not at all.

    Its cursor does not blink: that would send something to the terminal for ever.
    """

    def __init__(self, *, value: str = "", placeholder: str = "", password: bool = False) -> None:
        super().__init__(value, placeholder=placeholder, password=password, compact=True)
        self.set_reactive(Input.cursor_blink, False)

    @property
    def _value(self) -> Text:
        """The text as it is drawn: one sign for each character that a terminal would obey."""
        drawn = super()._value
        if not self.value.isprintable():
            drawn.plain = "".join(c if c.isprintable() else _UNPRINTABLE for c in drawn.plain)
        return drawn

    def action_copy(self) -> None:
        """Leave Ctrl+C to the app, where it quits: coming to a field has selected its text."""
        raise SkipAction

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        text = single_line(event.text)
        if text is None:
            self.post_message(FieldNote(_(entry.SEVERAL_LINES), refused=True))
            return
        self.replace(text, *self.selection)  # posts Changed, which clears an earlier note
        if text != event.text:
            self.post_message(FieldNote(_(entry.TRIMMED_PASTE), refused=False))


class SecretInput(OneLineInput):
    """A masked input whose text reaches neither the clipboard nor a log."""

    class Changed(Input.Changed):
        """The secret was changed; the text is not shown."""

        def __repr__(self) -> str:
            return f"SecretInput.Changed({MASK!r})"

        def __rich_repr__(self) -> Iterator[str]:
            yield MASK

    class Submitted(Input.Submitted):
        """Enter was pressed; the text is not shown."""

        def __repr__(self) -> str:
            return f"SecretInput.Submitted({MASK!r})"

        def __rich_repr__(self) -> Iterator[str]:
            yield MASK

    class Blurred(Input.Blurred):
        """The input was left; the text is not shown."""

        def __repr__(self) -> str:
            return f"SecretInput.Blurred({MASK!r})"

        def __rich_repr__(self) -> Iterator[str]:
            yield MASK

    def __init__(self, placeholder: str = "") -> None:
        super().__init__(placeholder=placeholder, password=True)

    def action_cut(self) -> None:
        """Delete the selection without copying it."""
        self.delete_selection()

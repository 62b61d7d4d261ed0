"""An input with its label above and its problem below."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from wizard.text.display import MASK
from wizard.text.language import _
from wizard.ui.steps import model
from wizard.ui.steps.model import single_line
from wizard.ui.textual.basics import PlainText


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

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        text = single_line(event.text)
        if text is None:
            self.post_message(FieldNote(_(model.SEVERAL_LINES), refused=True))
            return
        self.replace(text, *self.selection)  # posts Changed, which clears an earlier note
        if text != event.text:
            self.post_message(FieldNote(_(model.TRIMMED_PASTE), refused=False))


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

    def action_copy(self) -> None:
        """Do not copy; if nothing is selected, the key is not meant for the field."""
        if not self.selected_text:
            raise SkipAction
        self.app.bell()

    def action_cut(self) -> None:
        """Delete the selection without copying it."""
        self.delete_selection()


class Field(Vertical):
    """A labelled input that does not know where its value is stored."""

    class Edited(Message):
        """The text was changed by the operator."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Blurred(Message):
        """The operator left the field: time to say what is wrong with it."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Confirmed(Message):
        """Enter was pressed in the field."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    def __init__(
        self, label: str, value: str = "", *, placeholder: str = "", secret: bool = False, name: str
    ) -> None:
        super().__init__(name=name, id=f"field-{name}")
        self._label = label
        self._input: Input = (
            SecretInput(placeholder)
            if secret
            else OneLineInput(value=value, placeholder=placeholder)
        )
        self._problem = PlainText(classes="problem")
        self._note = PlainText(classes="note")
        self._kept = PlainText(classes="quiet")
        self._guidance = PlainText()

    def compose(self) -> ComposeResult:
        """Yield label, input, problem, note, what an empty field keeps, and guidance."""
        yield PlainText(self._label, classes="label")
        yield self._input
        yield self._problem
        yield self._note
        yield self._kept
        yield self._guidance

    def on_mount(self) -> None:
        """Take no room for what is empty."""
        for each in (self._problem, self._note, self._kept, self._guidance):
            each.display = False

    @property
    def value(self) -> str:
        """The text; blanks around it count only in a secret."""
        text = self._input.value
        return text if isinstance(self._input, SecretInput) else text.strip()

    @property
    def problem(self) -> str:
        """The problem that is shown, or nothing."""
        return str(self._problem.content) if self._problem.display else ""

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong, or nothing."""
        self._problem.set_text(f"✗ {sentence}" if sentence else "")
        self.set_class(bool(sentence), "-wrong")

    def show_kept(self, sentence: str) -> None:
        """Say what an empty field keeps, or nothing."""
        self._kept.set_text(sentence)

    def show_guidance(self, text: str) -> None:
        """Say what helps to answer, or nothing."""
        self._guidance.set_text(text)

    def fill(self, text: str) -> None:
        """Replace the text of the field."""
        self._input.value = text
        self._input.cursor_position = len(text)

    def focus_input(self) -> None:
        """Put the cursor into the field."""
        # Before the screen is laid out, textual would scroll to the wrong place.
        self._input.focus(scroll_visible=False)
        self._keep_in_view()

    def on_resize(self) -> None:
        """Stay in view when the text below grows."""
        self._keep_in_view()

    def _keep_in_view(self) -> None:
        """While it has the focus, show all of it, or at least its beginning."""
        if self.has_focus_within:
            room = self.container_size.height
            self.scroll_visible(animate=False, top=self.size.height > room)

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.show_problem("")
        self._note.set_text("")
        self.post_message(self.Edited(self))

    @on(Input.Blurred)
    def _leave(self, event: Input.Blurred) -> None:
        event.stop()
        if self._input.value != self.value:
            with self._input.prevent(Input.Changed):  # which would clear the note
                self._input.value = self.value
            self._note.set_text(_(model.TRIMMED))
        self.post_message(self.Blurred(self))

    @on(Input.Submitted)
    def _confirmed(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Confirmed(self))

    @on(FieldNote)
    def _show_note(self, event: FieldNote) -> None:
        event.stop()
        if event.refused:
            self.show_problem(event.text)
        else:
            self._note.set_text(event.text)

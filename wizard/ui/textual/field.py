"""An input with its label above and what is wrong with it below."""

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
    """Something about the text of a field that the operator should know."""

    def __init__(self, text: str, *, refused: bool) -> None:
        super().__init__()
        self.text = text
        self.refused = refused


class OneLineInput(Input):
    """An input that takes pasted text whole or not at all.

    Its cursor stands still: a blinking one would send something to the terminal for ever.
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
    """A masked input whose text leaves it neither by the clipboard nor by a log."""

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
        """Do not copy; where nothing is selected, the key is not meant for the field."""
        if not self.selected_text:
            raise SkipAction
        self.app.bell()

    def action_cut(self) -> None:
        """Delete what is selected, without a copy."""
        self.delete_selection()


class Field(Vertical):
    """A labelled input. It does not know where its value lives."""

    class Edited(Message):
        """The text was changed by the operator."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Left(Message):
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
        self._about = PlainText()

    def compose(self) -> ComposeResult:
        """Label, input, problem, note, what an empty field keeps, what to know."""
        yield PlainText(self._label, classes="label")
        yield self._input
        yield self._problem
        yield self._note
        yield self._kept
        yield self._about

    def on_mount(self) -> None:
        """Take no room for what is not there."""
        for each in (self._problem, self._note, self._kept, self._about):
            each.display = False

    @property
    def value(self) -> str:
        """The text; blanks around it belong to it in a secret alone."""
        text = self._input.value
        return text if isinstance(self._input, SecretInput) else text.strip()

    @property
    def problem(self) -> str:
        """What is said to be wrong, or nothing."""
        return str(self._problem.content) if self._problem.display else ""

    def complain(self, sentence: str) -> None:
        """Say what is wrong, or nothing."""
        self._problem.say(f"✗ {sentence}" if sentence else "")
        self.set_class(bool(sentence), "-wrong")

    def say_kept(self, sentence: str) -> None:
        """Say what an empty field keeps, or nothing."""
        self._kept.say(sentence)

    def say_about(self, text: str) -> None:
        """Say what to know, or nothing."""
        self._about.say(text)

    def fill(self, text: str) -> None:
        """Put ``text`` into the field instead of what stands there."""
        self._input.value = text
        self._input.cursor_position = len(text)

    def focus_input(self) -> None:
        """Put the cursor into the field."""
        # The screen may not be laid out yet, and textual would scroll to where the field is not.
        self._input.focus(scroll_visible=False)
        self._keep_in_view()

    def on_resize(self) -> None:
        """Follow what is said below."""
        self._keep_in_view()

    def _keep_in_view(self) -> None:
        """Show all of it while it has the focus, or at least its beginning."""
        if self.has_focus_within:
            room = self.container_size.height
            self.scroll_visible(animate=False, top=self.size.height > room)

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        event.stop()
        self.complain("")
        self._note.say("")
        self.post_message(self.Edited(self))

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        if self._input.value != self.value:
            with self._input.prevent(Input.Changed):  # which would clear the note
                self._input.value = self.value
            self._note.say(_(model.TRIMMED))
        self.post_message(self.Left(self))

    @on(Input.Submitted)
    def _confirmed(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Confirmed(self))

    @on(FieldNote)
    def _noted(self, event: FieldNote) -> None:
        event.stop()
        if event.refused:
            self.complain(event.text)
        else:
            self._note.say(event.text)

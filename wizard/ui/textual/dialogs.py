"""What is shown over a step: a yes-or-no question, or a page of text."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Button

from wizard.text.language import N_, _
from wizard.ui.steps.pages import Page, Question
from wizard.ui.textual.basics import KeyBar, PlainText


class QuestionScreen(ModalScreen[bool]):
    """Returns True for yes; Esc and the initially focused button mean no.

    Without a ``yes``, it is only a message.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer(False)", show=False),
        Binding("ctrl+c", "app.leave", show=False),
        Binding("left,right,up,down", "app.focus_next", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Yield the question, and no before yes."""
        with Vertical(id="question"):
            yield PlainText(self._question.text)
            with Horizontal():
                yield Button(self._question.no, id="no", compact=True)
                if self._question.yes is not None:
                    yield Button(self._question.yes, id="yes", variant="warning", compact=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def on_key(self, event: Key) -> None:
        """Answer by the first letter of yes or no in the operator's language."""
        if event.character in (_("y"), _("n")):
            event.stop()
            self.dismiss(event.character == _("y"))

    def action_answer(self, answer: bool) -> None:
        """Answer by a key."""
        self.dismiss(answer)


class PageScreen(ModalScreen[None]):
    """A page of text, closed by any of the usual keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1,ctrl+g,ctrl+c,q", "dismiss", N_("Close"), key_display="Esc"),
    ]

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Yield title and text, which scroll."""
        with VerticalScroll(id="page"):
            yield PlainText(self._page.title, classes="label")
            yield PlainText(self._page.text)
        yield KeyBar()

    def on_mount(self) -> None:
        """Let the arrow keys scroll at once."""
        self.query_one("#page").focus()

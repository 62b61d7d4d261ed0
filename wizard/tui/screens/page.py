"""A page of text over a step: its explanation, or the details of a test."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from wizard.text.language import N_
from wizard.tui.widgets.keys import Keys
from wizard.tui.widgets.sentence import Sentence
from wizard.ui.steps.pages import Page


class PageScreen(ModalScreen[None]):
    """Any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,f1,ctrl+g,ctrl+c,q", "dismiss", N_("Close"), key_display="Esc"),
    ]

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Title and text, scrolled with the arrows."""
        with VerticalScroll(id="page"):
            yield Sentence(self._page.title, classes="label")
            yield Sentence(self._page.text)
        yield Keys()

    def on_mount(self) -> None:
        """Let the arrows scroll at once."""
        self.query_one("#page").focus()

"""Asks where a real test mail should go."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.text.language import N_, _
from wizard.tui.widgets.sentence import Sentence
from wizard.ui.steps.live_test import ADDRESS, TO_WHOM
from wizard.ui.textual.field import Field


class AddressScreen(ModalScreen[str | None]):
    """Returns the address; None when the operator thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss(None)", N_("Cancel"), key_display="Esc"),
    ]

    def __init__(self, suggestion: str) -> None:
        super().__init__()
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        """One field."""
        with Vertical(id="question"):
            yield Sentence(_(TO_WHOM))
            yield Field(_(ADDRESS), self._suggestion, name="recipient")
            with Horizontal():
                yield Button(_("Send"), id="send", variant="primary", compact=True)
                yield Button(_("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """Begin to type at once."""
        self.query_one(Field).focus_input()

    @on(Field.Confirmed)
    @on(Button.Pressed, "#send")
    def _send(self) -> None:
        field = self.query_one(Field)
        try:
            self.dismiss(check_recipient(field.value))
        except InvalidValue as problem:
            field.complain(f"{problem.message} {problem.remedy}")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

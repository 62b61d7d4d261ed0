"""The menu of a reconfiguration: what is set, and what can be done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from wizard.config.draft import Draft
from wizard.text.display import escape_controls
from wizard.text.language import N_, _
from wizard.ui.steps.model import Step
from wizard.ui.steps.pages import Page
from wizard.ui.steps.session import WizardSession
from wizard.ui.steps.summary import HELP, TITLE, Action, Row, rows
from wizard.ui.textual.basics import KeyBar, PlainText
from wizard.ui.textual.dialogs import PageScreen


class SummaryScreen(Screen[Step | Action]):
    """A menu whose entries show their values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", N_("Leave")),
        Binding("f1,ctrl+g", "help", N_("Help"), key_display="F1"),
    ]

    def __init__(
        self,
        session: WizardSession,
        draft: Draft,
        chosen: Step | Action | None,
        learn: Callable[[], Awaitable[Draft]],
    ) -> None:
        super().__init__()
        self._learn = learn
        self.session = session
        self.draft = draft
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Yield the path of the configuration, and the menu."""
        yield PlainText(_(TITLE), id="title")
        yield PlainText(str(self.session.current.layout.config), classes="quiet")
        hint = self.session.hints.get(Step.FILES.value)
        if hint:
            yield PlainText(hint, classes="hint")
        self._rows = rows(self.session, self.draft)
        yield OptionList(*_options(self._rows), id="menu", compact=True, markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Highlight the entry that was chosen last, and wait for Compose and the check."""
        menu = self.query_one(OptionList)
        chosen = [row.choice for row in self._rows]
        menu.highlighted = chosen.index(self._chosen) if self._chosen in chosen else 0
        menu.focus()
        if self.session.asked_compose is not None or self.session.running_check is not None:
            self._wait_for_answers()

    @work(group="findings")
    async def _wait_for_answers(self) -> None:
        """Add what Compose says and what the check finds once that is known."""
        self.draft = await self._learn()
        self._redraw()
        if self.session.running_check is not None:
            await asyncio.wait([self.session.running_check])
            self._redraw()

    def _redraw(self) -> None:
        """Show what is known now, without moving the highlight."""
        updated = rows(self.session, self.draft)
        if updated == self._rows:
            return
        menu = self.query_one(OptionList)
        chosen = self._rows[menu.highlighted or 0].choice
        self._rows = updated
        menu.set_options(_options(updated))
        menu.highlighted = [row.choice for row in updated].index(chosen)

    @on(OptionList.OptionSelected)
    def _select(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[event.option_index].choice)

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(Action.LEAVE)

    def action_help(self) -> None:
        """Explain the menu."""
        self.app.push_screen(PageScreen(Page(_(TITLE), _(HELP))))


def _options(rows: Sequence[Row]) -> list[Option]:
    """Return the entries, with their values in one column."""
    width = max(len(row.label) for row in rows) + 1
    return [Option(Content(escape_controls(f"{row.label:<{width}}{row.value}"))) for row in rows]

"""What is typed stays, whatever else is drawn meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui_textual.conftest import Wizard
from wizard.config.layout import CONFIG_NAME
from wizard.ui.textual.account_screen import AccountScreen
from wizard.ui.textual.field import OneLineInput
from wizard.ui.textual.row import InlineChoice


@pytest.mark.parametrize(
    ("field", "text"),
    [("user", "me@example.org"), ("secret", "a-password"), ("endpoint", "mail.example.org")],
)
async def test_a_redraw_keeps_text_that_is_on_its_way(
    tmp_path: Path, wizard: Wizard, field: str, text: str
) -> None:
    async with wizard(tmp_path / CONFIG_NAME) as operator:
        await operator.go_to(field)
        screen = operator.app.screen
        assert isinstance(screen, AccountScreen)
        row = operator.row(field)
        assert isinstance(row.field, OneLineInput)
        row.field.value = text  # as a key does; the row tells the form about it only later
        screen.redraw()
        assert row.field.value == text
        await operator.settled()
        screen.redraw()
        assert row.field.value == text


async def test_a_redraw_keeps_a_choice_that_is_on_its_way(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / CONFIG_NAME) as operator:
        await operator.go_to("starttls")
        screen = operator.app.screen
        assert isinstance(screen, AccountScreen)
        row = operator.row("starttls")
        assert isinstance(row.field, InlineChoice)
        row.field.action_choose(1)
        screen.redraw()
        await operator.settled()
        assert row.field.value is True
        assert screen.form.values.starttls is True

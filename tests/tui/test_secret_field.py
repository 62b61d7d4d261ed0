"""The secret leaves its field neither by the clipboard nor by a message, a crash or a log."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from textual import events

from tests.tui.conftest import Operator, Wizard
from wizard.tui.widgets.field import Field, SecretInput

SECRET = "hunter22"


async def at_the_field(operator: Operator) -> SecretInput:
    await operator.press("enter", "enter")
    await operator.type("me@demo.example")
    await operator.press("enter")
    await operator.type("mail.demo.example")
    await operator.press("enter", "enter")
    return operator.app.screen.query_one(SecretInput)


async def test_field_masks_and_does_not_copy(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        await operator.type(SECRET)
        assert SECRET not in operator.drawn()
        assert "•" * len(SECRET) in operator.drawn()
        field.select_all()
        await operator.press("ctrl+c")
        assert operator.app.clipboard == ""
        field.select_all()
        await operator.press("ctrl+x")
        assert operator.app.clipboard == ""
        assert field.value == ""


async def test_messages_of_the_field_mask_its_text(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        for kind in (SecretInput.Changed, SecretInput.Submitted, SecretInput.Blurred):
            message = kind(field, SECRET)
            console = Console(file=io.StringIO(), record=True)
            console.print(message)
            assert SECRET not in repr(message) + str(message) + console.export_text()


async def test_pasted_secret_loses_the_line_break_with_a_word(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        operator.app.post_message(events.Paste(f" {SECRET}\r\n"))
        await operator.settled()
        assert field.value == SECRET
        assert "were left out" in operator.text()


async def test_several_pasted_lines_are_refused(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        operator.app.post_message(events.Paste(f"{SECRET}\nmore"))
        await operator.settled()
        assert field.value == ""
        assert "several lines" in operator.text()
        assert SECRET not in operator.drawn() + operator.text()


async def test_secret_that_no_reader_can_take_is_refused_beside_its_field(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await at_the_field(operator)
        operator.app.post_message(events.Paste("a\x07b"))
        await operator.settled()
        await operator.press("enter")
        assert operator.step == "SecretScreen"
        assert operator.app.screen.query_one(Field).problem


async def test_crash_shows_no_value(
    tmp_path: Path, wizard: Wizard, capsys: pytest.CaptureFixture[str]
) -> None:
    class DefectError(Exception):
        pass

    with pytest.raises(DefectError):
        async with wizard(tmp_path / "config.toml") as operator:
            field = await at_the_field(operator)
            await operator.type(SECRET)

            def crash() -> None:
                secret = field.value  # what a panel with locals would print
                raise DefectError(len(secret))

            operator.app.call_later(crash)
            await operator.pilot.pause()
    shown = capsys.readouterr()
    assert "DefectError" in shown.err + shown.out
    assert SECRET not in shown.err + shown.out

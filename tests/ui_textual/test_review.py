"""The review: what the keys do before anything is written."""

from __future__ import annotations

from pathlib import Path

from tests.ui_textual.conftest import SMALL, Wizard
from wizard.config.layout import CONFIG_NAME


async def test_space_reads_on_and_writes_nothing(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / CONFIG_NAME
    async with wizard(config, SMALL) as operator:
        await operator.choose("verify", "not verified")
        await operator.press("enter")
        assert operator.screen == "ReviewScreen"
        for _ in range(8):
            await operator.press("space")
        assert operator.screen == "ReviewScreen"
        assert not config.exists()
        await operator.press("enter")
        await operator.until(lambda: operator.screen == "DoneScreen")
    assert config.exists()


async def test_the_line_of_keys_says_what_enter_does_on_each_button(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / CONFIG_NAME) as operator:
        await operator.choose("verify", "not at all")
        await operator.press("enter")
        assert "Enter write" in operator.drawn().splitlines()[-1]
        await operator.press("right")
        assert "Enter back" in operator.drawn().splitlines()[-1]
        await operator.press("left")
        assert "Enter write" in operator.drawn().splitlines()[-1]


async def test_the_form_a_server_version_needs_is_warned_about_until_it_is_chosen(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / CONFIG_NAME) as operator:
        await operator.choose("verify", "not at all")
        await operator.press("enter")
        assert "a server since 0.7 does not start with it" in operator.read()
        await operator.press("escape")
        await operator.choose("version", "0.7 or later")
        await operator.press("enter")
        assert "does not start with it" not in operator.read()
        assert "skip_verification = true" in operator.read()

"""The last line names the keys from the first frame on, and can be clicked."""

from __future__ import annotations

from pathlib import Path

from tests.ui_textual.conftest import Wizard
from wizard.ui.textual.basics import KeyBar


async def test_a_click_presses_the_key(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        line = operator.drawn().splitlines()[-1]
        assert line.rstrip() == "esc Back F1 Help ^q Quit"
        await operator.pilot.click(KeyBar, offset=(line.index(" F1"), 0))
        await operator.settled()
        assert operator.step == "FilesScreen"  # there is no key between two keys
        await operator.pilot.click(KeyBar, offset=(line.index("Help"), 0))
        await operator.settled()
        assert operator.step == "PageScreen"
        assert operator.drawn().splitlines()[-1].startswith("Esc Close")

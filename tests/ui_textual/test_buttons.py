"""Buttons and keys: what can be done next is said in the last two lines."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.ui_textual.gallery import Gallery, SceneScreen, drawn, press, settled
from wizard.ui.textual.buttons import Buttons, Keys

NORMAL, SMALL = (80, 24), (40, 12)


def last(pilot: Pilot[None]) -> list[str]:
    return drawn(pilot.app).splitlines()[-2:]


def said(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app.screen, SceneScreen)
    return pilot.app.screen.messages


async def test_bar_is_before_the_button_that_enter_presses() -> None:
    async with Gallery("passed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        assert last(pilot)[0] == " ▌[ Review the changes ]  [ Test again ]  [ Send a mail ]"
        await press(pilot, "right", "right", "enter", "right", "left")
        assert last(pilot)[0] == "  [ Review the changes ]  [ Test again ] ▌[ Send a mail ]"
        await press(pilot, "tab")
        assert last(pilot)[0] == "  [ Review the changes ]  [ Test again ]  [ Send a mail ]"
        assert said(pilot) == ["pressed send"]


async def test_tab_visits_each_button_and_then_leaves() -> None:
    async with Gallery("passed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        buttons = pilot.app.screen.query_one(Buttons)
        await press(pilot, "tab")
        assert (buttons.current, buttons.has_focus) == ("test", True)
        await press(pilot, "shift+tab", "shift+tab")
        assert not buttons.has_focus


async def test_other_buttons_keep_the_current_one_if_it_is_still_there() -> None:
    async with Gallery("passed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        buttons = pilot.app.screen.query_one(Buttons)
        buttons.focus_button("test")
        buttons.show([("use", "Use STARTTLS"), ("test", "Test again"), ("review", "Review")])
        assert buttons.current == "test"
        buttons.show([("stop", "Stop"), ("close", "Close", True)])
        assert buttons.current == "close"
        buttons.show([])
        await press(pilot, "enter", "right", "left")
        assert said(pilot) == []


async def test_current_button_is_in_view_where_not_all_fit() -> None:
    async with Gallery("passed").run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert last(pilot)[0] == " ▌[ Review the changes ] ›"  # noqa: RUF001
        await press(pilot, "right")
        assert last(pilot)[0] == "‹▌[ Test again ]  [ Send a mail ]"  # noqa: RUF001


async def test_a_click_presses_a_button() -> None:
    async with Gallery("passed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        await pilot.click(Buttons, offset=(last(pilot)[0].index("Test"), 0))
        await settled(pilot)
        assert said(pilot) == ["pressed test"]


async def test_keys_are_left_out_from_the_right_and_never_cut() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        assert last(pilot)[1] == " Enter go on  ↑↓ field  ^R test  ^O files  F1 help  Esc quit"
        await pilot.resize_terminal(60, 24)
        await settled(pilot)
        assert last(pilot)[1] == " Enter go on  ↑↓ field  ^R test  ^O files  F1 help  Esc quit"
        await pilot.resize_terminal(59, 24)
        await settled(pilot)
        assert last(pilot)[1] == " Enter go on  ↑↓ field  ^R test  ^O files  F1 help"


async def test_a_click_on_a_key_presses_it() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        pilot.app.screen.query_one(Keys).show([("Enter", "go on"), ("^T", "details")])
        await settled(pilot)
        await pilot.click(Keys, offset=(last(pilot)[1].index("  ^T"), 0))
        await settled(pilot)
        assert "cannot send" not in drawn(pilot.app)  # there is no key between two keys
        await pilot.click(Keys, offset=(last(pilot)[1].index("details"), 0))
        await settled(pilot)
        assert "The server cannot send mail" in drawn(pilot.app)


async def test_text_typed_on_a_button_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    async with Gallery("passed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append("bell"))
        await press(pilot, "a", "right")
        assert rung == ["bell"]

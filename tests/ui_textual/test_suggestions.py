"""Suggestions come while the operator types, and never get in the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.held_records import PUBLIC_RECORDS, HeldRecords
from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PATIENCE, SMALL, Operator, Wizard
from wizard.discovery.dns import MxRecord
from wizard.ui.textual.field import Field

LOOKING = "Looking for the mail server of demo.example …"
OFFER = f"1 {DEMO_HOST}, port 465, SMTPS"


class Broken:
    """A DNS client with a defect."""

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        raise ZeroDivisionError

    srv = PUBLIC_RECORDS.srv


async def press(operator: Operator, *keys: str) -> None:
    """Press keys without waiting for what happens in the background."""
    operator.burst(*keys)
    await operator.handled()


async def wait(operator: Operator, text: str) -> None:
    await operator.until(lambda: text in operator.text())
    await operator.handled()


async def to_server(operator: Operator, user: str = DEMO_USER) -> None:
    await press(operator, "enter", "enter", *user, "enter")
    assert operator.step == "ServerScreen"


def endpoint(operator: Operator) -> str:
    return operator.app.screen.query_one("#field-endpoint", Field).value


def clock(operator: Operator) -> int:
    """Return the seconds that the search shows."""
    shown = re.search(rf"{re.escape(LOOKING)} (\d+) s", operator.text())
    assert shown is not None, operator.text()
    return int(shown[1])


async def test_slow_search_has_a_clock_and_does_not_block_typing(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml", records=HeldRecords()) as operator:
        await to_server(operator)
        await press(operator, *"mail.x.example")
        assert endpoint(operator) == "mail.x.example"
        begun = clock(operator)
        await operator.until(lambda: clock(operator) > begun)
        await press(operator, "enter", "enter")
        assert operator.step == "SecretScreen"


async def test_results_do_not_change_what_is_typed(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator)
        await press(operator, *"mail.x")
        records.released.set()
        await wait(operator, OFFER)
        assert endpoint(operator) == "mail.x"
        await press(operator, *".example")
        assert endpoint(operator) == "mail.x.example"
        assert "To take it over, type 1 instead." in operator.text()
        await press(operator, "ctrl+u", "1", "tab")
        assert endpoint(operator) == DEMO_HOST
        assert OFFER not in operator.text()


async def test_empty_field_stays_empty_until_enter_is_pressed(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml", records=PUBLIC_RECORDS) as operator:
        await to_server(operator)
        await wait(operator, OFFER)
        assert endpoint(operator) == ""
        await press(operator, "tab", "shift+tab")
        assert endpoint(operator) == ""
        await press(operator, "enter")
        assert endpoint(operator) == DEMO_HOST
        assert f"{DEMO_HOST}, port 465, encrypted from the first byte" in operator.text()
        assert operator.step == "ServerScreen"


async def test_accepted_suggestion_sets_the_encryption(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator, "me@icloud.com")
        assert "smtp.mail.me.com, port 587, STARTTLS" in operator.text()
        await press(operator, "enter")
        assert "(•) STARTTLS" in operator.drawn()
        await press(operator, "up")
        assert "(•) SMTPS" in operator.drawn()
        assert "smtp.mail.me.com, port 465" in operator.text()


async def test_offer_is_visible_on_a_small_screen(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", SMALL, records=records) as operator:
        await to_server(operator)
        assert LOOKING.removesuffix(" …") in " ".join(operator.drawn().split())
        records.released.set()
        await wait(operator, OFFER)
        assert "for example mail.example.org" in operator.drawn()
        assert OFFER in operator.drawn()
        assert "Enter takes it over" in operator.drawn()
        await press(operator, "enter")
        await operator.settled()
        assert "(•) SMTPS" in operator.drawn()


async def test_long_guidance_keeps_its_field_visible(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", SMALL) as operator:
        await to_server(operator, "me@gmail.com")
        await operator.settled()
        assert "for example mail.example.org" in operator.drawn()
        assert "1 smtp.gmail.com, port 465, SMTPS" in operator.drawn()
        assert "on first." not in operator.drawn()
        await operator.press("pagedown")
        assert "on first." in operator.drawn()


async def test_another_address_ends_the_search_for_the_first(
    tmp_path: Path, wizard: Wizard
) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator, "me@other.example")
        await wait(operator, "Looking for the mail server of other.example …")
        await press(operator, "escape", "ctrl+u", *DEMO_USER, "enter")
        assert LOOKING in operator.text()
        records.released.set()
        await wait(operator, OFFER)
        assert "other.example" not in operator.text()
        assert records.asked == ["other.example", "demo.example"]


async def test_same_address_is_searched_for_once(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    records.released.set()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator)
        await wait(operator, OFFER)
        await press(operator, "escape", "enter")
        assert OFFER in operator.text()
        assert records.asked == ["demo.example"]


async def test_incomplete_address_is_never_searched_for(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await press(operator, "enter", "enter", *"me@demo.exam", "escape", "enter")
        assert operator.step == "UserScreen"
        assert records.asked == []


async def test_search_ends_with_the_wizard(tmp_path: Path, wizard: Wizard) -> None:
    before = asyncio.all_tasks()
    async with wizard(tmp_path / "config.toml", records=HeldRecords()) as operator:
        await to_server(operator)
        await wait(operator, LOOKING)
        await press(operator, "ctrl+q", "tab", "enter")
        await operator.until(lambda: operator.has_left)
    left = asyncio.all_tasks() - before
    assert not left or not (await asyncio.wait(left, timeout=PATIENCE))[1]


async def test_defect_of_the_search_counts_as_no_result(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", records=Broken()) as operator:
        await to_server(operator)
        await operator.settled()
        assert "Looking" not in operator.text()
        await press(operator, *DEMO_HOST, "enter", "enter")
        assert operator.step == "SecretScreen"


async def test_nobody_is_asked_without_the_decision_to_ask(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator)
        await operator.settled()
        assert "demo.example" not in operator.text()
        assert operator.app.session.discovery.state is None


@pytest.mark.parametrize("key", ["enter", "tab"])
async def test_number_without_an_offer_is_a_wrong_host(
    tmp_path: Path, wizard: Wizard, key: str
) -> None:
    async with wizard(tmp_path / "config.toml", records=PUBLIC_RECORDS) as operator:
        await to_server(operator)
        await wait(operator, OFFER)
        await press(operator, "2", key)
        assert "'2' is neither a host name" in operator.text()
        assert endpoint(operator) == "2"


async def test_app_password_is_mentioned_for_a_typed_host(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator)
        await press(operator, *"smtp.gmail.com")
        assert "Google needs an app password" in operator.text()
        await press(operator, "enter", "enter")
        assert operator.step == "SecretScreen"
        assert "Google needs an app password" in operator.text()
        await press(operator, "shift+tab", "down")
        assert "app password" not in operator.text()


async def test_variables_are_expanded_but_the_secret_is_never_searched_for(
    tmp_path: Path, wizard: Wizard
) -> None:
    records = HeldRecords()
    environ = {"MAILBOX": "me@variable.example", "SMTP_SECRET": "pass@word.example"}
    async with wizard(tmp_path / "config.toml", records=records, environ=environ) as operator:
        await to_server(operator, "${MAILBOX}")
        await wait(operator, "Looking for the mail server of variable.example …")
        await press(operator, "escape", "ctrl+u", *"${SMTP_SECRET}", "enter")
        assert operator.step == "ServerScreen"
        assert "Looking" not in operator.text()
        assert "word.example" not in operator.text()
        assert records.asked == ["variable.example"]

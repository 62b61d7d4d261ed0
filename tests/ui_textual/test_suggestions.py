"""Suggestions come while the operator types, and never get in the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.held_records import CUSTOMER, HOSTED, PUBLIC_RECORDS, HeldRecords
from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PATIENCE, SMALL, Operator, Wizard
from wizard.discovery.dns import FixedRecords, MxRecord
from wizard.system.network import Address

LOOKING = "Looking for the mail server of demo.example …"


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
    await press(operator, *user, "enter", "tab")
    assert operator.focus == "endpoint"


def clock(operator: Operator) -> int:
    """Return the seconds that the search shows."""
    shown = re.search(r"Looking … (\d+) s", operator.drawn_row("endpoint"))
    assert shown is not None, operator.drawn()
    return int(shown[1])


async def test_slow_search_has_a_clock_and_does_not_block_typing(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml", records=HeldRecords()) as operator:
        await to_server(operator)
        begun = clock(operator)
        await operator.until(lambda: clock(operator) > begun)
        await press(operator, *"mail.x.example", "enter")
        assert operator.value("endpoint") == "mail.x.example"
        assert operator.focus == "secret"


async def test_what_is_safe_is_filled_in_unless_something_was_typed(
    tmp_path: Path, wizard: Wizard
) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator)
        await press(operator, *"mail.x")
        records.released.set()
        await operator.settled()
        assert operator.value("endpoint") == "mail.x"
        await press(operator, "ctrl+u", "tab")
        await operator.until(lambda: operator.value("endpoint") in ("", DEMO_HOST))
        await press(operator, "shift+tab", "enter")
        assert operator.value("endpoint") == DEMO_HOST
        assert "names it in its DNS" in operator.drawn_row("endpoint")


async def test_what_is_filled_in_does_not_move_the_focus(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await press(operator, *DEMO_USER, "enter", *"half a passw")
        records.released.set()
        await operator.until(lambda: operator.value("endpoint") == DEMO_HOST)
        await operator.settled()
        assert operator.focus == "secret"
        assert operator.value("secret") == "half a passw"


async def test_host_of_somebody_else_is_only_offered(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", records=PUBLIC_RECORDS) as operator:
        await to_server(operator, f"you@{HOSTED}")
        await wait(operator, f"It is not part of {HOSTED}: take it only if you know it.")
        assert operator.value("endpoint") == ""
        await press(operator, "tab", "shift+tab")
        assert operator.value("endpoint") == ""
        await press(operator, "enter")
        assert operator.value("endpoint") == DEMO_HOST
        assert operator.app.flow.session.last_test is None


@pytest.mark.parametrize(
    ("typed", "host", "option"),
    [("", "mail.hosting.example", "SMTPS"), ("2", DEMO_HOST, "STARTTLS")],
)
async def test_number_takes_a_suggestion_with_its_encryption(
    tmp_path: Path, wizard: Wizard, typed: str, host: str, option: str
) -> None:
    async with wizard(tmp_path / "config.toml", records=PUBLIC_RECORDS) as operator:
        await to_server(operator, f"you@{CUSTOMER}")
        await wait(operator, DEMO_HOST)
        await press(operator, *typed, "enter")
        assert operator.value("endpoint") == host
        assert f"(•) {option}" in operator.drawn_row("starttls")


@pytest.mark.parametrize("key", ["enter", "tab"])
async def test_number_without_an_offer_is_a_wrong_host(
    tmp_path: Path, wizard: Wizard, key: str
) -> None:
    async with wizard(tmp_path / "config.toml", records=PUBLIC_RECORDS) as operator:
        await to_server(operator, f"you@{HOSTED}")
        await wait(operator, DEMO_HOST)
        await press(operator, "7", key)
        await operator.settled()
        assert operator.value("endpoint") == "7"
        assert "✗" in operator.drawn_row("endpoint")


async def test_offer_is_visible_on_a_small_screen(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", SMALL, records=PUBLIC_RECORDS) as operator:
        await to_server(operator, f"you@{HOSTED}")
        await wait(operator, DEMO_HOST)
        assert f"1 {DEMO_HOST}" in operator.read()
        assert "▌" in operator.drawn_row("endpoint")
        await press(operator, "enter")
        assert operator.value("endpoint") == DEMO_HOST


async def test_provider_is_known_before_any_enter(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await press(operator, *"me@icloud.com")
        assert operator.value("endpoint") == "smtp.mail.me.com"
        assert "(•) STARTTLS" in operator.drawn_row("starttls")
        await press(operator, *["backspace"] * 3)
        assert operator.value("endpoint") == ""
        await press(operator, *"net")
        assert operator.value("endpoint") == ""


async def test_host_that_was_removed_is_not_filled_in_again(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator, "me@gmail.com")
        await press(operator, "ctrl+u", *"mail.x.example", "tab")
        await press(operator, *"x")
        assert operator.value("endpoint") == "mail.x.example"


async def test_another_address_ends_the_search_for_the_first(
    tmp_path: Path, wizard: Wizard
) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator, "me@other.example")
        await wait(operator, "Looking for the mail server of other.example …")
        await press(operator, "up", "up", *DEMO_USER, "tab", "tab")
        assert LOOKING in operator.text()
        records.released.set()
        await operator.until(lambda: operator.value("endpoint") == DEMO_HOST)
        assert "other.example" not in operator.text()
        assert records.asked == ["other.example", "demo.example"]


async def test_same_address_is_searched_for_once(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    records.released.set()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator)
        await press(operator, "up", "up", "enter")
        await operator.settled()
        assert records.asked == ["demo.example"]


async def test_incomplete_address_is_never_searched_for(tmp_path: Path, wizard: Wizard) -> None:
    records = HeldRecords()
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await press(operator, *"me@demo.exam", "escape", "escape", *"ple")
        assert records.asked == []
        await press(operator, "tab")
        assert records.asked == ["demo.example"]


async def test_search_ends_with_the_wizard(tmp_path: Path, wizard: Wizard) -> None:
    before = asyncio.all_tasks()
    async with wizard(tmp_path / "config.toml", records=HeldRecords()) as operator:
        await to_server(operator)
        await wait(operator, LOOKING)
        await press(operator, "ctrl+q", "up", "enter")
        await operator.until(lambda: operator.has_left)
    left = asyncio.all_tasks() - before
    assert not left or not (await asyncio.wait(left, timeout=PATIENCE))[1]


async def test_defect_of_the_search_counts_as_no_result(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", records=Broken()) as operator:
        await to_server(operator)
        await operator.settled()
        assert "Looking" not in operator.text()
        await press(operator, *DEMO_HOST, "enter")
        assert operator.focus == "secret"


async def test_nobody_is_asked_without_the_decision_to_ask(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator, "me@nothing.example")
        await operator.settled()
        assert "Mozilla" not in operator.text()
        assert operator.app.flow.session.discovery.state is None


async def test_mozillas_directory_is_asked_only_by_its_number(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def resolve(_network: object, host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        raise OSError

    monkeypatch.setattr("wizard.demo.network.DemoNetwork.resolve", resolve)
    records = FixedRecords(mx_records={"firm.example": [MxRecord(1, "mx.firm.example")]})
    async with wizard(tmp_path / "config.toml", records=records) as operator:
        await to_server(operator, "me@firm.example")
        await wait(operator, "Ask Mozilla's directory of mail servers")
        await press(operator, "enter", "tab")
        assert not [host for host in asked if "thunderbird" in host]
        assert operator.focus == "endpoint"
        await press(operator, "1", "enter")
        await operator.settled()
        assert [host for host in asked if "thunderbird" in host]
        assert operator.value("endpoint") == ""


async def test_app_password_is_mentioned_for_a_typed_host(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await to_server(operator, "me@firm.example")
        await press(operator, *"smtp.gmail.com", "enter")
        assert operator.focus == "secret"
        assert "Google wants an app password" in operator.read()
        assert "! An app password, not your Google password." in operator.drawn_row("secret")


async def test_variables_are_expanded_but_the_secret_is_never_searched_for(
    tmp_path: Path, wizard: Wizard
) -> None:
    records = HeldRecords()
    environ = {"MAILBOX": "me@variable.example", "SMTP_SECRET": "pass@word.example"}
    async with wizard(tmp_path / "config.toml", records=records, environ=environ) as operator:
        await to_server(operator, "${MAILBOX}")
        assert "Now: me@variable.example" in operator.drawn_row("user")
        await wait(operator, "Looking for the mail server of variable.example …")
        await press(operator, "up", "up", *"${SMTP_SECRET}", "tab", "tab")
        await operator.until(lambda: "Looking" not in operator.text())
        assert "word.example" not in operator.text()
        assert records.asked == ["variable.example"]

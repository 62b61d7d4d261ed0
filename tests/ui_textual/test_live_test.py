"""The live test on the screen: alternatives, a real mail, details, stopping."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PASSWORD, Operator, Wizard
from wizard.demo.mail_server import MailServer


async def up_to_the_test(operator: Operator, endpoint: str = DEMO_HOST) -> None:
    await operator.press("enter", "enter")
    await operator.type(DEMO_USER)
    await operator.press("enter")
    await operator.type(endpoint)
    await operator.press("enter")
    if operator.step == "ServerScreen":
        await operator.press("enter")
    await operator.type(PASSWORD)
    await operator.press("enter")
    assert operator.step == "LiveTestScreen"


async def test_working_alternative_is_chosen_with_one_key(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator, f"smtp://{DEMO_HOST}")
        assert "will fail" in operator.text()
        assert f"1 takes over {DEMO_HOST}" in operator.text()
        await operator.press("1")
        assert "will be able to send" in operator.text()
        await operator.press("enter", "enter", "enter")
    assert f'endpoint = "{DEMO_HOST}"' in (tmp_path / "config.toml").read_text()


async def test_number_without_an_alternative_does_nothing(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        before = operator.drawn()
        await operator.press("1", "9")
        assert operator.drawn() == before


async def test_real_mail_is_sent_only_on_request(
    tmp_path: Path, wizard: Wizard, mail_server: MailServer
) -> None:
    sent = len(mail_server.messages)
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        assert len(mail_server.messages) == sent
        await operator.press("ctrl+s")
        assert operator.step == "AddressScreen"
        await operator.type("nonsense")
        await operator.press("enter")
        assert "not one mail address" in operator.text()
        await operator.press("escape")
        assert operator.step == "LiveTestScreen"
        await operator.press("ctrl+s", "enter")
        assert "Message" in operator.drawn()
        assert len(mail_server.messages) == sent + 1
        assert mail_server.messages[-1].recipients == (DEMO_USER,)
        await operator.press("enter")
        assert operator.step == "ReviewScreen"


async def test_refused_real_mail_revokes_the_verdict(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str:
        return "554 5.7.1 Looks like spam"

    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        assert "will be able to send" in operator.drawn()
        monkeypatch.setattr("wizard.demo.mail_server._Account.handle_DATA", refuse)
        await operator.press("ctrl+s", "enter")
        assert "will fail to send" in operator.drawn()
        assert "554 5.7.1 Looks like spam" in operator.text()
        await operator.press("enter")
        assert operator.step != "ReviewScreen"


async def test_details_can_be_pasted_into_a_ticket(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        await operator.press("ctrl+t")
        assert operator.step == "PageScreen"
        assert "EHLO" in operator.text()
        assert "swaks" in operator.text()
        assert PASSWORD not in operator.text()
        await operator.press("escape")
        assert operator.step == "LiveTestScreen"


async def test_same_values_are_not_tested_twice(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        tested = operator.app.session.last_test
        await operator.press("escape", "enter")
        assert operator.step == "LiveTestScreen"
        assert operator.app.session.last_test is tested
        await operator.press("ctrl+r")
        assert operator.app.session.last_test is not tested


async def test_running_test_is_stopped_by_escape_and_leaves_everything(
    tmp_path: Path, wizard: Wizard
) -> None:
    """A silent test replaces a server that never greets."""
    import asyncio
    from collections.abc import AsyncGenerator

    from wizard.live_test.events import Event, StageStarted
    from wizard.live_test.failure import Stage

    closed = []

    async def silent(*_: object, **__: object) -> AsyncGenerator[Event, None]:
        try:
            yield StageStarted(Stage.TCP)
            await asyncio.sleep(3600)
        finally:
            closed.append(True)

    async with wizard(tmp_path / "config.toml") as operator:
        operator.app.session.live_test = silent
        await operator.press("enter", "enter")
        await operator.type(DEMO_USER)
        await operator.press("enter")
        await operator.type(DEMO_HOST)
        await operator.press("enter", "enter")
        await operator.type(PASSWORD)
        operator.burst("enter", "escape")
        await operator.settled()
        assert operator.step == "LiveTestScreen"
        assert closed == [True]
        assert "nothing is proven" in operator.text()
        await operator.press("escape")
        assert operator.step == "SecretScreen"
    assert list(tmp_path.iterdir()) == []

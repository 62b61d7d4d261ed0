"""The live test beside the form: what stops it, where the focus goes, a real mail, details."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PASSWORD, SMALL, Operator, Wizard
from wizard.demo.mail_server import MailServer
from wizard.live_test.events import Event, StageStarted
from wizard.live_test.failure import Stage
from wizard.ui.account.live_test import RunningTest


async def up_to_the_test(
    operator: Operator, endpoint: str = DEMO_HOST, password: str = PASSWORD
) -> None:
    await operator.fill("user", DEMO_USER)
    await operator.fill("secret", password)
    await operator.fill("endpoint", endpoint)


class SilentTest:
    """Replaces the test of a server that never greets."""

    def __init__(self) -> None:
        self.begun = self.closed = 0
        self.over = asyncio.Event()

    async def __call__(self, *_: object, **__: object) -> AsyncGenerator[Event, None]:
        try:
            self.begun += 1
            yield StageStarted(Stage.TCP)
            await self.over.wait()
        finally:
            self.closed += 1


async def during_the_test(operator: Operator) -> SilentTest:
    silent = SilentTest()
    operator.app.flow.session.live_test = silent
    await operator.fill("user", DEMO_USER)
    await operator.fill("secret", PASSWORD)
    operator.burst(*DEMO_HOST, "enter")
    await operator.until(lambda: silent.begun == 1)
    await operator.handled()
    return silent


async def test_working_alternative_is_taken_with_one_key(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator, f"smtp://{DEMO_HOST}")
        assert operator.focus == "Use SMTPS, port 465"
        await operator.press("enter")
        assert "The server can send mail" in operator.read()
        assert operator.value("endpoint") == DEMO_HOST


@pytest.mark.parametrize("size", [(80, 24), SMALL])
async def test_remedy_stays_in_view_while_the_value_is_typed_again(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        await up_to_the_test(operator, password="wrong")
        assert operator.focus == "secret"
        remedy = "→ Enter the password for SMTP again"
        assert remedy in operator.read()
        await operator.type("x")
        assert operator.value("secret") == "x"  # it was selected
        assert remedy in operator.read()
        if size != SMALL:
            assert "Last test: login refused" in operator.read()


async def test_steps_that_mean_nothing_to_the_operator_do_not_flash_by(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        test = RunningTest(operator.app.flow.form)
        for stage in (Stage.EHLO, Stage.RSET, Stage.QUIT):
            before = test.panel().lines
            test.follow(StageStarted(stage))
            assert test.panel().lines == before


async def test_real_mail_is_sent_only_on_request(
    tmp_path: Path, wizard: Wizard, mail_server: MailServer
) -> None:
    sent = len(mail_server.messages)
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        assert len(mail_server.messages) == sent
        await operator.press("ctrl+s")
        assert operator.screen == "AddressScreen"
        await operator.type("nonsense")
        await operator.press("enter")
        assert "not one mail address" in operator.read()
        await operator.press("escape")
        assert operator.screen == "AccountScreen"
        await operator.press("ctrl+s", "enter")
        assert "Message" in operator.text()
        assert len(mail_server.messages) == sent + 1
        assert mail_server.messages[-1].recipients == (DEMO_USER,)
        assert operator.focus == "Review the changes"


async def test_refused_real_mail_revokes_the_verdict(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str:
        return "554 5.7.1 Looks like spam"

    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        monkeypatch.setattr("wizard.demo.mail_server._Account.handle_DATA", refuse)
        await operator.press("ctrl+s", "enter")
        assert "The server cannot send mail" in operator.read()
        assert "554 5.7.1 Looks like spam" in operator.text()
        await operator.press("enter")
        assert operator.screen == "AccountScreen"


async def test_details_can_be_pasted_into_a_ticket(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        await operator.press("ctrl+t")
        assert operator.screen == "PageScreen"
        assert "EHLO" in operator.text()
        assert "swaks" in operator.text()
        assert PASSWORD not in operator.text()
        await operator.press("escape")
        assert operator.focus == "Review the changes"


async def test_same_values_are_not_tested_twice_but_on_request(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        session = operator.app.flow.session
        tested = session.last_test
        await operator.go_to("verify")
        await operator.press("enter")
        assert operator.focus == "Review the changes"
        assert session.last_test is tested
        await operator.go_to("starttls")
        await operator.press("right", "left", "enter")
        assert session.last_test is tested
        await operator.press("ctrl+r")
        assert session.last_test is not tested


async def test_escape_stops_the_test_and_leaves_everything(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        silent = await during_the_test(operator)
        assert operator.focus == "Stop"
        assert "▸ Connection" in operator.drawn()
        await operator.press("escape")
        assert silent.closed == 1
        assert operator.screen == "AccountScreen"
        assert operator.focus == "Test"
        assert operator.value("endpoint") == DEMO_HOST
        assert operator.app.flow.session.last_test is None
        await operator.press("escape")
        assert operator.focus == "Stay"
    assert list(tmp_path.iterdir()) == []


async def test_change_stops_the_test(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        silent = await during_the_test(operator)
        operator.burst("tab", "x")
        await operator.until(lambda: silent.closed == 1)
        await operator.settled()
        assert operator.value("user") == "x"
        assert operator.focus == "user"


async def test_focus_is_not_taken_from_somebody_who_types(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        silent = await during_the_test(operator)
        operator.burst("tab")
        await operator.handled()
        assert operator.focus == "user"
        silent.over.set()
        await operator.settled()
        assert silent.closed == 1
        assert operator.focus == "user"


async def test_leaving_during_the_test_ends_it(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        silent = await during_the_test(operator)
        operator.burst("ctrl+q", "up", "enter")
        await operator.until(lambda: operator.has_left)
    assert silent.closed == 1


async def test_enter_alone_does_not_repeat_a_login_that_was_refused(
    tmp_path: Path, wizard: Wizard, mail_server: MailServer
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator, password="wrong")
        assert operator.focus == "secret"
        report = operator.app.flow.form.report
        await operator.press("enter")
        assert operator.focus == "Test again"
        assert operator.app.flow.form.report is report
        await operator.press("enter")
        assert operator.app.flow.form.report is not report

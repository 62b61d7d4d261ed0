"""The secret leaves its field neither through the clipboard nor in messages, crashes or logs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console
from textual import events

from tests.memory_store import MemoryStore
from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PASSWORD, Operator, Wizard
from wizard.errors import StoreUnusable
from wizard.secrets.keyring import FOREIGN, KeyringStore
from wizard.secrets.secret import Secret
from wizard.secrets.sources import KEYRING
from wizard.secrets.store import Availability
from wizard.ui.textual.field import OneLineInput, SecretInput

SECRET = "hunter22"


async def at_the_field(operator: Operator) -> SecretInput:
    await operator.fill("user", DEMO_USER)
    assert operator.focus == "secret"
    return operator.app.screen.query_one(SecretInput)


async def test_field_masks_and_does_not_copy(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        await operator.type(SECRET)
        assert SECRET not in operator.drawn()
        assert "•" * len(SECRET) in operator.drawn()
        field.select_all()
        await operator.press("ctrl+x")
        assert operator.app.clipboard == ""
        assert field.value == ""


async def test_ctrl_c_in_the_field_asks_whether_to_leave(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await at_the_field(operator)
        await operator.type(SECRET)
        await operator.press("ctrl+c")
        assert operator.screen == "AskScreen"


@pytest.mark.parametrize("field", ["user", "secret"])
async def test_ctrl_c_leaves_although_arriving_at_a_field_has_selected_its_text(
    tmp_path: Path, wizard: Wizard, field: str
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await at_the_field(operator)
        await operator.type(SECRET)
        operator.row(field).take_focus()
        await operator.settled()
        focused = operator.app.focused
        assert isinstance(focused, OneLineInput)
        assert focused.selected_text
        await operator.press("ctrl+c")
        assert operator.screen == "AskScreen"
        assert operator.app.clipboard == ""


async def test_messages_of_the_field_mask_its_text(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        for kind in (SecretInput.Changed, SecretInput.Submitted, SecretInput.Blurred):
            message = kind(field, SECRET)
            console = Console(file=io.StringIO(), record=True)
            console.print(message)
            assert SECRET not in repr(message) + str(message) + console.export_text()


async def test_pasted_secret_loses_its_line_break_with_a_note(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        operator.app.post_message(events.Paste(f" {SECRET}\r\n"))
        await operator.settled()
        assert field.value == SECRET
        assert "were left out" in operator.drawn_row("secret")


async def test_invisible_character_stays_and_is_said(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        operator.app.post_message(events.Paste(f"{SECRET}\u00a0\n"))
        await operator.settled()
        assert field.value == f"{SECRET}\u00a0"
        await operator.press("tab")
        assert "! It contains an invisible character. Is that right?" in operator.drawn_row(
            "secret"
        )


async def test_several_pasted_lines_are_refused(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        field = await at_the_field(operator)
        operator.app.post_message(events.Paste(f"{SECRET}\nmore"))
        await operator.settled()
        assert field.value == ""
        assert "several lines" in operator.drawn_row("secret")
        assert SECRET not in operator.drawn() + operator.text()


async def test_secret_that_no_reader_accepts_is_refused_at_its_field(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await at_the_field(operator)
        operator.app.post_message(events.Paste("a\x07b"))
        await operator.settled()
        await operator.press("enter")
        assert "✗" in operator.drawn_row("secret")
        await operator.fill("endpoint", "mail.demo.example")
        assert operator.focus == "secret"


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
            await operator.settled()
    shown = capsys.readouterr()
    assert shown.err + shown.out == ""  # the command line says it, without the message
    assert isinstance(operator.app.crash, DefectError)
    assert operator.app.stage == "AccountScreen"


async def test_store_that_works_is_offered_and_chosen(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    monkeypatch.setattr(KeyringStore, "open", lambda *opened: store)
    async with wizard(tmp_path / "config.toml", stores={KEYRING: store}) as operator:
        await at_the_field(operator)
        await operator.type(PASSWORD)
        await operator.choose("store", "keyring")
        assert "systemd" not in operator.drawn()
        await operator.fill("endpoint", "mail.demo.example")
        await operator.press("enter")
        assert operator.screen == "ReviewScreen"
        assert "keyring" in operator.text()
        await operator.press("enter")
        assert "exec -- bomnipotent_server" in operator.text()
    assert store.secret == Secret(PASSWORD)
    assert not (tmp_path / ".env").exists()
    assert "${SMTP_SECRET}" in (tmp_path / "config.toml").read_text()


class RaisingStore(MemoryStore):
    """A keyring that cannot even be checked."""

    def check_availability(self) -> Availability:
        raise StoreUnusable("credential-timeout", "It did not answer.", "Use .env.")


def _checks(operator: Operator) -> list[bool]:
    return [check.done() for check in operator.app.flow.session.store_checks.values()]


@pytest.mark.parametrize("store", [MemoryStore(broken=True), RaisingStore()])
async def test_store_that_does_not_work_is_not_offered(
    tmp_path: Path, wizard: Wizard, store: MemoryStore
) -> None:
    async with wizard(tmp_path / "config.toml", stores={KEYRING: store}) as operator:
        await operator.until(lambda: all(_checks(operator)))
        await operator.settled()
        assert "keyring" not in operator.drawn()


async def test_keyring_of_the_operators_own_choice_is_named_and_choosing_it_gives_consent(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ForeignStore(MemoryStore):
        def check_availability(self) -> Availability:
            return Availability(False, FOREIGN, "It is not the native one.", backend="pass.Keyring")

    store, accepted = ForeignStore(), []

    def open_keyring(
        config: Path, host: str, environ: Mapping[str, str], agreed: str
    ) -> MemoryStore:
        accepted.append(agreed)
        return store

    monkeypatch.setattr(KeyringStore, "open", open_keyring)
    async with wizard(tmp_path / "config.toml", stores={KEYRING: store}) as operator:
        await at_the_field(operator)
        await operator.type(PASSWORD)
        await operator.until(lambda: "pass.Keyring" in operator.drawn())
        await operator.go_to("store")
        await operator.press("right")
        await operator.fill("endpoint", "mail.demo.example")
        await operator.press("enter", "enter")
    assert set(accepted) == {"pass.Keyring"}
    assert store.secret == Secret(PASSWORD)


async def test_new_password_in_the_keyring_is_written_although_no_file_changes(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, store = tmp_path / "config.toml", MemoryStore()
    config.write_text(
        f'[smtp]\nuser = "{DEMO_USER}"\nendpoint = "{DEMO_HOST}"\nsecret = "${{SMTP_SECRET}}"\n'
    )
    monkeypatch.setattr(KeyringStore, "open", lambda *opened: store)
    async with wizard(config, stores={KEYRING: store}) as operator:
        await operator.until(lambda: all(_checks(operator)))
        await operator.fill("secret", PASSWORD)
        await operator.choose("store", "keyring")
        await operator.press("enter", "enter")
        assert operator.screen == "ReviewScreen"
        assert "Enter write" in operator.drawn().splitlines()[-1]
        assert "config.toml" not in operator.drawn()
        await operator.press("enter")
        await operator.until(lambda: operator.screen == "DoneScreen")
    assert store.secret == Secret(PASSWORD)

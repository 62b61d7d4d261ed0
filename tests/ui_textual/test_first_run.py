"""A first set-up, from an empty directory or a fresh Compose layout to the written files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.ui_textual.conftest import (
    DEMO_HOST,
    DEMO_USER,
    NORMAL,
    PASSWORD,
    SMALL,
    Operator,
    Wizard,
)
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.stage import write_demo_files


async def fill_in(operator: Operator, password: str = PASSWORD) -> None:
    """Answer everything up to the live test."""
    await operator.press("enter", "enter")
    await operator.type(DEMO_USER)
    await operator.press("enter")
    await operator.type(DEMO_HOST)
    await operator.press("enter", "enter")
    assert operator.step == "SecretScreen"
    await operator.type(password)
    await operator.press("enter")
    assert operator.step == "LiveTestScreen"


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_empty_directory_ends_with_a_configuration_that_the_server_can_use(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, size) as operator:
        await fill_in(operator)
        assert "will be able to send" in operator.text()
        await operator.press("enter")
        assert operator.step == "ReviewScreen"
        assert not config.exists()
        await operator.press("enter")
        assert operator.step == "DoneScreen"
        assert "db_url, domain, [tls]" in operator.text()
        await operator.press("enter")
    settings = load_config(find_layout(config), environ={}).settings()
    assert (settings.user, settings.endpoint.text) == (DEMO_USER, DEMO_HOST)
    assert settings.secret is not None
    assert settings.secret.reveal() == PASSWORD
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


async def test_written_lines_are_exactly_those_of_the_review(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = write_demo_files(tmp_path)
    before = config.read_text().splitlines()
    async with wizard(config) as operator:
        await fill_in(operator)
        await operator.press("enter")
        shown = [
            line
            for diff in operator.app.screen.query(".diff")
            for line in str(diff.render()).splitlines()
        ]
        await operator.press("enter", "enter")
        assert operator.app.return_value is not None
    added = [line[1:] for line in shown if line.startswith("+")]
    env = (tmp_path / ".env").read_text()
    assert added[0] == "SMTP_SECRET=********"
    assert added[1:] == config.read_text().splitlines()[len(before) :]
    assert config.read_text().splitlines()[: len(before)] == before
    assert env.startswith("# Read by Docker Compose\nBOMNIPOTENT_DB_PW=only-a-demo\n")
    assert PASSWORD not in "\n".join(shown)
    assert "only-a-demo" not in "\n".join(shown)


async def test_going_back_loses_nothing(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        await operator.type("half an addr")
        await operator.press("escape", "escape", "enter", "enter")
        assert operator.step == "UserScreen"
        assert "half an addr" in operator.drawn()


async def test_wrong_values_are_reported_at_their_field_and_stop_there(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter", "enter")
        assert operator.step == "UserScreen"
        assert "✗ The user is empty." in operator.text()
        await operator.type(DEMO_USER)
        assert "✗" not in operator.text()
        await operator.press("enter")
        await operator.type(f"{DEMO_HOST}:587")
        await operator.press("tab")
        assert f"Enter {DEMO_HOST} alone and choose STARTTLS" in operator.text()
        await operator.press("tab", "enter")
        assert operator.step == "ServerScreen"


async def test_missing_password_is_asked_for(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        await operator.type(DEMO_USER)
        await operator.press("enter")
        await operator.type(DEMO_HOST)
        await operator.press("enter", "enter", "enter")
        assert operator.step == "SecretScreen"
        assert "choose No login" in operator.text()


async def test_wrong_password_is_explained_and_can_be_corrected(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await fill_in(operator, "wrong")
        assert "will fail" in operator.text()
        assert "rejects the login" in operator.text()
        assert "535 5.7.8" in operator.text()
        await operator.press("enter")  # the focus is on Back
        assert operator.step == "SecretScreen"
        await operator.type(PASSWORD)
        await operator.press("enter")
        assert "will be able to send" in operator.text()


async def test_failed_test_allows_going_on_and_says_the_consequence(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await fill_in(operator, "wrong")
        await operator.press("shift+tab", "shift+tab", "enter")
        assert operator.step == "ReviewScreen"
        assert "nobody new can register" in operator.text()
        await operator.press("enter")
        assert operator.step == "DoneScreen"
    assert (tmp_path / "config.toml").exists()


async def test_local_relay_needs_no_login(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        await operator.type("anyone@demo.example")
        await operator.press("enter")
        await operator.type("SMTP://localhost:2500")
        assert "port 2500, not encrypted" in operator.text()
        await operator.press("enter")
        assert operator.step == "SecretScreen"
        await operator.press("shift+tab", "down", "enter")
        assert operator.step == "LiveTestScreen"
        assert "will be able to send" in operator.text()
        await operator.press("enter", "enter", "enter")
    written = (tmp_path / "config.toml").read_text()
    assert 'endpoint = "smtp://localhost:2500"' in written
    assert "secret" not in written
    assert not (tmp_path / ".env").exists()


async def test_skipped_verification_needs_no_mail_settings(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "down")
        assert "Which version of the server?" in operator.text()
        await operator.press("enter", "down", "enter")
        assert operator.step == "ReviewScreen"
        assert "anybody can register" in operator.text()
        await operator.press("enter", "enter")
    written = (tmp_path / "config.toml").read_text()
    assert "[user]\nskip_verification = true\n" in written
    assert "[smtp]" not in written


async def test_known_version_of_the_server_is_not_asked_for(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(write_demo_files(tmp_path)) as operator:
        await operator.press("enter", "down")
        assert "Which version" not in operator.text()


async def test_burst_of_keys_reaches_the_intended_fields(tmp_path: Path, wizard: Wizard) -> None:
    """After a stall, many keys arrive at once; none may go into the previous field."""
    keys = ["enter", "enter", *"a@b", "enter", *"mail.x", "enter", "down", "enter", *"secret"]
    async with wizard(tmp_path / "config.toml") as operator:
        operator.burst(*keys)
        for _ in range(20):
            await operator.settled()
        assert operator.step == "SecretScreen"
        assert operator.app.screen.query_one("Field SecretInput").value == "secret"  # type: ignore[attr-defined]
        await operator.press("escape")
        assert "(•) STARTTLS" in operator.drawn()
        await operator.press("escape")
        assert "a@b" in operator.drawn()
        assert "secret" not in operator.drawn()


async def test_long_options_are_readable_on_a_narrow_screen(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", SMALL) as operator:
        await operator.press("enter")
        drawn = " ".join(operator.drawn().split())
        assert "(•) Yes, send mails through a mail server" in drawn
        assert "( ) No, skip the verification (lowers security)" in drawn


async def test_nothing_is_black_on_black_without_colours(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with wizard(tmp_path / "config.toml") as operator:
        names = [type(each).__name__ for each in operator.app._filters]  # noqa: SLF001
        assert "NoColor" in names
        assert "Monochrome" not in names


async def test_invalid_value_keeps_the_cursor_in_its_field(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        await operator.type(DEMO_USER)
        await operator.press("enter")
        await operator.type(f"{DEMO_HOST}:587")
        await operator.press("enter")
        assert "choose STARTTLS" in operator.text()
        await operator.press(*["backspace"] * 4, "tab", "down")
        assert f"{DEMO_HOST}, port 587" in operator.text()


async def test_blanks_around_a_value_are_removed_with_a_note(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        operator.burst(*["space"] * 2)
        await operator.type(" me@example.org ")
        await operator.press("tab")
        assert "Blanks around it were left out" in operator.text()


async def test_step_bar_does_not_tick_a_failed_test(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await fill_in(operator, "wrong")
        await operator.press("shift+tab", "shift+tab", "enter")
        assert "✗ Test" in operator.drawn()


async def test_control_characters_of_a_file_do_not_reach_the_terminal(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[smtp]\nuser = "\\u001b]0;x\\u0007"\nendpoint = "{DEMO_HOST}"\n')
    (tmp_path / ".env").write_bytes(b"# \x1b]0;x\x07\nA=1\n")
    async with wizard(config) as operator:
        assert "\x1b" not in operator.drawn()
        assert "\\x1b]0;x" in operator.drawn()

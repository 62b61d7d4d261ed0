"""A first set-up on the full screen: what is drawn where, where the focus is, what is written."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from textual import events

from tests.ui_textual.conftest import (
    DEMO_HOST,
    DEMO_USER,
    NORMAL,
    PASSWORD,
    SMALL,
    Operator,
    WaitingApp,
    Wizard,
)
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.stage import write_demo_files
from wizard.live_test.run import run_live_test
from wizard.text.display import DiffRow
from wizard.ui.account.form import AccountForm
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action
from wizard.ui.textual.panel import Panel

FIELDS = ["user", "secret", "endpoint", "starttls", "store", "verify"]
WIDE = (120, 36)


async def fill_in(operator: Operator, password: str = PASSWORD) -> None:
    """Enter everything, up to the end of the live test."""
    await operator.fill("user", DEMO_USER)
    await operator.fill("secret", password)
    await operator.fill("endpoint", DEMO_HOST)


@pytest.mark.parametrize("size", [NORMAL, SMALL, WIDE])
async def test_empty_directory_ends_with_a_configuration_that_the_server_can_use(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, size) as operator:
        await fill_in(operator)
        assert "The server can send mail" in operator.read()
        await operator.press("enter")
        assert operator.screen == "ReviewScreen"
        assert not config.exists()
        await operator.press("enter")
        assert operator.screen == "DoneScreen"
        assert "db_url, domain, [tls]" in operator.text()
        await operator.press("enter")
        assert operator.app.return_value is not None
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
        lines = operator.app.screen.query_one("#changes", Panel)._lines  # noqa: SLF001
        shown = [line for line in lines if isinstance(line, DiffRow)]
        await operator.press("enter", "enter")
        assert operator.app.return_value is not None
    added = [row.text for row in shown if row.sign == "+"]
    env = (tmp_path / ".env").read_text()
    assert added[0] == "SMTP_SECRET=********"
    assert added[1:] == config.read_text().splitlines()[len(before) :]
    assert config.read_text().splitlines()[: len(before)] == before
    assert env.startswith("# Read by Docker Compose\nBOMNIPOTENT_DB_PW=only-a-demo\n")
    assert PASSWORD not in str(shown)
    assert "only-a-demo" not in str(shown)


@pytest.mark.parametrize("size", [NORMAL, SMALL, WIDE])
async def test_every_field_and_button_is_reached_by_tab_and_is_in_view_then(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        seen = []
        for _ in range(len(FIELDS) + 3):
            seen.append(operator.focus)
            bars = re.findall(r"▌", operator.drawn())
            assert len(bars) == 1, operator.drawn()
            if operator.focus in FIELDS:
                assert "▌" in operator.drawn_row(operator.focus)
            await operator.press("tab")
        assert seen == [*FIELDS, "Test", "Review", "user"]
        await operator.press("shift+tab", "shift+tab")
        assert operator.focus in {"Test", "Review", "verify"}
        await operator.press("up")
        assert operator.focus in FIELDS


async def test_what_is_wrong_is_said_at_its_field_and_only_after_it_was_left(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.type("me@demo.example,you@demo.example")
        assert "✗" not in operator.drawn()
        await operator.press("tab")
        assert "✗" in operator.drawn_row("user")
        assert operator.focus == "secret"
        await operator.press("tab", "tab")
        assert "✗" not in operator.drawn_row("secret")  # empty is not wrong yet


async def test_enter_stays_in_a_field_that_is_wrong(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.fill("endpoint", "mail.demo.example:2526")
        assert operator.focus == "endpoint"
        assert "No port can follow a host name" in operator.read()
        await operator.type(DEMO_HOST)  # in place of what was selected
        assert operator.value("endpoint") == DEMO_HOST
        await operator.press("enter")
        assert operator.focus == "user"


async def test_missing_password_is_asked_for_before_a_test(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.fill("user", DEMO_USER)
        await operator.fill("endpoint", DEMO_HOST)
        await operator.press("ctrl+r")
        assert operator.focus == "secret"
        assert "✗ Type the password, or choose no login." in operator.drawn_row("secret")
        assert operator.app.flow.session.last_test is None


@pytest.mark.parametrize("size", [NORMAL, SMALL, WIDE])
async def test_error_is_in_view_on_the_review_whatever_the_size(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        await fill_in(operator, "wrong")
        await operator.push("Review anyway")
        first, *_others = operator.drawn().splitlines()
        assert "1 error" in first
        assert "The test failed: login refused." in operator.read()
        assert operator.focus == "Back"
        assert "+ SMTP_SECRET=********" in operator.text()
        await operator.press("pagedown")  # reads on, first what else is in the way
        seen = "[tls]" if size == SMALL else "The test failed"
        assert seen in operator.read()
        await operator.press("enter")
        assert operator.focus == "secret"


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_wrapped_sentences_go_on_under_themselves(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        await fill_in(operator, "wrong")
        lines = operator.drawn().splitlines()
        at = next(at for at, line in enumerate(lines) if "→ " in line)
        column = lines[at].index("→") + 2
        assert lines[at + 1][:column].strip("│ ") == ""
        assert lines[at + 1][column] != " "
        await operator.push("Review anyway")
        lines = operator.drawn().splitlines()
        at = next(at for at, line in enumerate(lines) if "The test failed" in line)
        column = lines[at].index("The test")
        assert lines[at + 1][:column].strip("┃ ") == ""
        assert lines[at + 1][column] != " "


async def test_known_version_of_the_server_is_not_asked_for(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(write_demo_files(tmp_path)) as operator:
        await operator.choose("verify", "not at all")
        assert "Server version" not in operator.drawn()


async def test_burst_of_keys_reaches_the_intended_fields(tmp_path: Path, wizard: Wizard) -> None:
    """After a stall, many keys arrive at once; none may go into the previous field."""
    keys = [*"a@b.example", "enter", *"secret", "tab", *"mail.x", "tab", "right", "shift+tab"]
    async with wizard(tmp_path / "config.toml") as operator:
        operator.burst(*keys)
        await operator.settled()
        assert operator.focus == "endpoint"
        values = [operator.value(field) for field in ("user", "secret", "endpoint", "starttls")]
        assert values == ["a@b.example", "secret", "mail.x", "True"]
        assert "secret" not in operator.drawn_row("user")
        assert "••••••" in operator.drawn_row("secret")


async def test_keys_that_come_before_the_first_screen_are_not_lost(tmp_path: Path) -> None:
    class ImpatientOperator(WaitingApp):
        async def account(self, form: AccountForm) -> Action:
            for key in (*"a@b.example", "enter", *"x"):
                self.post_message(events.Key(key, key if len(key) == 1 else None))
            return await super().account(form)

    now = load_config(find_layout(tmp_path / "config.toml"), environ={})
    app = ImpatientOperator(WizardSession(now, run_live_test, 5.0))
    async with app.run_test() as pilot:
        operator = Operator(pilot)
        await operator.settled()
        assert (operator.value("user"), operator.value("secret")) == ("a@b.example", "x")


async def test_nothing_is_black_on_black_without_colours(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with wizard(tmp_path / "config.toml") as operator:
        names = [type(each).__name__ for each in operator.app._filters]  # noqa: SLF001
        assert "NoColor" in names
        assert "Monochrome" not in names


async def test_blanks_around_a_value_are_removed_with_a_note(
    tmp_path: Path, wizard: Wizard
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        operator.burst(*["space"] * 2)
        await operator.type(" me@example.org ")
        await operator.press("tab")
        assert operator.value("user") == "me@example.org"
        assert "Blanks around it were left out" in operator.drawn_row("user")


async def test_control_characters_of_a_file_do_not_reach_the_terminal(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[smtp]\nuser = "\\u001b]0;x\\u0007"\nendpoint = "{DEMO_HOST}"\n')
    (tmp_path / ".env").write_bytes(b"# \x1b]0;x\x07\nA=1\n")
    async with wizard(config) as operator:
        assert "\x1b" not in operator.drawn()
        assert "�]0;x" in operator.drawn()
        assert operator.value("user") == "\x1b]0;x\x07"


async def test_form_keeps_everything_when_it_is_resized(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.fill("user", DEMO_USER)
        await operator.type("half a passw")
        for size in (SMALL, WIDE, NORMAL):
            await operator.pilot.resize_terminal(*size)
            await operator.settled()
            assert operator.focus == "secret"
            assert "▌" in operator.drawn_row("secret")
            assert "••••••••••••" in operator.drawn()
        assert operator.value("secret") == "half a passw"

"""What was entered and never written is offered at the next start."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PASSWORD, Wizard
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Replace, Secret
from wizard.ui.account.session import WizardSession
from wizard.ui.saved_draft import SavedDraft, load_draft, save_draft
from wizard.ui.textual.app import WizardApp

CONFIG = f"""\
[smtp]
user = "old@example.org"
endpoint = "{DEMO_HOST}"
secret = "${{SMTP_SECRET}}"
"""


def furnish(directory: Path) -> Path:
    (directory / ".env").write_text("SMTP_SECRET=oldpass\n")
    path = directory / "config.toml"
    path.write_text(CONFIG)
    return path


def load(config: Path) -> SavedDraft | None:
    return load_draft(load_config(find_layout(config), environ={}))


def keep(config: Path, **entered: object) -> None:
    now = load_config(find_layout(config), environ={})
    draft: Draft = replace(Draft.of(now), **entered)  # type: ignore[arg-type]
    assert save_draft(draft, now)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
async def test_signal_keeps_what_is_on_the_screen(
    tmp_path: Path, wizard: Wizard, number: signal.Signals
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.type("half@an.addr")
        operator.app.end_on_signal(number)
        await operator.settled()
        assert operator.app.return_code == 128 + number
        assert operator.app.kept
    kept = load(config)
    assert kept is not None
    assert kept.draft.user == "half@an.addr"


async def test_signal_that_comes_twice_saves_it_once(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.type("me@example.org")
        operator.app.end_on_signal(signal.SIGHUP)
        operator.app.end_on_signal(signal.SIGHUP)
        await operator.settled()
        operator.app.end_on_signal(signal.SIGHUP)
        assert operator.app.end_without_loop()
    assert load(config) is not None


def test_signal_before_the_first_frame_keeps_the_saved_draft(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    now = load_config(find_layout(config), environ={})
    app = WizardApp(WizardSession(now, run_live_test, 5.0, persistent=True))
    app.end_on_signal(signal.SIGHUP)
    assert app.kept
    assert load(config) is not None


async def test_everything_but_the_secret_is_put_back(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    keep(config, user=DEMO_USER, endpoint=DEMO_HOST, secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        assert "is here again; it was not written." in operator.text()
        assert operator.value("user") == DEMO_USER
        assert operator.value("endpoint") == DEMO_HOST
        assert operator.focus == "secret"
        await operator.type(PASSWORD)
        await operator.press("enter", "enter", "enter")
        assert operator.screen == "DoneScreen"
    assert load(config) is None
    assert f'user = "{DEMO_USER}"' in config.read_text()


async def test_what_was_put_back_is_marked_and_can_be_looked_behind(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    async with wizard(config, persistent=True) as operator:
        assert "● Mail address" in operator.drawn_row("user")
        assert "was old@example.org" in operator.drawn_row("user")
        await operator.press("ctrl+n")
        assert operator.value("user") == "old@example.org"
        await operator.press("ctrl+q")
        assert operator.focus == "Stay"  # what was entered is only set aside
    assert load(config) is not None


async def test_throwing_away_discards_the_saved_draft(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    async with wizard(config, persistent=True) as operator:
        await operator.press("escape")
        await operator.push("Leave, and throw it away")
        assert operator.has_left
    assert load(config) is None


async def test_draft_that_nothing_was_done_with_stays(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org", secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        await operator.press("ctrl+c", "ctrl+c")
        assert operator.has_left
    kept = load(config)
    assert kept is not None
    assert kept.omitted == {"secret"}


async def test_omitted_secret_is_asked_for_although_another_one_is_stored(
    tmp_path: Path, wizard: Wizard
) -> None:
    config = furnish(tmp_path)
    keep(config, user=DEMO_USER, secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        assert operator.focus == "secret"
        await operator.press("ctrl+r")
        assert operator.focus == "secret"
        assert "✗" in operator.drawn_row("secret")
        await operator.type(PASSWORD)
        await operator.press("enter")
        assert operator.focus == "Review the changes"
    assert "oldpass" in (tmp_path / ".env").read_text()


async def test_it_is_said_that_the_file_has_changed_since(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    config.write_text(CONFIG + "\n[log]\n")
    async with wizard(config, persistent=True) as operator:
        assert "config.toml has changed since then; the rest is taken from it." in operator.text()


@pytest.mark.parametrize(
    ("keys", "stays"),
    [
        (["ctrl+q", "up", "enter"], False),
        (["ctrl+q", "down", "enter"], True),
        (["ctrl+c", "ctrl+c"], True),
        (["ctrl+q", "escape"], None),
    ],
    ids=["thrown away", "kept", "not waited for", "taken back"],
)
async def test_leaving_keeps_what_was_entered_unless_it_is_thrown_away(
    tmp_path: Path, wizard: Wizard, keys: Iterable[str], stays: bool | None
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.type("me@example.org")
        await operator.press(*keys)
        assert operator.has_left == (stays is not None)
        assert operator.app.kept == bool(stays)
    assert (load(config) is not None) == bool(stays)


async def test_nothing_is_kept_of_a_temporary_configuration(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config) as operator:
        await operator.type("me@example.org")
        operator.app.end_on_signal(signal.SIGTERM)
        await operator.settled()
        assert not operator.app.kept
    assert load(config) is None


async def test_second_interrupt_ends_at_once(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.type("me@example.org")
        operator.app.interrupt()
        await operator.settled()
        assert operator.screen == "AskScreen"
        await operator.press("escape")
        operator.app.interrupt()
        await operator.settled()
        assert operator.screen == "AskScreen"
        operator.app.interrupt()
        await operator.settled()
        assert operator.has_left
    assert load(config) is not None

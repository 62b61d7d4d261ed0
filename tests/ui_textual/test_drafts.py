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
from wizard.ui.saved_draft import SavedDraft, load_draft, save_draft
from wizard.ui.steps.session import WizardSession
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
        await operator.press("enter", "enter")
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
        await operator.press("enter", "enter")
        await operator.type("me@example.org")
        operator.app.end_on_signal(signal.SIGHUP)
        operator.app.end_on_signal(signal.SIGHUP)
        await operator.settled()
        operator.app.end_on_signal(signal.SIGHUP)
        assert operator.app.end_without_loop()
    assert load(config) is not None


def test_signal_before_the_offer_keeps_the_saved_draft(tmp_path: Path) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    now = load_config(find_layout(config), environ={})
    app = WizardApp(WizardSession(now, run_live_test, 5.0, persistent=True))
    app.end_on_signal(signal.SIGHUP)
    assert app.kept
    assert load(config) is not None


async def test_going_on_restores_everything_but_the_secret(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    keep(config, user=DEMO_USER, endpoint=DEMO_HOST, secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        assert operator.step == "QuestionScreen"
        assert "The secret has to be entered again." in operator.text()
        await operator.press("enter")
        await operator.press("enter", "enter")
        assert DEMO_USER in operator.drawn()
        await operator.press("enter")
        assert DEMO_HOST in operator.drawn()
        await operator.press("enter", "enter")
        await operator.type(PASSWORD)
        await operator.press("enter")
        assert "will be able to send" in operator.text()
        await operator.press("enter", "enter")
        assert operator.step == "DoneScreen"
    assert load(config) is None
    assert f'user = "{DEMO_USER}"' in config.read_text()


async def test_beginning_anew_discards_the_saved_draft(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    async with wizard(config, persistent=True) as operator:
        await operator.press("y")
        assert operator.step == "SummaryScreen"
        assert "new@example.org" not in operator.drawn()
    assert load(config) is None


async def test_unanswered_offer_is_made_again(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org", secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        await operator.press("ctrl+c")
        assert operator.has_left
    kept = load(config)
    assert kept is not None
    assert kept.omitted == {"secret"}


async def test_omitted_secret_is_asked_for_before_writing(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user=DEMO_USER, secret=Replace(Secret(PASSWORD)))
    async with wizard(config, persistent=True) as operator:
        await operator.press("enter")
        assert operator.step == "SummaryScreen"
        await operator.press("end", "up", "enter")
        assert "What does it log in with?" in operator.text()
        await operator.type(PASSWORD)
        await operator.press("enter", "enter")
        await operator.settled()
    assert "oldpass" in (tmp_path / ".env").read_text()


async def test_offer_says_that_the_file_has_changed(tmp_path: Path, wizard: Wizard) -> None:
    config = furnish(tmp_path)
    keep(config, user="new@example.org")
    config.write_text(CONFIG + "\n[log]\n")
    async with wizard(config, persistent=True) as operator:
        assert "config.toml has been changed since" in " ".join(operator.text().split())


@pytest.mark.parametrize(
    ("keys", "stays"),
    [
        (["ctrl+q", "y"], False),
        (["ctrl+c", "ctrl+c"], True),
        (["ctrl+q", "escape"], None),
    ],
    ids=["confirmed", "not waited for", "taken back"],
)
async def test_confirmed_leaving_discards_and_impatient_leaving_keeps(
    tmp_path: Path, wizard: Wizard, keys: Iterable[str], stays: bool | None
) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.press("enter", "enter")
        await operator.type("me@example.org")
        await operator.press(*keys)
        assert operator.has_left == (stays is not None)
        assert operator.app.kept == bool(stays)
    assert (load(config) is not None) == bool(stays)


async def test_nothing_is_kept_of_a_temporary_configuration(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config) as operator:
        await operator.press("enter", "enter")
        await operator.type("me@example.org")
        operator.app.end_on_signal(signal.SIGTERM)
        await operator.settled()
        assert not operator.app.kept
    assert load(config) is None


async def test_second_interrupt_ends_at_once(tmp_path: Path, wizard: Wizard) -> None:
    config = tmp_path / "config.toml"
    async with wizard(config, persistent=True) as operator:
        await operator.press("enter", "enter")
        await operator.type("me@example.org")
        operator.app.interrupt()
        await operator.settled()
        assert operator.step == "QuestionScreen"
        await operator.press("escape")
        operator.app.interrupt()
        await operator.settled()
        assert operator.step == "QuestionScreen"
        operator.app.interrupt()
        await operator.settled()
        assert operator.has_left
    assert load(config) is not None

"""The full screen in German: words that only textual shows, and room for longer ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.german import german
from tests.ui_textual.conftest import (
    DEMO_HOST,
    DEMO_USER,
    NORMAL,
    PASSWORD,
    SMALL,
    Operator,
    Wizard,
)
from wizard.errors import Finding, Severity

CONFIG = f"""\
[smtp]
user = "{DEMO_USER}"
endpoint = "{DEMO_HOST}"
secret = "${{SMTP_SECRET}}"
"""
ENGLISH = ("Mail address", "Password", "Encryption", " quit", " review", " write", " close", " go ")

pytestmark = pytest.mark.usefixtures("speaks_german")


@pytest.fixture
def speaks_german() -> Iterator[None]:
    with german():
        yield


def look(operator: Operator) -> None:
    """Check that what is drawn is German, and that no button or key is cut off."""
    drawn = operator.drawn()
    for word in ENGLISH:
        assert word not in drawn, drawn
    *_others, buttons, keys = drawn.splitlines()
    assert buttons.count("[") == buttons.count("]"), drawn
    assert "…" not in buttons, drawn
    assert "Enter" in keys or "Esc" in keys, drawn


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_every_screen_has_room_for_its_words(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        look(operator)
        await operator.fill("user", DEMO_USER)
        look(operator)
        await operator.fill("secret", "not the password")
        await operator.fill("endpoint", DEMO_HOST)
        assert "Anmeldung" in operator.read()
        look(operator)
        await operator.press("ctrl+s", *["backspace"] * len(DEMO_USER), "enter")
        assert "Das ist nicht genau eine Mailadresse." in operator.read()
        look(operator)
        await operator.press("escape", "ctrl+t")
        look(operator)
        await operator.press("escape", "f1")
        look(operator)
        await operator.press("escape")
        await operator.fill("secret", PASSWORD)
        look(operator)
        await operator.press("enter")
        assert operator.screen == "ReviewScreen"
        look(operator)
        await operator.press("enter")
        assert "Was jetzt zu tun ist" in operator.text()
        look(operator)


async def test_question_before_leaving_is_german(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml", persistent=True) as operator:
        await operator.type("me@example.org")
        await operator.press("ctrl+q")
        assert operator.focus == "Bleiben"
        assert "Beenden und verwerfen" in operator.read()
        look(operator)


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_what_is_set_up_and_findings_are_german(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    (tmp_path / ".env").write_text("SMTP_SECRET=x\n")
    found = [
        Finding("smtp-key-unknown", "Meldung.", "Rat.", Severity.ERROR, config, 4),
        Finding("env-not-ignored", "Andere.", "Anderer.", Severity.NOTE, config),
    ]
    async with wizard(config, size, check=lambda _container: found) as operator:
        await operator.until(lambda: "1 Fehler, 1 Hinweis" in operator.text())
        look(operator)
        assert "leer lassen behält es" in operator.text() or size == SMALL
        await operator.press("ctrl+t")
        look(operator)
        assert "Meldung." in operator.text()
        assert "→ Rat." in operator.text()

"""The full screen in German: words that only textual shows, and room for longer ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Button

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
from wizard.text.language import _
from wizard.ui.steps.model import Step
from wizard.ui.textual.basics import KeyBar

CONFIG = f"""\
[smtp]
user = "{DEMO_USER}"
endpoint = "{DEMO_HOST}"
secret = "${{SMTP_SECRET}}"
"""
KEYS = {"Zurück", "Hilfe", "Beenden", "Testen", "E-Mail senden", "Details", "Schließen"}
KEYS |= {"Verlassen", ""}
BUTTONS = {"Weiter", "Zurück", "Trotzdem weiter", "Testen", "Schreiben", "Schließen"}
BUTTONS |= {"Bleiben", "Verlassen", "Senden", "Abbrechen"}

pytestmark = pytest.mark.usefixtures("speaks_german")


@pytest.fixture
def speaks_german() -> Iterator[None]:
    with german():
        yield


def look(operator: Operator) -> None:
    """Check that what is drawn is German, and not cut off."""
    screen = operator.app.screen
    for bar in screen.query(KeyBar):
        for _binding, content in bar.hints():
            assert str(content).partition(" ")[2] in KEYS, operator.drawn()
    for button in screen.query(Button):
        label = str(button.label)
        assert label in BUTTONS
        assert button.region.right <= screen.size.width, operator.drawn()
        assert button.region.bottom <= screen.size.height, operator.drawn()
        assert len(label) <= button.region.width


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_every_screen_has_room_for_its_words(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(tmp_path / "config.toml", size) as operator:
        for answer in ("", "", DEMO_USER, DEMO_HOST, "", "not the password"):
            look(operator)
            await operator.type(answer)
            await operator.press("enter")
        assert operator.step == "LiveTestScreen"
        look(operator)
        await operator.press("ctrl+s", *["backspace"] * len(DEMO_USER), "enter")
        assert "Das ist nicht genau eine E-Mail-Adresse." in operator.text()
        look(operator)
        await operator.press("escape", "ctrl+t")
        look(operator)
        await operator.press("escape", "f1")
        look(operator)
        await operator.press("escape", "escape")
        await operator.type(PASSWORD)
        await operator.press("enter", "enter")
        assert operator.step == "ReviewScreen"
        look(operator)
        await operator.press("enter")
        assert "Was jetzt zu tun ist" in operator.text()
        look(operator)


async def test_the_step_bar_names_every_step(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        bar = operator.drawn().splitlines()[0]
        assert [word for word in bar.split() if len(word) > 1] == [_(step.value) for step in Step]
        assert "Geheimnis" in bar
    async with wizard(tmp_path / "config.toml", SMALL) as operator:
        assert "▸ Dateien (Schritt 1 von 7)" in operator.drawn()


@pytest.mark.parametrize(("key", "leaves"), [("j", True), ("y", False), ("n", False)])
async def test_a_question_is_answered_by_the_first_letter_of_a_german_word(
    tmp_path: Path, wizard: Wizard, key: str, leaves: bool
) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await operator.press("enter", "enter")
        await operator.type("me@example.org")
        await operator.press("ctrl+q")
        assert "Ihre Eingaben gehen verloren" in operator.text()
        look(operator)
        await operator.press(key)
        assert operator.has_left == leaves


@pytest.mark.parametrize("size", [NORMAL, SMALL])
async def test_summary_and_findings_are_german(
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
        look(operator)
        drawn = operator.drawn()
        assert "in der .env hinterlegt" in " ".join(drawn.split())
        await operator.press("end", "up", "up")
        assert "✗ 1 Fehler, 1" in operator.drawn()
        await operator.press("enter")
        look(operator)
        text = operator.text()
        assert f"Fehler: {config}, Zeile 4\nMeldung.\n→ Rat." in text
        assert f"Hinweis: {config}\nAndere." in text

"""Line by line in German: its commands are words, too."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.german import german
from tests.scenarios.scenario import PASSWORD
from tests.ui_plain.conftest import Start
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER
from wizard.text.language import _
from wizard.ui.plain import prompt

GERMAN = {"LANG": "de_DE.UTF-8"}


@pytest.mark.parametrize("word", ["quit", "beenden"])
def test_quit_is_understood_in_both_languages(start: Start, word: str) -> None:
    terminal = start(staged=True, environ=GERMAN)
    terminal.prompt("Mailadresse")
    terminal.enter(word)
    assert terminal.end() == 130
    assert "An keiner Datei wurde etwas geändert." in terminal.text


def test_german_command_is_an_answer_in_english(start: Start) -> None:
    terminal = start(staged=True)
    terminal.prompt("Mail address")
    terminal.enter("beenden")
    terminal.prompt("Password")


def test_whole_setup_in_german(start: Start) -> None:
    terminal = start(staged=True, environ=GERMAN)
    terminal.prompt("Mailadresse (user)")
    terminal.enter(DEMO_USER)
    terminal.prompt("Passwort (secret), Eingabe unsichtbar")
    terminal.enter(PASSWORD)
    terminal.prompt("Mailserver (endpoint)")
    terminal.enter(DEMO_HOST)
    assert "Verschlüsselung (starttls): SMTPS" in terminal.prompt("Enter testet")
    terminal.enter()
    assert "✓ Der Server kann Mails senden." in terminal.prompt("Enter zeigt")
    terminal.enter()
    assert "Vor dem Schreiben: 1 Warnung" in terminal.prompt("Enter schreibt")
    terminal.enter()
    assert terminal.end() == 0


def test_the_commands_that_are_named_are_those_that_work() -> None:
    with german():
        for sentence in (prompt.COMMANDS,):
            assert re.search(rf"\b{_('quit')}\b", _(sentence))
            assert "quit" not in _(sentence)


def test_quotation_marks_are_shown_in_a_locale_without_them(start: Start) -> None:
    terminal = start(staged=True, environ={"LANG": "de_DE.ISO-8859-1"})
    for answer in (DEMO_USER, PASSWORD, DEMO_HOST, "9"):
        terminal.prompt()
        terminal.enter(answer)
    assert 'Seite "Erforderliche Konfigurationen"' in " ".join(terminal.prompt().split())

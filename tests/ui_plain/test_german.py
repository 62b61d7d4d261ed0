"""Line by line in German: its commands are words, too."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.german import german
from tests.ui_plain.conftest import Start
from tests.ui_plain.pty_terminal import PtyTerminal
from wizard.text.language import _
from wizard.ui.plain import prompt

GERMAN = {"LANG": "de_DE.UTF-8"}


def at_the_second_step(terminal: PtyTerminal) -> None:
    terminal.prompt("Weiter mit der Eingabetaste")
    terminal.enter()
    assert "Schritt 2 von 7: Versand" in terminal.prompt("Nummer")


@pytest.mark.parametrize("word", ["<", "back", "zurück", "ZURÜCK"])
def test_back_is_understood_in_both_languages(start: Start, word: str) -> None:
    terminal = start(staged=True, environ=GERMAN)
    at_the_second_step(terminal)
    terminal.enter(word)
    assert "Schritt 1 von 7: Dateien" in terminal.prompt("Weiter")


@pytest.mark.parametrize("word", ["quit", "ende"])
def test_quit_is_understood_in_both_languages(start: Start, word: str) -> None:
    terminal = start(staged=True, environ=GERMAN)
    terminal.prompt("Weiter")
    terminal.enter(word)
    assert terminal.end() == 130
    assert "An keiner Datei wurde etwas geändert." in terminal.text


@pytest.mark.parametrize("word", ["zurück", "ende"])
def test_german_commands_are_answers_in_english(start: Start, word: str) -> None:
    terminal = start(staged=True)
    terminal.prompt("Press Enter")
    terminal.enter()
    terminal.prompt("Number")
    terminal.enter(word)
    assert "Enter a number from 1 to 2." in terminal.prompt("Number")


def test_the_commands_that_are_named_are_those_that_work() -> None:
    with german():
        for sentence in (prompt.COMMANDS, prompt._HIDDEN):  # noqa: SLF001  (the very words)
            assert re.search(rf"\b{_('quit')}\b", _(sentence))
            assert "quit" not in _(sentence)


def test_quotation_marks_are_shown_in_a_locale_without_them(start: Start) -> None:
    terminal = start(staged=True, environ={"LANG": "de_DE.ISO-8859-1"})
    at_the_second_step(terminal)
    terminal.enter()
    terminal.prompt("Benutzer")
    terminal.enter("?")
    assert 'Schritts "Server"' in terminal.prompt("Benutzer")

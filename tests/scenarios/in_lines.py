"""Carries out a scenario line by line, on a real pseudo-terminal."""

from __future__ import annotations

import re
from pathlib import Path

from tests.scenarios.scenario import (
    Action,
    Back,
    Change,
    Choose,
    Deliver,
    Files,
    Interrupt,
    Move,
    NoLogin,
    Paste,
    Quit,
    Scenario,
    Secret,
    Sees,
    Server,
    Skip,
    SomebodyAppends,
    Suggested,
    TakeOver,
    User,
    Words,
    Write,
)  # fmt: skip
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes

PROJECT = Path(__file__).parents[2]
SECRET = "Password or API key"
NUMBER = "Number"


class InLines:
    """An operator who waits for each question, and answers it."""

    def __init__(self, scenario: Scenario, directory: Path, words: Words = str) -> None:
        self._directory = directory
        config = directory / scenario.config
        arguments = ["-m", "tests.scenarios.on_stage", str(config), scenario.password]
        arguments += [scenario.extra] if scenario.extra else []
        environ = {"PYTHONPATH": str(PROJECT)}
        if words is not str:
            environ["LANG"] = "de_DE.UTF-8"
        self.terminal = PtyTerminal(arguments, directory, environ)
        self._words = words
        self._asked = ""

    def do(self, action: Action) -> None:  # noqa: C901  (one case for each action)
        match action:
            case Files():
                self._answer("Press Enter", "")
            case Deliver():
                self._choose("Yes, send mails")
            case Skip(version):
                self._choose("No, skip")
                if version:
                    self._choose(version)
            case User(name):
                self._answer("User", name)
            case Server(endpoint, starttls):
                self._answer("Mail server", endpoint)
                if "://" not in endpoint and ":" not in endpoint:
                    self._choose("STARTTLS" if starttls else "SMTPS")
            case Suggested(number):
                self._answer("Mail server", number)
                self._answer(NUMBER, "")
            case Secret(text) | Paste(text):
                self._login(text)
            case Move():
                self._login("")
                self._choose("Yes")
            case NoLogin():
                self._choose("No login")
            case Sees(text):
                self._see(text)
            case Choose(label):
                self._choose(label)
            case TakeOver():
                self._choose("takes over")
            case Back():
                self._ask()
                self._enter("<")
            case Change(part):
                self._choose(part)
            case Write():
                self._choose("Write")
            case Quit(asked):
                self._ask()
                self._enter(self._words("quit"))
                if asked:
                    self._choose("Leave")
            case Interrupt():
                self._ask()
                self._asked = ""
                self.terminal.type("\x03")
            case SomebodyAppends(file, text):
                with (self._directory / file).open("a") as stream:
                    stream.write(text)

    def end(self) -> int:
        return self.terminal.end()

    def shown(self) -> str:
        assert strange_bytes(self.terminal.wire) == []
        return self.terminal.text

    def _ask(self, label: str = "") -> None:
        """Wait for the question, unless that is done already."""
        if not self._asked:
            self._asked = self.terminal.prompt(self._words(label) if label else "")

    def _enter(self, text: str) -> None:
        self._asked = ""
        self.terminal.enter(text)

    def _answer(self, label: str, text: str) -> None:
        self._ask(label)
        self._enter(text)

    def _choose(self, label: str) -> None:
        """Return the number before a label."""
        self._ask(NUMBER)
        label = self._words(label)
        found = re.search(rf"(?m)^(\d+) {re.escape(label)}", self._asked)
        assert found is not None, f"{label!r} is not offered:\n{self._asked}"
        self._enter(found[1])

    def _login(self, text: str) -> None:
        self._ask()
        if not self._asked.splitlines()[-1].startswith(self._words(SECRET)):
            self._choose("With a password")
            self._ask(SECRET)
        assert not self.terminal.echoes()
        self._enter(text)

    def _see(self, text: str) -> None:
        """Look for ``text`` in what has come since the last answer, up to the next question."""
        self._ask()
        text = self._words(text)
        assert text in self._asked, f"{text!r} was not said:\n{self._asked}"

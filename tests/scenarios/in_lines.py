"""Carries out a scenario line by line, on a real pseudo-terminal."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.scenarios import on_stage
from tests.scenarios.scenario import (
    Action,
    Again,
    At,
    Choose,
    Disk,
    Enter,
    Entered,
    Interrupt,
    Leave,
    Misses,
    Paste,
    Press,
    Scenario,
    Sees,
    SomebodyAppends,
    Type,
    Words,
)  # fmt: skip
from tests.ui_plain.pty_terminal import PtyTerminal, strange_bytes
from wizard.ui.account.view import Field

PROJECT = Path(__file__).parents[2]
_LABELS = {
    Field.USER: "Mail address",
    Field.SECRET: "Password",
    Field.ENDPOINT: "Mail server",
    Field.STARTTLS: "Encryption",
    Field.STORE: "Secret kept in",
    Field.VERSION: "Server version",
    Field.VERIFY: "Verify users",
}
_SETTINGS = (Field.USER, Field.SECRET, Field.ENDPOINT, Field.STARTTLS)
"""The fields that are asked for with the setting's name."""
_ENTER = {
    "Test": "Enter tests",
    "Test again": "Enter tests again",
    "Review the changes": "Enter reviews",
    "Review untested": "Enter reviews",
    "Write": "Enter writes",
    "Back": "Enter goes back",
    "Close": "Enter closes",
}
"""What Enter does where the full screen has the focus on a button."""
_LIST = "a number changes"


class InLines:
    """An operator who waits for each question, and answers it."""

    def __init__(self, scenario: Scenario, directory: Path, words: Words = str) -> None:
        self._scenario, self._directory, self._words = scenario, directory, words
        self.shown = ""
        self.code = 0
        self._start()

    def _start(self) -> None:
        scenario = self._scenario
        arguments = ["-m", "tests.scenarios.on_stage", scenario.config, scenario.password]
        environ = {"PYTHONPATH": str(PROJECT), "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
        if self._words is not str:
            environ["LANG"] = "de_DE.UTF-8"
        self.terminal = PtyTerminal([*arguments, scenario.extra], self._directory, environ)
        self._begun = 0
        self._said = ""
        """What has come since the last action."""
        self._question = ""
        """The question that has come, and not been answered; empty after the end."""
        self._listen()

    def carry_out(self) -> None:
        for action in self._scenario.actions:
            self._do(action)
        self._end()

    def _end(self) -> None:
        self.code = self.terminal.end()
        assert strange_bytes(self.terminal.wire) == []
        self.shown += self.terminal.text
        self.terminal.close()

    def _do(self, action: Action) -> None:  # noqa: C901  (one case for each action)
        match action:
            case Type(field, text):
                self._go_to(field)
                self._answer(text)
                self._go_on_to_test()
            case Choose(field, label):
                self._go_to(field)
                self._choose(label)
            case Enter(times):
                for _ in range(times):
                    self._enter()
            case Press(label):
                self._press(label)
            case Paste(text):
                self._answer(text)
            case At(place):
                self._is_at(place)
            case Sees(text, screen_only=screen_only):
                if not (screen_only or self._has_said(text)):
                    self._go_on_to_test()
                    assert self._has_said(text), self._said
            case Misses(text):
                assert not self._has_said(text), self._said
            case Entered():
                pass
            case Leave(answer):
                self._answer(self._words("quit"))
                if answer:
                    self._choose(answer)
            case Again():
                self._end()
                self._start()
            case Interrupt():
                self._begun = len(self.terminal.text)
                self.terminal.type("\x03")
                self._listen()
            case SomebodyAppends(file, text):
                on_stage.append(self._directory / file, text)
            case Disk(full):
                on_stage.fill_disk(full=full)

    def _listen(self) -> None:
        """Wait for the next question, or for the end."""
        self._question = ""
        try:
            said = self.terminal.prompt()
        except AssertionError:
            self.terminal.end()
        else:
            self._question = "\n".join(said.splitlines()[-2:])  # it may be wrapped
        self._said = self.terminal.text[self._begun :]

    def _has_said(self, text: str) -> bool:
        return self._words(text) in " ".join(self._said.split())

    def _answer(self, text: str, *, keep: bool = False) -> None:
        if not keep:
            self._begun = len(self.terminal.text)
        if self._question_is(Field.SECRET):
            assert not self.terminal.echoes()
        self.terminal.enter(text)
        self._listen()

    def _enter(self) -> None:
        if self._question:  # else there is nothing to close
            self._answer("")

    def _question_is(self, place: Field | str) -> bool:
        if isinstance(place, Field):
            lines = self._question.splitlines()
            return any(line.startswith(self._label(place)) for line in lines)
        return self._words(place) in " ".join(self._question.split())

    def _label(self, field: Field) -> str:
        setting = f" ({field})" if field in _SETTINGS else ""
        return self._words(_LABELS[field]) + setting

    def _go_to(self, field: Field) -> None:
        """Come to the question for a field: it is asked, or it is chosen from the list."""
        for _ in range(5):
            if self._question_is(field):
                return
            if self._question_is(_LIST):
                label = re.escape(self._label(field))
                number = re.findall(rf"(?:^|  )(\d) {label}", self.terminal.text, re.MULTILINE)[-1]
                self._answer(number)
            else:
                self._answer("<")
        raise AssertionError(f"{field!r} is not asked:\n{self._said}")

    def _choose(self, label: str) -> None:
        """Return the number before a label."""
        label = self._words(label)
        found = re.search(rf"(?:^|  )(\d) {re.escape(label)}", self._said, re.MULTILINE)
        assert found is not None, f"{label!r} is not offered:\n{self._said}"
        self._answer(found[1])

    def _go_on_to_test(self) -> None:
        """Press Enter once more where the full screen goes on by itself."""
        if not self._has_said("Testing "):
            for words in ("Enter goes on", "Enter tests"):
                if self._question_is(words):
                    self._answer("", keep=True)

    def _press(self, label: str) -> None:
        if label in _ENTER and self._question_is(_ENTER[label]):
            self._enter()
        else:
            self._answer("9")

    def _is_at(self, place: Field | str) -> None:
        if isinstance(place, Field):
            assert self._question_is(place), self._said
        elif self._question or place != "Close":
            words = _ENTER.get(place, "Enter takes 1")
            assert self._question_is(words), self._said


def in_lines(scenario: Scenario, directory: Path, words: Words = str) -> tuple[int, str]:
    """Carry it out line by line; return the exit code, and what was shown."""
    operator = InLines(scenario, directory, words)
    try:
        operator.carry_out()
    finally:
        if operator.terminal.process.poll() is None:
            operator.terminal.close()
    return operator.code, operator.shown

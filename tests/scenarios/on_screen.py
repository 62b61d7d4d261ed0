"""Carries out a scenario on the full screen, by keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.widgets import Button, Input, OptionList, RadioSet

from tests.scenarios import on_stage
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
from tests.ui_textual.conftest import Operator
from wizard.ui.textual.app import WizardApp


class OnScreen:
    """An operator who presses keys, and scrolls to read everything."""

    def __init__(self, operator: Operator, directory: Path, words: Words = str) -> None:
        self._words = words
        self._operator = operator
        self._directory = directory
        self._shown = ""

    async def do(self, action: Action) -> None:  # noqa: C901  (one case for each action)
        match action:
            case Files():
                await self._press("enter")
            case Deliver():
                await self._pick("Yes, send mails")
            case Skip(version):
                await self._pick("No, skip")
                if version:
                    await self._pick(version)
            case User(name):
                await self._fill(name)
            case Server(endpoint, starttls):
                await self._fill(endpoint)
                if isinstance(self._operator.app.focused, RadioSet):
                    await self._pick("STARTTLS" if starttls else "SMTPS")
            case Suggested(number):
                await self._fill(number)
                await self._press("enter")
            case Secret(text):
                await self._fill(text)
            case Paste(text):
                self._operator.app.post_message(events.Paste(text))
                await self._operator.settled()
            case Move():
                await self._press("tab", "space", "tab", "enter")
            case NoLogin():
                if isinstance(self._operator.app.focused, Input):
                    await self._press("shift+tab")
                await self._pick("No login")
            case Sees(text):
                shown, text = self._read(), self._words(text)
                assert text in shown, f"{text!r} is not shown:\n{shown}"
            case Choose(label):
                await self._choose(label)
            case TakeOver(number):
                await self._press(str(number))
            case Back():
                await self._press("escape")
            case Change(part):
                await self._change(part)
            case Write():
                await self._choose("Write")
                await self._choose("Close")
            case Quit(asked):
                await self._press("ctrl+q")
                if asked:
                    await self._choose("Leave")
            case Interrupt():
                await self._press("ctrl+c")
            case SomebodyAppends(file, text):
                with (self._directory / file).open("a") as stream:
                    stream.write(text)
        self._shown += self._read()

    def end(self) -> int:
        app = self._operator.app
        assert app._exit, "the wizard goes on"  # noqa: SLF001  (no public way)
        return app.return_code or (130 if app.return_value is None else 0)

    def shown(self) -> str:
        return self._shown

    def _read(self) -> str:
        drawn = self._operator.drawn()
        words = " ".join((self._operator.text() + "\n" + drawn).split())
        return f"{words}\n{drawn}"

    async def _press(self, *keys: str) -> None:
        await self._operator.press(*keys)

    async def _fill(self, text: str) -> None:
        if isinstance(self._operator.app.focused, Input):
            await self._press("end", "ctrl+u")
        await self._operator.type(text)
        await self._press("enter")

    async def _pick(self, label: str) -> None:
        """Choose the option with this label, and go on."""
        label = self._words(label)
        choice = self._operator.app.focused
        assert isinstance(choice, RadioSet)
        for _ in range(6):
            if str(getattr(choice.pressed_button, "label", "")).startswith(label):
                await self._press("enter")
                return
            await self._press("down")
        raise AssertionError(f"there is no option {label!r}:\n{self._operator.drawn()}")

    async def _choose(self, label: str) -> None:
        """Go to the button with this label, and press it."""
        label = self._words(label)
        for _ in range(12):
            focused = self._operator.app.focused
            if isinstance(focused, Button) and str(focused.label) == label:
                await self._press("enter")
                return
            await self._press("tab")
        raise AssertionError(f"there is no button {label!r}:\n{self._operator.drawn()}")

    async def _change(self, part: str) -> None:
        menu, part = self._operator.app.screen.query_one(OptionList), self._words(part)
        await self._press("home")
        for _ in range(menu.option_count):
            assert menu.highlighted is not None
            if str(menu.get_option_at_index(menu.highlighted).prompt).startswith(part):
                await self._press("enter")
                return
            await self._press("down")
        raise AssertionError(f"{part!r} is not on the summary")


@asynccontextmanager
async def on_screen(
    scenario: Scenario, directory: Path, words: Words = str
) -> AsyncGenerator[OnScreen, None]:
    """Start the wizard on the full screen."""
    with on_stage.mail_server(scenario.password, scenario.extra) as network:
        app = WizardApp(on_stage.session(directory / scenario.config, network, scenario.extra))
        async with app.run_test(size=(80, 24)) as pilot:
            operator = Operator(pilot)
            await operator.settled()
            yield OnScreen(operator, directory, words)

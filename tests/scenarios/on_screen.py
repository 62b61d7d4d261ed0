"""Carries out a scenario on the full screen, by keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, chdir
from pathlib import Path

from textual import events

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
from tests.ui_textual.conftest import Operator, WaitingApp
from wizard.system.network import Network
from wizard.ui.account.view import Field


class OnScreen:
    """An operator who presses keys, and looks at what is there."""

    def __init__(self, scenario: Scenario, directory: Path, words: Words = str) -> None:
        self._scenario, self._directory, self._words = scenario, directory, words
        self._operator: Operator
        self._entered = 0
        self.shown = ""
        self.code = 0

    async def carry_out(self) -> None:
        """Do everything; a scenario may start the wizard more than once."""
        runs: list[list[Action]] = [[]]
        for action in self._scenario.actions:
            if isinstance(action, Again):
                runs.append([])
            else:
                runs[-1].append(action)
        stage = on_stage.mail_server(self._scenario.password, self._scenario.extra)
        with stage as network, chdir(self._directory):
            for actions in runs:
                async with self._wizard(network):
                    for action in actions:
                        await self._do(action)
                        self.shown += self._operator.drawn() + self._operator.text()

    @asynccontextmanager
    async def _wizard(self, network: Network) -> AsyncGenerator[None, None]:
        scenario = self._scenario
        app = WaitingApp(on_stage.session(Path(scenario.config), network, scenario.extra))
        async with app.run_test(size=(80, 24)) as pilot:
            self._operator = Operator(pilot)
            await self._operator.settled()
            yield
            assert app._exit, f"the wizard goes on:\n{self._operator.drawn()}"  # noqa: SLF001
        ended = app.flow.closed or app.return_value is not None
        self.code = app.return_code or (0 if ended else 130)

    async def _do(self, action: Action) -> None:  # noqa: C901  (one case for each action)
        operator = self._operator
        match action:
            case Type(field, text):
                await operator.go_to(field)
                await operator.type(text)
                await self._enter()
            case Choose(field, label):
                await operator.choose(field, self._words(label))
            case Enter(times):
                for _ in range(times):
                    await self._enter()
            case Press(label):
                await self._press(label)
            case Paste(text):
                operator.app.post_message(events.Paste(text))
                await operator.settled()
            case At(place):
                self._is_at(place)
            case Sees(text, at_once=at_once):
                text = self._words(text)
                shown = operator.read() if at_once else operator.text()
                assert text in shown, f"{text!r} is not shown:\n{operator.drawn()}"
            case Misses(text):
                assert self._words(text) not in operator.text(), operator.drawn()
            case Entered(times):
                assert self._entered == times
            case Leave(answer):
                await operator.press("ctrl+q")
                if answer:
                    await self._press(answer)
            case Interrupt():
                await operator.press("ctrl+c")
            case SomebodyAppends(file, text):
                on_stage.append(Path(file), text)
            case Disk(full):
                on_stage.fill_disk(full=full)

    async def _press(self, label: str) -> None:
        for _ in range(20):
            if _is(self._operator.focus, self._words(label)):
                break
            await self._operator.press("tab")
        self._is_at(label)
        await self._enter()

    async def _enter(self) -> None:
        self._entered += 1
        await self._operator.press("enter")

    def _is_at(self, place: Field | str) -> None:
        place = place if isinstance(place, Field) else self._words(place)
        assert _is(self._operator.focus, place), self._operator.drawn()


def _is(focus: str, place: str) -> bool:
    """Whether the focus is there; a label may count warnings in brackets."""
    return focus.partition(" (")[0] == place or focus == place


async def on_screen(scenario: Scenario, directory: Path, words: Words = str) -> tuple[int, str]:
    """Carry it out on the full screen; return the exit code, and what was shown."""
    operator = OnScreen(scenario, directory, words)
    await operator.carry_out()
    return operator.code, operator.shown

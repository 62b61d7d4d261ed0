"""Questions line by line: an answer, one of a few, a secret; and the commands known at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from wizard.secrets.secret import Secret
from wizard.text.language import N_, _
from wizard.ui.plain.terminal import LONGEST, InputInterrupted, LineTerminal
from wizard.ui.steps import model
from wizard.ui.steps.model import single_line

T = TypeVar("T")

COMMANDS = N_(
    "Enter keeps what stands in brackets. < goes back, ? explains the question, quit leaves the "
    "wizard."
)
SKIP_HINT = N_("Ctrl+C goes on without.")
_BACK, _QUIT = N_("back"), N_("quit")
_NUMBER = N_("Number: ")
_NUMBER_OR_KEEP = N_("Number [{present}]: ")
_WHICH = N_("✗ Enter a number from 1 to {last}.")
_HIDDEN = N_("What you type is not shown, and < ? quit are no commands here: press Ctrl+C instead.")
_TOO_LONG = N_(
    "✗ A terminal takes no more than {longest} bytes in one line. For a longer secret use: "
    "smtp-wizard set --secret-file FILE"
)
_INSTEAD = (
    N_("Ask for it again"),
    N_("Go back"),
    N_("Explain the question"),
    N_("Leave the wizard"),
)


class GoBack(Exception):
    """The operator wants to go back."""


class Prompt:
    """Asks until there is an answer. Commands are dealt with here.

    ``explain`` says more about the present question; ``leave`` asks whether to leave and does
    not return if so.
    """

    def __init__(self, terminal: LineTerminal, leave: Callable[[], Awaitable[None]]) -> None:
        self._terminal = terminal
        self._leave = leave
        self.explanation = ""

    async def answer(self, prompt: str) -> str:
        """Return an answer as it was typed."""
        while True:
            try:
                text = await self._terminal.line(prompt)
            except InputInterrupted:
                await self._leave()
                continue
            command = text.strip().lower()
            if command == "?":
                self._terminal.say(f"{self.explanation}\n\n{_(COMMANDS)}")
            elif command in ("<", _BACK, _(_BACK)):
                raise GoBack
            elif command in (_QUIT, _(_QUIT)):
                await self._leave()
            else:
                return text

    async def choice(self, options: Sequence[tuple[str, T]], present: T | None = None) -> T:
        """Let one of numbered options be chosen; without a present one a number is needed."""
        values = [option[1] for option in options]
        number = str(values.index(present) + 1) if present in values else ""
        for index, option in enumerate(options, start=1):
            self._terminal.say(f"{index} {option[0]}")
        while True:
            asked = _(_NUMBER_OR_KEEP, present=number) if number else _(_NUMBER)
            text = (await self.answer(asked)).strip() or number
            if text.isdecimal() and 1 <= int(text) <= len(values):
                return values[int(text) - 1]
            self._terminal.say(_(_WHICH, last=len(values)))

    async def secret(self, prompt: str) -> Secret | None:
        """Return what was typed without being shown; None for nothing."""
        self._terminal.say(_(_HIDDEN))
        while True:
            try:
                lines = await self._terminal.hidden(prompt)
            except InputInterrupted:
                await self._instead()
                continue
            text = single_line("\n".join(lines))
            if text is None:
                self._terminal.say(f"✗ {_(model.SEVERAL_LINES)}")
            elif len(lines[0].encode("utf-8", "surrogateescape")) >= LONGEST - 1:
                self._terminal.say(_(_TOO_LONG, longest=LONGEST - 2))
            else:
                if text != lines[0]:
                    self._terminal.say(f"! {_(model.TRIMMED)}")
                return Secret(text) if text else None

    async def _instead(self) -> None:
        """Ask what Ctrl+C was meant to be, where a secret may be any word."""
        again, back, explain, leave = _INSTEAD
        wanted = await self.choice([(_(label), label) for label in _INSTEAD], again)
        if wanted == back:
            raise GoBack
        if wanted == explain:
            self._terminal.say(self.explanation)
        if wanted == leave:
            await self._leave()

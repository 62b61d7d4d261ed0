"""Questions line by line, for text, a choice or a secret; and the commands at every question."""

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
_WRONG_NUMBER = N_("✗ Enter a number from 1 to {last}.")
_HIDDEN = N_("What you type is not shown, and < ? quit are no commands here: press Ctrl+C instead.")
_TOO_LONG = N_(
    "✗ A terminal takes no more than {longest} bytes in one line. For a longer secret use: "
    "smtp-wizard set --secret-file FILE"
)
_CTRL_C_OPTIONS = (
    N_("Ask for it again"),
    N_("Go back"),
    N_("Explain the question"),
    N_("Leave the wizard"),
)


class GoBack(Exception):
    """The operator goes back."""


class Prompt:
    """Asks until there is an answer, and carries out commands.

    ``explanation`` is about the present question; ``leave`` asks whether to leave, and does not
    return if so.
    """

    def __init__(self, terminal: LineTerminal, leave: Callable[[], Awaitable[None]]) -> None:
        self._terminal = terminal
        self._leave = leave
        self.explanation = ""

    async def answer(self, prompt: str) -> str:
        """Return an answer as typed."""
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

    async def choice(self, options: Sequence[tuple[str, T]], default: T | None = None) -> T:
        """Ask for one of numbered options; without a default, a number has to be typed."""
        values = [option[1] for option in options]
        number = str(values.index(default) + 1) if default in values else ""
        for index, option in enumerate(options, start=1):
            self._terminal.say(f"{index} {option[0]}")
        while True:
            question = _(_NUMBER_OR_KEEP, present=number) if number else _(_NUMBER)
            text = (await self.answer(question)).strip() or number
            if text.isdecimal() and 1 <= int(text) <= len(values):
                return values[int(text) - 1]
            self._terminal.say(_(_WRONG_NUMBER, last=len(values)))

    async def secret(self, prompt: str) -> Secret | None:
        """Return a secret, typed without being shown; None for an empty answer."""
        self._terminal.say(_(_HIDDEN))
        while True:
            try:
                lines = await self._terminal.hidden(prompt)
            except InputInterrupted:
                await self._handle_ctrl_c()
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

    async def _handle_ctrl_c(self) -> None:
        """Ask what to do: commands cannot be typed where any text may be a secret."""
        again, back, explain, leave = _CTRL_C_OPTIONS
        chosen = await self.choice([(_(label), label) for label in _CTRL_C_OPTIONS], again)
        if chosen == back:
            raise GoBack
        if chosen == explain:
            self._terminal.say(self.explanation)
        if chosen == leave:
            await self._leave()

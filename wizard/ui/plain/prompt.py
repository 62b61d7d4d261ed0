"""Questions line by line, and the commands at each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from wizard.text.language import N_, _
from wizard.ui.account.entry import SEVERAL_LINES, TRIMMED, single_line
from wizard.ui.plain.terminal import LONGEST, InputInterrupted, LineTerminal

T = TypeVar("T")

COMMANDS = N_("Enter keeps [this], < goes back, ? explains, quit leaves.")
SKIP_HINT = N_("Ctrl+C goes on without.")
REVIEW = 9
"""The number for going on to the review."""
_QUIT = N_("quit")
_TOO_LONG = N_(
    "A terminal takes no more than {longest} bytes in one line. For a longer secret use: "
    "smtp-wizard set --secret-file FILE"
)
_PATIENCE = 0.5
"""Seconds to wait without a word."""


class GoBack(Exception):
    """The operator goes back."""


class ReviewAnyway(Exception):
    """The operator goes on to the review, although the test has failed."""


class Prompt:
    """Asks until there is an answer, and carries out commands.

    ``leave`` asks whether to leave, and does not return if so.
    """

    def __init__(self, terminal: LineTerminal, leave: Callable[[], Awaitable[None]]) -> None:
        self._terminal = terminal
        self.leave = leave
        self.explanation = ""
        """What is said about the present question."""
        self.offers_review = False
        """Whether :data:`REVIEW` is a command now."""

    async def answer(self, question: str) -> str:
        """Return an answer as typed."""
        while True:
            try:
                text = await self._terminal.line(question)
            except InputInterrupted:
                await self.leave()
                continue
            if not await self._obey(text.strip().lower()):
                return text

    async def unseen(self, question: str) -> str:
        """Return an answer that is not shown, without blanks around it."""
        while True:
            try:
                lines = await self._terminal.hidden(question)
            except InputInterrupted:
                await self.leave()
                continue
            text = single_line("\n".join(lines))
            if text is None:
                self._terminal.say(_(SEVERAL_LINES), "✗")
            elif len(lines[0].encode("utf-8", "surrogateescape")) >= LONGEST - 1:
                self._terminal.say(_(_TOO_LONG, longest=LONGEST - 2), "✗")
            elif not await self._obey(text):
                if text != lines[0]:
                    self._terminal.say(_(TRIMMED), "!")
                return text

    async def number(self, question: str, numbers: Sequence[int]) -> int | None:
        """Return one of ``numbers``; None for an empty answer."""
        while True:
            text = (await self.answer(question)).strip()
            if not text:
                return None
            if text.isdecimal() and int(text) in numbers:
                return int(text)
            words = N_("Press Enter alone, or enter <.")
            if numbers:
                words = N_("Enter one of the numbers, or press Enter alone.")
            self._terminal.say(_(words), "✗")

    async def _obey(self, command: str) -> bool:
        """Carry out a command; return whether it was one."""
        if command == "<":
            raise GoBack
        if self.offers_review and command == str(REVIEW):
            raise ReviewAnyway
        if command in (_QUIT, _(_QUIT)):
            await self.leave()
        elif command == "?":
            self._terminal.say(self.explanation)
            self._terminal.say(_(COMMANDS))
        else:
            return False
        return True

    async def wait(
        self, work: Coroutine[Any, Any, T], message: str, patience: float = _PATIENCE
    ) -> T | None:
        """Wait for ``work``, not without a word; return None if Ctrl+C skipped it."""
        try:
            return await self._terminal.run(self._say_and_wait(work, message, patience))
        except InputInterrupted:
            self._terminal.say()
            self._terminal.say(_("Skipped."))
            return None

    async def _say_and_wait(self, work: Coroutine[Any, Any, T], message: str, patience: float) -> T:
        task = asyncio.ensure_future(work)
        try:
            if not (await asyncio.wait([task], timeout=patience))[0]:
                self._terminal.say(f"{message} {_(SKIP_HINT)}")
            return await task
        finally:
            task.cancel()

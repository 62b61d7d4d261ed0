"""A step that asks for something, one question after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wizard.draft import Draft
from wizard.flow import entry
from wizard.flow.form import Form
from wizard.flow.part import Choice, Part, Text, Tick, Words
from wizard.flow.step import Move
from wizard.plain.prompt import BackWanted, Prompt
from wizard.plain.terminal import Terminal
from wizard.secret import MASK, Secret
from wizard.settings import mask_url_password

_PRESENT = "{label} [{present}]: "
_EXAMPLE = "{label}, {example}: "
_PLAIN = "{label}: "
_GO_ON = "Press Enter to go on: "
_YES_OR_NO = (("Yes", True), ("No", False))


class FormDialogue:
    """One form, from its first question to the last. ``enter`` takes the draft after each."""

    def __init__(
        self, form: Form, terminal: Terminal, prompt: Prompt, enter: Callable[[Draft], None]
    ) -> None:
        self._form = form
        self._terminal = terminal
        self._prompt = prompt
        self._enter = enter
        self._values: dict[str, Any] = dict(form.values())
        self._answered: list[int] = []

    async def run(self) -> Move:
        """Ask; back at a question goes to the one before, and from the first one out."""
        self._enter(self._form.start)
        number = 0
        while True:
            try:
                while number < len(self._form.parts(self._values)):
                    await self._deal_with(number)
                    number += 1
                if not self._answered:
                    await self._prompt.answer(_GO_ON)
            except BackWanted:
                if not self._answered:
                    return Move.BACK
                number = self._answered.pop()
            else:
                return Move.NEXT

    async def _deal_with(self, number: int) -> None:
        """Say the part, or ask until its answer is right; remember which ones were asked."""
        part = self._form.parts(self._values)[number]
        if isinstance(part, Choice):
            await self._form.known()
            part = self._form.parts(self._values)[number]
        if isinstance(part, Words):
            self._say(part.text)
        elif part.shown:
            while True:
                self._values[part.name] = await self._ask(part)
                self._enter(self._form.draft(self._values))
                problem = self._form.problems(self._values).get(part.name)
                if problem is None:
                    break
                self._say(f"✗ {problem}")
            self._answered.append(number)

    async def _ask(self, part: Part) -> Any:
        """Return the answer to one question."""
        match part:
            case Text(secret=True):
                entered: Secret | None = self._values[part.name]
                self._say(part.kept)
                shown = part.placeholder if entered is None else MASK
                return await self._prompt.secret(_prompt(part, shown)) or entered
            case Text():
                return await self._text(part)
            case Choice():
                self._say(part.label)
                options = [(each.label, each.value) for each in part.options if each.offered]
                return await self._prompt.choice(options, self._values[part.name])
            case Tick():
                self._say(part.label)
                return await self._prompt.choice(_YES_OR_NO, self._values[part.name])

    async def _text(self, part: Text) -> str:
        present: str = self._values[part.name]
        typed = await self._prompt.answer(_prompt(part, mask_url_password(present)))
        text = typed.strip()
        if text and text != typed:
            self._say(f"! {entry.TRIMMED}")
        return text or present

    def _say(self, text: str) -> None:
        if text:
            self._terminal.say(text)


def _prompt(part: Text, present: str) -> str:
    if present:
        return _PRESENT.format(label=part.label, present=present)
    if part.placeholder:
        return _EXAMPLE.format(label=part.label, example=part.placeholder)
    return _PLAIN.format(label=part.label)

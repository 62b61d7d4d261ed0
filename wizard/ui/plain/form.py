"""A step that asks for something, one question after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wizard.config.draft import Draft
from wizard.formats.urls import mask_url_password
from wizard.secrets.secret import Secret
from wizard.text.display import MASK
from wizard.text.language import N_, _
from wizard.ui.plain.prompt import SKIP_HINT, GoBack, Prompt
from wizard.ui.plain.terminal import InputInterrupted, LineTerminal
from wizard.ui.steps import model
from wizard.ui.steps.model import CheckBox, Choice, Navigation, Part, StepForm, TextBlock, TextInput

_FIRST = "1"
"""What an empty answer means if there are offers."""
_SKIPPED = N_("Skipped.")
_GO_ON = N_("Press Enter to go on: ")


class FormDialogue:
    """Asks the questions of one form; ``enter`` gets the draft after each answer."""

    def __init__(
        self, form: StepForm, terminal: LineTerminal, prompt: Prompt, enter: Callable[[Draft], None]
    ) -> None:
        self._form = form
        self._terminal = terminal
        self._prompt = prompt
        self._enter = enter
        self._values: dict[str, Any] = dict(form.values())
        self._answered: list[int] = []

    async def run(self) -> Navigation:
        """Ask all questions; going back leads to the previous one, and from the first out."""
        self._enter(self._form.start)
        number = 0
        while True:
            try:
                while number < len(self._form.parts(self._values)):
                    await self._handle_part(number)
                    number += 1
                if not self._answered:
                    await self._prompt.answer(_(_GO_ON))
            except GoBack:
                if not self._answered:
                    return Navigation.BACK
                number = self._answered.pop()
            else:
                return Navigation.NEXT

    async def _handle_part(self, number: int) -> None:
        """Say the part, or ask until its answer is valid; remember which parts were asked."""
        part = self._form.parts(self._values)[number]
        if isinstance(part, TextBlock):
            self._say(part.text)
            return
        await self._wait_for_options()
        part = self._form.parts(self._values)[number]
        if not isinstance(part, TextBlock) and part.shown:
            self._say(part.guidance if isinstance(part, TextInput) else "")
            while True:
                self._values[part.name] = await self._ask(part)
                self._enter(self._form.draft(self._values))
                problem = self._form.problems(self._values).get(part.name)
                if problem is None:
                    break
                self._say(f"✗ {problem}")
            self._answered.append(number)

    async def _wait_for_options(self) -> None:
        """Wait for what can be offered, and say so if the operator may skip that."""
        message = self._form.waiting_message()
        if not message:
            await self._form.wait_for_options()
            return
        self._say(f"{message} {_(SKIP_HINT)}")
        try:
            await self._terminal.run(self._form.wait_for_options())
        except InputInterrupted:
            self._form.stop_waiting()
            self._say(f"\n{_(_SKIPPED)}")

    async def _ask(self, part: Part) -> Any:
        """Return the answer to one question."""
        match part:
            case TextInput(secret=True):
                entered: Secret | None = self._values[part.name]
                self._say(part.kept)
                current = part.placeholder if entered is None else MASK
                return await self._prompt.secret(_prompt(part, current)) or entered
            case TextInput():
                return await self._text(part)
            case Choice():
                self._say(part.label)
                options = [(each.label, each.value) for each in part.options if each.offered]
                return await self._prompt.choice(options, self._values[part.name])
            case CheckBox():
                self._say(part.label)
                return await self._prompt.choice(
                    [(_("Yes"), True), (_("No"), False)], self._values[part.name]
                )

    async def _text(self, part: TextInput) -> str:
        current: str = self._values[part.name]
        default = mask_url_password(current) or (_FIRST if part.offers else "")
        typed = await self._prompt.answer(_prompt(part, default))
        text = typed.strip()
        if text and text != typed:
            self._say(f"! {_(model.TRIMMED)}")
        offer = part.accepted_offer(text) if part.offers and (text or not current) else None
        if offer is None:
            return text or current
        self._values.update(offer)
        return str(offer[part.name])

    def _say(self, text: str) -> None:
        if text:
            self._terminal.say(text)


def _prompt(part: TextInput, current: str) -> str:
    if current:
        return f"{part.label} [{current}]: "
    return f"{part.label}, {part.placeholder}: " if part.placeholder else f"{part.label}: "

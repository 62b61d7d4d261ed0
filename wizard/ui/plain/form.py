"""A step that asks for something, one question after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wizard.config.draft import Draft
from wizard.formats.urls import mask_url_password
from wizard.secrets.secret import Secret
from wizard.text.display import MASK
from wizard.text.language import N_, _
from wizard.ui.plain.prompt import GoBack, Prompt
from wizard.ui.plain.terminal import InputInterrupted, LineTerminal
from wizard.ui.steps import model
from wizard.ui.steps.model import CheckBox, Choice, Navigation, Part, StepForm, TextBlock, TextInput

_PRESENT = "{label} [{present}]: "
_EXAMPLE = "{label}, {example}: "
_PLAIN = "{label}: "
_FIRST = "1"
"""What an empty answer means where there are offers."""
_SKIPS = N_("Ctrl+C goes on without.")
_SKIPPED = N_("Skipped.")
_GO_ON = N_("Press Enter to go on: ")


class FormDialogue:
    """One form, from its first question to the last. ``enter`` takes the draft after each."""

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
        """Ask; back at a question goes to the one before, and from the first one out."""
        self._enter(self._form.start)
        number = 0
        while True:
            try:
                while number < len(self._form.parts(self._values)):
                    await self._deal_with(number)
                    number += 1
                if not self._answered:
                    await self._prompt.answer(_(_GO_ON))
            except GoBack:
                if not self._answered:
                    return Navigation.BACK
                number = self._answered.pop()
            else:
                return Navigation.NEXT

    async def _deal_with(self, number: int) -> None:
        """Say the part, or ask until its answer is right; remember which ones were asked."""
        part = self._form.parts(self._values)[number]
        if isinstance(part, TextBlock):
            self._say(part.text)
            return
        await self._known()
        part = self._form.parts(self._values)[number]
        if not isinstance(part, TextBlock) and part.shown:
            self._say(part.about if isinstance(part, TextInput) else "")
            while True:
                self._values[part.name] = await self._ask(part)
                self._enter(self._form.draft(self._values))
                problem = self._form.problems(self._values).get(part.name)
                if problem is None:
                    break
                self._say(f"✗ {problem}")
            self._answered.append(number)

    async def _known(self) -> None:
        """Wait for what can be offered; say so where the operator may do without."""
        waiting = self._form.waiting()
        if not waiting:
            await self._form.known()
            return
        self._say(f"{waiting} {_(_SKIPS)}")
        try:
            await self._terminal.run(self._form.known())
        except InputInterrupted:
            self._form.skip()
            self._say(f"\n{_(_SKIPPED)}")

    async def _ask(self, part: Part) -> Any:
        """Return the answer to one question."""
        match part:
            case TextInput(secret=True):
                entered: Secret | None = self._values[part.name]
                self._say(part.kept)
                shown = part.placeholder if entered is None else MASK
                return await self._prompt.secret(_prompt(part, shown)) or entered
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
        present: str = self._values[part.name]
        shown = mask_url_password(present) or (_FIRST if part.offers else "")
        typed = await self._prompt.answer(_prompt(part, shown))
        text = typed.strip()
        if text and text != typed:
            self._say(f"! {_(model.TRIMMED)}")
        taken = part.taken(text) if part.offers and (text or not present) else None
        if taken is None:
            return text or present
        self._values.update(taken)
        return str(taken[part.name])

    def _say(self, text: str) -> None:
        if text:
            self._terminal.say(text)


def _prompt(part: TextInput, present: str) -> str:
    if present:
        return _PRESENT.format(label=part.label, present=present)
    if part.placeholder:
        return _EXAMPLE.format(label=part.label, example=part.placeholder)
    return _PLAIN.format(label=part.label)

"""The steps of the flow, as plain values that any surface can show: text, fields and choices."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, ClassVar, NamedTuple

from wizard.config.draft import Draft
from wizard.text.language import N_
from wizard.ui.steps.session import WizardSession


class Step(Enum):
    """The steps of the flow, by the name in the step bar: English, and translated there."""

    FILES = N_("Files")
    DELIVERY = N_("Delivery")
    USER = N_("User")
    SERVER = N_("Server")
    SECRET = N_("Secret")
    TEST = N_("Test")
    REVIEW = N_("Review")


class Navigation(Enum):
    """Where to go from a step."""

    NEXT = auto()
    BACK = auto()


class StepResult(NamedTuple):
    """The way out of a step, and the draft with everything entered so far."""

    move: Navigation
    draft: Draft


class Heading(NamedTuple):
    """The name, question and explanation of a step; translated when they are shown."""

    step: Step
    title: str
    help: str
    help_in_lines: str = ""
    """The explanation for line by line, where the other one names keys of the full screen."""


Values = Mapping[str, Any]
"""Name of a field → its present value: str, bool, an option's value, or ``Secret | None``."""


class TextBlock(NamedTuple):
    """Something to read; not shown while the text is empty."""

    text: str
    style: str = ""
    """``label``, ``quiet``, ``caution``, ``route``, or nothing."""
    after_leaving: bool = False
    """Whether it is about a finished answer, and waits until the field is left."""


class TextInput(NamedTuple):
    """One line to type. A ``secret`` is never shown, and its value is ``Secret | None``."""

    name: str
    label: str
    placeholder: str = ""
    secret: bool = False
    kept: str = ""
    """What an empty answer keeps, as a sentence."""
    guidance: str = ""
    """What helps to answer; may change by itself."""
    offers: tuple[Values, ...] = ()
    """Suggested values, of other fields too, as listed in ``guidance``: an empty answer accepts
    the first, and a number, from 1 on, any of them."""
    shown: bool = True

    def accepted_offer(self, answer: str) -> Values | None:
        """Return the offer that ``answer`` accepts; None if the answer is a value itself."""
        numbered = {str(number): values for number, values in enumerate(self.offers, 1)}
        return numbered.get(answer or "1")


class ChoiceOption(NamedTuple):
    """One option of a choice, which may not be offered (yet)."""

    label: str
    value: Any
    offered: bool = True


class Choice(NamedTuple):
    """One of several options."""

    name: str
    options: tuple[ChoiceOption, ...]
    label: str = ""
    shown: bool = True


class CheckBox(NamedTuple):
    """Yes or no."""

    name: str
    label: str
    shown: bool = True


Part = TextBlock | TextInput | Choice | CheckBox


class StepForm:
    """A step that asks for something, independent of the surface that shows it; no I/O.

    ``parts`` returns the same parts in the same order each time: only their text, and whether they
    are shown, depends on the values.
    """

    HEADING: ClassVar[Heading]
    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The fields of the draft that this step asks for."""

    def __init__(self, session: WizardSession, draft: Draft) -> None:
        self.session = session
        self.start = draft

    def values(self) -> Values:
        """Return the initial values of the fields."""
        return {}

    def parts(self, values: Values) -> Sequence[Part]:
        """Return everything to read and to answer, given these values."""
        raise NotImplementedError

    def draft(self, values: Values) -> Draft:
        """Return the draft with these values; never validates."""
        return self.start

    def problems(self, values: Values) -> dict[str, str]:
        """Return what is wrong with these values: field → sentence."""
        problems = self.draft(values).problems(self.session.current)
        return {
            name: f"{problem.message} {problem.remedy}"
            for name, problem in problems.items()
            if name in self.FIELDS
        }

    async def wait_for_options(self) -> None:
        """Wait until it is known what can be offered; a few seconds at most."""

    async def updates(self) -> AsyncGenerator[None, None]:
        """Yield each time the parts may have changed by themselves."""
        await self.wait_for_options()
        yield

    def waiting_message(self) -> str:
        """Return a sentence about a wait that the operator may want to skip; else nothing."""
        return ""

    def stop_waiting(self) -> None:
        """Go on without the options that are still missing."""


SEVERAL_LINES = N_("What you pasted has several lines, so nothing was entered. Paste one line.")
TRIMMED_PASTE = N_("Blanks and line breaks around the pasted text were left out.")
TRIMMED = N_("Blanks around it were left out.")


def single_line(pasted: str) -> str | None:
    """Return ``pasted`` without blanks around it; None where it has several lines.

    No-break spaces and their like stay: whoever sees what was pasted says what they are.
    """
    text = pasted.strip(" \t\r\n")
    return None if len(text.splitlines()) > 1 else text

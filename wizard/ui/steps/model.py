"""The steps of the flow: their text, fields and choices as plain values that any surface shows."""

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
    """How a step was left, and what has been entered up to then."""

    move: Navigation
    draft: Draft


class Heading(NamedTuple):
    """What a step is called, what it asks, and its explanation; translated when they are shown."""

    step: Step
    title: str
    help: str
    help_in_lines: str = ""
    """The explanation without a screen, where the one with a screen names its keys."""


Values = Mapping[str, Any]
"""Name of a field → its present value: str, bool, an option's value, or ``Secret | None``."""


class TextBlock(NamedTuple):
    """Something to read; none is shown where the text is empty."""

    text: str
    style: str = ""
    """``label``, ``quiet``, ``caution``, ``route``, or nothing."""
    when_left: bool = False
    """Whether it judges a finished answer, which makes no sense while it is being typed."""


class TextInput(NamedTuple):
    """One line to type. A ``secret`` one is never shown, and its value is ``Secret | None``."""

    name: str
    label: str
    placeholder: str = ""
    secret: bool = False
    kept: str = ""
    """What an empty answer keeps, as a sentence."""
    about: str = ""
    """What to know for the answer; may change by itself."""
    offers: tuple[Values, ...] = ()
    """What can be taken over instead of typing it, with the values of other fields: the first by
    an empty answer, each by its number from 1 on, as ``about`` says."""
    shown: bool = True

    def taken(self, answer: str) -> Values | None:
        """Return the values that ``answer`` takes over; None where it is one of its own."""
        numbered = {str(number): values for number, values in enumerate(self.offers, 1)}
        return numbered.get(answer or "1")


class ChoiceOption(NamedTuple):
    """One of a few, offered or not (yet)."""

    label: str
    value: Any
    offered: bool = True


class Choice(NamedTuple):
    """One of a few."""

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
    """A step's description. It does not know who shows it; no I/O.

    ``parts`` are always the same ones in the same order: what changes with the values is their
    text, and whether they are shown.
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
        """Return everything there is to read and to answer, with these values."""
        raise NotImplementedError

    def draft(self, values: Values) -> Draft:
        """Return the draft with these values; never validates."""
        return self.start

    def problems(self, values: Values) -> dict[str, str]:
        """Return field → sentence for what is wrong with these values."""
        problems = self.draft(values).problems(self.session.current)
        return {
            name: f"{problem.message} {problem.remedy}"
            for name, problem in problems.items()
            if name in self.FIELDS
        }

    async def known(self) -> None:
        """Wait until it is known what can be offered; a few seconds at most."""

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yield each time that the parts may have changed by themselves."""
        await self.known()
        yield

    def waiting(self) -> str:
        """Return what :meth:`known` waits for that the operator may wish to skip, as a sentence."""
        return ""

    def skip(self) -> None:
        """Do without what is being waited for."""


SEVERAL_LINES = N_("What you pasted has several lines, so nothing was entered. Paste one line.")
TRIMMED_PASTE = N_("Blanks and line breaks around the pasted text were left out.")
TRIMMED = N_("Blanks around it were left out.")


def single_line(pasted: str) -> str | None:
    """Return ``pasted`` without blanks around it; None where it has several lines."""
    text = pasted.strip()
    return None if len(text.splitlines()) > 1 else text

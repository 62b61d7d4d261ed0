"""The steps of the flow, and how one of them is left."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from wizard.config.draft import Draft
from wizard.text.language import N_


class Step(Enum):
    """The steps of the flow, by the name in the step bar: English, and translated there."""

    FILES = N_("Files")
    DELIVERY = N_("Delivery")
    USER = N_("User")
    SERVER = N_("Server")
    SECRET = N_("Secret")
    TEST = N_("Test")
    REVIEW = N_("Review")


class Move(Enum):
    """Where to go from a step."""

    NEXT = auto()
    BACK = auto()


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step was left, and what has been entered up to then."""

    move: Move
    draft: Draft


@dataclass(frozen=True, slots=True)
class Heading:
    """What a step is called, what it asks, and its explanation; translated when they are shown."""

    step: Step
    title: str
    help: str
    help_in_lines: str = ""
    """The explanation without a screen, where the one with a screen names its keys."""

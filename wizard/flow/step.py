"""The steps of the flow, and how one of them is left."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from wizard.draft import Draft


class Step(Enum):
    """The steps of the flow, by the name in the step bar."""

    FILES = "Files"
    DELIVERY = "Delivery"
    USER = "User"
    SERVER = "Server"
    SECRET = "Secret"  # noqa: S105  (a heading)
    TEST = "Test"
    REVIEW = "Review"


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
    """What a step is called, what it asks, and its explanation."""

    step: Step
    title: str
    help: str
    help_in_lines: str = ""
    """The explanation without a screen, where the one with a screen names its keys."""

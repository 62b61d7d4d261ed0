"""What a step consists of: words, fields and choices as plain values, shown by any surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
"""Name of a field → what stands in it now: str, bool, an option's value, or ``Secret | None``."""


@dataclass(frozen=True, slots=True)
class Words:
    """Something to read; none is shown where the text is empty."""

    text: str
    style: str = ""
    """``label``, ``quiet``, ``caution``, ``route``, or nothing."""
    when_left: bool = False
    """Whether it judges a finished answer, which makes no sense while it is being typed."""


@dataclass(frozen=True, slots=True)
class Text:
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


@dataclass(frozen=True, slots=True)
class Option:
    """One of a few, offered or not (yet)."""

    label: str
    value: Any
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few."""

    name: str
    options: tuple[Option, ...]
    label: str = ""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Tick:
    """Yes or no."""

    name: str
    label: str
    shown: bool = True


Part = Words | Text | Choice | Tick

"""What a surface draws: rows, panels, buttons and keys as plain values, in the operator's words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, StrEnum, auto
from typing import Any, NamedTuple


class Field(StrEnum):
    """The fields of the account form, from top to bottom."""

    USER = "user"
    SECRET = "secret"  # noqa: S105 - the name of a field
    ENDPOINT = "endpoint"
    STARTTLS = "starttls"
    STORE = "store"
    VERSION = "version"
    VERIFY = "verify"
    RELAY = "relay"


TEXT_FIELDS = (Field.USER, Field.SECRET, Field.ENDPOINT, Field.RELAY)
"""The fields that are typed; the others are chosen."""


class Mark(StrEnum):
    """A sign before a row, a note or a line. It says with a character what its colour says."""

    NONE = ""
    PASSED = "✓"
    FAILED = "✗"
    WARNING = "!"
    CHANGED = "●"
    RUNNING = "▸"
    WAITING = "·"
    REMEDY = "→"


class Role(StrEnum):
    """What a panel tells, which colours its edges."""

    NEUTRAL = ""
    PASSED = "pass"
    WARNING = "warn"
    FAILED = "fail"
    ERRORS = "error"
    """Errors before writing, in a heavy frame."""
    WARNINGS = "warning"


class Line(NamedTuple):
    """A line of a panel; ``text`` is wrapped under itself, and its line feeds are kept."""

    mark: str = ""
    """Before the text and one blank; " ✗ ", with blanks around the sign, is a badge."""
    text: str = ""
    right: str = ""
    """What is shown at the right edge."""
    word: str = ""
    """A heading in a column of its own before the text."""
    lead: str = ""
    """A bold beginning of the text."""
    quiet: bool = False


class PanelView(NamedTuple):
    """What is said below the form."""

    title: str
    lines: Sequence[Line]
    right: str = ""
    role: Role = Role.NEUTRAL
    short: str = ""
    """The title where there is little room."""
    before: Sequence[Line] = ()
    """What is said before the lines where there is room for it."""


class Option(NamedTuple):
    """One option of a choice."""

    value: Any
    label: str
    short: str = ""
    """Shown where the labels of all options do not fit on one line."""
    alone: str = ""
    """Shown where only the chosen option fits."""


class Note(NamedTuple):
    """What is said about one field, on one line of at most 56 cells."""

    mark: Mark = Mark.NONE
    text: str = ""


class RowView(NamedTuple):
    """One field as it is now. Its value is the form's; that of a secret is never shown."""

    field: Field
    word: str
    short: str
    """The word where there is little room."""
    setting: str
    """The setting's own name in config.toml."""
    mark: Mark = Mark.NONE
    note: Note = Note()
    placeholder: str = ""
    options: Sequence[Option] = ()
    shown: bool = True


class Action(Enum):
    """What Enter, a key or a button does."""

    GO_ON = auto()
    TEST = auto()
    STOP = auto()
    USE = auto()
    """Take over another form of the endpoint that works."""
    REVIEW = auto()
    SEND = auto()
    DETAILS = auto()
    CLOSE = auto()


class ButtonView(NamedTuple):
    """A button; ``number`` says which of several alternatives it takes over."""

    action: Action
    label: str
    enter: str
    """What Enter does on it, for the line of keys."""
    number: int = 0


class Page(NamedTuple):
    """A title and lines to read, such as a help text or the details of a test."""

    title: str
    lines: Sequence[Line]


class Question(NamedTuple):
    """A question with its answers; the first one changes nothing."""

    title: str
    text: str
    answers: Sequence[tuple[str, Any]]

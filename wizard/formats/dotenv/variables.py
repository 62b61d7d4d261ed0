"""The definitions in a `.env` that BOMnipotent Server and Docker Compose agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType

from wizard.errors import FileRefused
from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK, Reading, Statement
from wizard.text.language import _

NO_ENVIRON: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition as both readers see it.

    The offsets ``line_start`` (behind a byte order mark) and ``line_end`` (behind the line break)
    delimit its physical lines: one, or more where a quoted value holds line breaks.
    """

    dotenvy: Statement
    compose: Statement
    line_start: int
    line_end: int

    @property
    def name(self) -> str:
        """The name, on which both agree."""
        return self.dotenvy.name

    def reads(self, value: str | None) -> bool:
        """Whether both readers find exactly this value."""
        return self.dotenvy.value == self.compose.value == value

    @property
    def comment(self) -> int | None:
        """Where the comment behind the value begins, unless Compose has it inside the quotes."""
        place = self.dotenvy.comment
        if place is None or not (self.compose.quote_end or 0) <= place < self.line_end:
            return None
        return place


def read_entries(text: str, environ: Mapping[str, str], or_else: str = "") -> list[Entry]:
    """Return the definitions in order.

    Raises FileRefused where a reader gives up on the file or where they disagree: then an edit
    could change what one of them sees elsewhere. The clause ``or_else`` is part of the remedy.
    """
    if "\0" in text:
        raise FileRefused(
            "env-malformed",
            _("The file contains a NUL character, which no variable can hold."),
            _remedy(_("Remove it"), or_else),
            line=line_number(text, text.index("\0")),
        )
    dotenvy, compose = read_dotenvy(text, environ), read_compose(text, environ)
    _check_complete(text, dotenvy, _("the server"), or_else)
    _check_complete(text, compose, "Docker Compose", or_else)
    _check_agreement(text, dotenvy, compose, or_else)
    return [
        Entry(ours, theirs, _line_start(text, theirs.start), _line_end(text, theirs.end))
        for ours, theirs in zip(dotenvy.statements, compose.statements, strict=True)
    ]


def read_variable(text: str, name: str, environ: Mapping[str, str] = NO_ENVIRON) -> str | None:
    """Return the value that the server takes from the file, None when it defines no such variable.

    ``environ`` only serves to substitute ``$NAME`` in values, as the server does it. Raises
    FileRefused where the server or Compose stops reading the file, or they disagree on it.
    """
    entries = read_entries(text, environ)
    return next((entry.dotenvy.value for entry in entries if entry.name == name), None)


def variable_line(text: str, name: str, environ: Mapping[str, str] = NO_ENVIRON) -> int | None:
    """Return the 1-based line of the first definition; raises as :func:`read_variable` does."""
    entries = read_entries(text, environ)
    starts = (entry.dotenvy.start for entry in entries if entry.name == name)
    return next((line_number(text, start) for start in starts), None)


def line_number(text: str, offset: int) -> int:
    """Return the 1-based number of the line at the offset; lines end in a line feed."""
    return text.count("\n", 0, offset) + 1


def _check_complete(text: str, reading: Reading, reader: str, or_else: str) -> None:
    if reading.rejection is not None:
        raise FileRefused(
            "env-malformed",
            _(
                "{reason}; {reader} would stop reading here and ignore the lines below.",
                reason=reading.rejection.reason,
                reader=reader,
            ),
            _remedy(_("Mend this line"), or_else),
            line=line_number(text, reading.rejection.offset),
        )


def _check_agreement(text: str, dotenvy: Reading, compose: Reading, or_else: str) -> None:
    above: Statement | None = None
    for ours, theirs in zip_longest(dotenvy.statements, compose.statements):
        if ours and theirs and (ours.start, ours.name) == (theirs.start, theirs.name):
            above = ours
            continue
        if ours and theirs and ours.start == theirs.start:
            culprit = ours
            problem = _("The server and Docker Compose disagree on what the name in this line is.")
        else:
            # One of them still reads the value above where the other finds a new definition.
            culprit = above or ours or theirs
            problem = _(
                "The server and Docker Compose disagree on where the value in this line ends."
            )
        raise FileRefused(
            "env-ambiguous",
            problem,
            _remedy(_("Write it as NAME='value' with nothing else in the line"), or_else),
            line=line_number(text, culprit.start),
        )


def _remedy(mend: str, or_else: str) -> str:
    return _("{mend}, or {or_else}.", mend=mend, or_else=or_else) if or_else else f"{mend}."


def _line_start(text: str, offset: int) -> int:
    start = text.rfind("\n", 0, offset) + 1
    return start + (start == 0 and text.startswith(BYTE_ORDER_MARK))


def _line_end(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)

"""What a reader finds in a `.env`: its assignments, and where it stops reading."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from wizard.text.language import _

# Unicode's White_Space, which is what Rust and Go go by; str.isspace has four more.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
BYTE_ORDER_MARK = "\ufeff"
NO_ENVIRON: Mapping[str, str] = MappingProxyType({})


class Assignment(NamedTuple):
    """One assignment as one reader sees it; positions are offsets into the text.

    ``start`` is where the name or the ``export`` before it begins; ``name_end`` is after the name
    and ``end`` after everything that belongs to the value. ``quote_end`` is after the closing
    quote of a value that is quoted as a whole (only Compose's grammar has that), ``comment`` at
    the ``#`` of a comment after the value (only dotenvy's). A name without a value takes the one
    in Compose's environment; it is not ``defined`` if there is none.
    """

    start: int
    name: str
    name_end: int
    end: int
    value: str
    quote_end: int | None = None
    comment: int | None = None
    defined: bool = True

    def __repr__(self) -> str:
        return f"Assignment({self.name!r} at {self.start})"


class RejectedLine(NamedTuple):
    """Where a reader gives up on the file, and why (a clause that can begin a sentence).

    If the file is ``too_long`` there, only this program gives up.
    """

    offset: int
    reason: str
    too_long: bool = False


class ParsedEnv(NamedTuple):
    """The assignments in the order of the file, up to the rejection if there is one."""

    assignments: tuple[Assignment, ...]
    rejection: RejectedLine | None = None


class EnvSyntaxError(Exception):
    """The reader rejects a value; the reason goes into a :class:`RejectedLine`."""

    too_long = False


class TooManyAssignments(EnvSyntaxError):
    """The file has more variables than any real one."""

    too_long = True

    def __init__(self) -> None:
        super().__init__(_("The file defines more than {most:,} variables", most=MAX_ASSIGNMENTS))


class ExpansionTooLong(EnvSyntaxError):
    """Variables make a value so long that a few lines could fill the memory."""

    too_long = True

    def __init__(self) -> None:
        super().__init__(_("Here variables make a value longer than 64 KiB"))


MAX_ASSIGNMENTS = 20_000
"""Variables of a file; several seconds and 300 MB would go into the 260,000 that 1 MiB can hold."""
MAX_EXPANSION = 1 << 16
"""Characters by which variables may lengthen a value."""
_MAX_EXPANSIONS = 1 << 20
"""Characters by which they may lengthen all values of a file."""


class Assignments(list[Assignment]):
    """The assignments of one reader, limited in number and in what variables add to values."""

    def __init__(self) -> None:
        super().__init__()
        self._expanded = 0

    def append(self, assignment: Assignment) -> None:
        """Add one; raise `EnvSyntaxError` where it is too much altogether."""
        if len(self) == MAX_ASSIGNMENTS:
            raise TooManyAssignments
        super().append(assignment)
        self._expanded += max(0, len(assignment.value) - (assignment.end - assignment.name_end))
        if self._expanded > _MAX_EXPANSIONS:
            raise ExpansionTooLong

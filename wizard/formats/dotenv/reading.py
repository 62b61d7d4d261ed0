"""What a reader makes of a `.env`: its statements, and where it stops reading."""

from __future__ import annotations

from dataclasses import dataclass

# Unicode's White_Space, which is what Rust and Go go by; str.isspace has four more.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One definition; all places are offsets into the text.

    ``start`` is where the name or the ``export`` before it begins, ``name_end`` is behind the
    name, ``end`` behind everything that belongs to the value. ``quote_end`` is behind the closing
    quote if the whole value is quoted, ``comment`` at the ``#`` of a comment behind the value and
    a blank; only Compose's grammar knows the one, only dotenvy's the other. For a name alone,
    to which Compose gives a value of its environment if that has one, it may not be ``defined``.
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
        return f"Statement({self.name!r} at {self.start})"


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """Where a reader gives up on the file, and why (a clause that starts a sentence)."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedEnv:
    """The statements in the order of the file, up to the rejection if there is one."""

    statements: tuple[Assignment, ...]
    rejection: RejectedLine | None = None


class EnvSyntaxError(Exception):
    """A value that the reader rejects, with the reason; becomes a :class:`Rejection`."""

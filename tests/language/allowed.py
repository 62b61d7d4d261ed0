"""Text that is in the sources without a mark, and why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.language.sources import Literal

PENDING: tuple[str, ...] = ("afterwards/", "cli/", "flow/", "plain/", "tui/")
"""Rooms that are still to be marked."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Texts of one file or room, by how they begin; none stands for all of it."""

    why: str
    path: str
    beginnings: tuple[str, ...] = ()

    def covers(self, literal: Literal) -> bool:
        """Whether this is one of them."""
        return literal.path.startswith(self.path) and (
            not self.beginnings or literal.text.startswith(self.beginnings)
        )


_COMMENT = "a comment in a file, which others read, too, and which must not change with who writes"
_WIRE = "said to another program, not to the operator"
_NAME = "a name"

ALLOWED: tuple[Allowed, ...] = ()

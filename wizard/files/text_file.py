"""A file as text, for whoever looks at it: one that cannot be read is a problem, not an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wizard.errors import FileRefused
from wizard.files.encoding import decode
from wizard.files.reading import Snapshot, read_file


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as text; ``problem`` says why there is no text."""

    path: Path
    snapshot: Snapshot | None
    text: str = field(default="", repr=False)
    problem: FileRefused | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a file, readable or not."""
        return self.problem is not None or (self.snapshot is not None and self.snapshot.exists)

    @property
    def mode(self) -> int | None:
        """Permission bits; None where they are unknown."""
        return None if self.snapshot is None else self.snapshot.mode


def read_text(path: Path, what: str) -> TextFile:
    """Read a text file, called ``what`` in messages; a missing one is empty and no problem."""
    snapshot = None
    try:
        snapshot = read_file(path)
        return TextFile(path, snapshot, decode(snapshot.data or b"", what))
    except FileRefused as error:
        return TextFile(path, snapshot, "", error.at(path))

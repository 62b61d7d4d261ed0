"""What writing a file has come to, and what the operator should know about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wizard.text.language import N_, _


class InPlace(StrEnum):
    """Why a file was written in place instead of being replaced in one step."""

    MOUNT = "mount"
    """It is mounted on its own, and a mount point cannot be replaced."""
    HARD_LINKS = "hard-links"
    """It has other names, which would go on showing the old content."""
    DIRECTORY = "directory"
    """The file may be written by this account, but its directory may not."""
    OWNER = "owner"
    """A new file could not be given its owner, group or access rights."""
    RENAME = "rename"
    """The file system cannot put one file in the place of another here."""

    @property
    def words(self) -> str:
        """What to tell the operator: one or two sentences."""
        return _(_WORDS[self])

    @property
    def code(self) -> str:
        """The code of the caution: whether the server notices is a difference to act on."""
        return "written-in-place" if self.noticed else "written-unnoticed"

    @property
    def noticed(self) -> bool:
        """Whether a server that watches the file's directory notices the change by itself."""
        return self is not InPlace.MOUNT


_WORDS = {
    InPlace.MOUNT: N_(
        "It is mounted on its own, so it was written in place, and the server does not notice the "
        "change by itself: restart it. Better mount the directory."
    ),
    InPlace.HARD_LINKS: N_(
        "It has further names (hard links), so it was written in place: all of them show the new "
        "content."
    ),
    InPlace.DIRECTORY: N_(
        "This account may not replace files in its directory, so it was written in place."
    ),
    InPlace.OWNER: N_(
        "It was written in place, so that its owner, group and access rights stay as they are."
    ),
    InPlace.RENAME: N_("The file system cannot replace files here, so it was written in place."),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written; ``why`` is None where it was replaced in one step."""

    directories: tuple[Path, ...] = ()
    """Those that had to be created for it, outermost first."""
    why: InPlace | None = None

    @property
    def in_place(self) -> bool:
        """Whether the file was written in place, so that a crash could have torn it."""
        return self.why is not None

"""Reading a file carefully: no planted link, no device, and at most 1 MiB."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from wizard.errors import FileRefused
from wizard.files.encoding import MAX_BYTES, MAX_LINES, decode
from wizard.files.location import Location, is_world_writable
from wizard.files.refusals import file_unreadable
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file as it was read; ``data`` and ``status`` are None where there was none.

    ``path`` is the one the operator knows, ``target`` where symbolic links in it lead.
    """

    path: Path
    target: Path
    data: bytes | None = field(repr=False)
    status: os.stat_result | None = field(default=None, repr=False, compare=False)

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return self.data is not None

    @property
    def display_path(self) -> str:
        """The path, and where it leads if it is a link."""
        try:
            is_link = self.path.is_symlink()
        except OSError:
            is_link = False
        return (
            _("{path} (a link to {target})", path=self.path, target=self.target)
            if is_link
            else str(self.path)
        )

    @property
    def mode(self) -> int | None:
        """Permission bits; None where there was no file."""
        return None if self.status is None else stat.S_IMODE(self.status.st_mode)


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


def read_file(path: Path) -> Snapshot:
    """Read a file of at most 1 MiB and 100,000 lines; a missing one gives a snapshot without data.

    Raises :class:`FileRefused` when it is not a regular file, is too large or cannot be read, or
    where an account that is not trusted could lead the path anywhere.
    """
    try:
        with Location(path) as location, location.rights():
            return read_here(location)
    except ValueError:  # a NUL, or a surrogate that stands for no byte
        raise _impossible_name(path) from None
    except OSError as error:
        raise file_unreadable(path, error) from None


def read_here(location: Location) -> Snapshot:
    """Read the file at a location, with the rights that are in force; may raise OSError, too."""
    path, target = location.path, location.target
    try:
        descriptor = open_to_read(location)
    except FileNotFoundError:
        return Snapshot(path, target, None)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            what = _("This is not a regular file.")
            if stat.S_ISDIR(status.st_mode):
                what = _("This is a directory.")
            raise FileRefused("file-not-regular", what, _("Name a file."), path=path)
        os.set_blocking(descriptor, True)  # some file systems have nothing to read at first
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(MAX_BYTES + 1)
    finally:
        with contextlib.suppress(OSError):  # nothing was written
            os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise FileRefused(
            "file-too-large",
            _("The file is larger than 1 MiB; no configuration is that large."),
            _("Check that this is the right file."),
            path=path,
        )
    if data.count(b"\n") > MAX_LINES:
        raise FileRefused(
            "file-too-large",
            _(
                "The file has more than {limit:,} lines; no configuration has that many.",
                limit=MAX_LINES,
            ),
            _("Check that this is the right file."),
            path=path,
        )
    return Snapshot(path, target, data, status)


def open_to_read(location: Location) -> int:
    """Open what is at a location, without waiting for a FIFO's writer; may raise OSError.

    Links have been followed before, and are refused here.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(location.name, flags, dir_fd=location.descriptor)


def is_writable(snapshot: Snapshot) -> bool:
    """Whether writing the file can succeed, as far as permissions tell beforehand."""
    try:
        new = not snapshot.exists
        with Location(snapshot.path) as location, location.rights(creating=new):
            return location.allows(os.W_OK | os.X_OK, ".") if new else location.allows(os.W_OK)
    except OSError:
        return False


def check_trusted(location: Location, snapshot: Snapshot) -> None:
    """Refuse a file that somebody else may have planted, as fs.protected_regular does.

    Whoever owns a file can read what is written to it. Raises :class:`FileRefused`.
    """
    status, directory = snapshot.status, location.status
    if status is None or not is_world_writable(directory):
        return
    if status.st_uid not in (os.geteuid(), directory.st_uid):
        raise FileRefused(
            "file-not-trusted",
            _(
                "The file belongs to another account and is in a directory where everybody may "
                "write: whoever put it there could read the secret."
            ),
            _("Move the files into a directory of your own, or remove this one."),
            path=snapshot.path,
        )


def _impossible_name(path: Path) -> FileRefused:
    return FileRefused(
        "file-unreadable",
        _("No file can have this name: it has a character that names cannot have."),
        _("Check the path."),
        path=path,
    )

"""The journal: what a write replaces, kept on disk before anything is changed.

By its record the next start recovers from a crash, and ``undo`` takes back the write afterwards.
It holds the files as they were, with the secrets in them, readable by this account alone; one
write is kept, for 30 days. The secret of a keyring is never in it: its copy stays in the keyring.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from wizard.errors import Finding, WriteFailed
from wizard.files.location import Location
from wizard.files.refusals import file_unreadable, os_reason
from wizard.system.state import (
    config_key,
    existing_state_dir,
    is_private,
    make_private,
    read_private,
    remove_private,
    rename_private,
    state_dir,
    untrusted_state_dir,
    write_private,
)
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.saving.record import JournalRecord

_LIMIT = 16 << 20
"""Bytes; room for four images of the largest file that is edited, in base64."""
_DIRECTORY_BESIDE = ".smtp-wizard"


class Journal:
    """The unfinished write of one configuration, and the last finished one.

    Kept in the user's state directory; without one (an account that has no home), in a private
    directory beside config.toml. Use it only while holding the lock. Every method may raise
    :class:`WriteFailed` where the system refuses; only :meth:`write` creates a directory. Raises
    :class:`FileRefused` for a path that cannot be followed.
    """

    def __init__(self, config: Path) -> None:
        try:
            with Location(config) as location:
                self.config = location.target
            key = config_key(self.config)
        except OSError as error:
            raise file_unreadable(config, error) from None
        self._unfinished = f"{key}.unfinished"
        self._last = f"{key}.last"
        self._directory: Path | None = None

    def unfinished(self) -> JournalRecord | None:
        """Return the write that a crash has interrupted.

        Raises :class:`WriteFailed` where there is a record that cannot be trusted: to go on would
        make the half-finished write permanent.
        """
        record = self._load(self._unfinished)
        if record is None and (path := self._untrusted_record()) is not None:
            raise WriteFailed(
                "journal-not-believed",
                _(
                    "A write was interrupted, but its journal is damaged, comes from another "
                    "version of smtp-wizard, or could have been written by other accounts."
                ),
                _(
                    "If other accounts may write it: chmod -R go-w {directory}. Otherwise look at "
                    "config.toml and .env yourself, then remove the journal.",
                    directory=quote(str(path.parent.parent)),
                ),
                path=path,
            )
        return record

    def interrupted(self) -> JournalRecord | None:
        """Return the unfinished write; another process may still be working on it."""
        record = self.unfinished()
        return record if record is not None and not record.is_committed else None

    def last(self) -> JournalRecord | None:
        """Return the last committed write, unless it is too old."""
        record = self._load(self._unfinished)
        if record is None or not record.is_committed:
            record = self.last_finished()
        return None if record is None or record.is_old else record

    def last_finished(self) -> JournalRecord | None:
        """Return the last finished write, however old, and whatever has begun since."""
        return self._load(self._last)

    def expired(self) -> JournalRecord | None:
        """Return the last finished write if it is too old to be undone."""
        record = self.last_finished()
        return record if record is not None and record.is_old else None

    def write(self, record: JournalRecord) -> None:
        """Record how far a write has come; the disk has it when this returns.

        Where this fails to replace an earlier record, :meth:`unfinished` tells which of the two is
        there.
        """
        with _raising_write_failed():
            directory = self._find()
            if directory is None:
                directory = self._directory = self._create()
                if self._is_in(directory):  # the system did not tell a moment ago
                    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            write_private(directory / self._unfinished, record.to_bytes())

    def finish(self, record: JournalRecord) -> None:
        """Close the unfinished write: make it the one that can be undone, or forget it."""
        with _raising_write_failed():
            directory = self._find()
            if directory is not None and record.keep:
                rename_private(directory / self._unfinished, self._last)
            elif directory is not None:
                remove_private(directory / self._last)
                remove_private(directory / self._unfinished)

    def abandon(self) -> None:
        """Forget the unfinished write, after everything was put back."""
        self._remove(self._unfinished)

    def forget(self) -> None:
        """Forget the last finished write."""
        self._remove(self._last)

    def _remove(self, name: str) -> None:
        with _raising_write_failed():
            directory = self._find()
            if directory is not None:
                remove_private(directory / name)

    def _load(self, name: str) -> JournalRecord | None:
        """Return a record; None where there is none that makes sense."""
        with _raising_write_failed():
            directory = self._find()
            data = None if directory is None else read_private(directory / name, _LIMIT)
        if data is None:
            return None
        from wizard.saving.record import JournalRecord  # most of the time there is none

        with contextlib.suppress(ValueError, TypeError, KeyError):
            record = JournalRecord.from_bytes(data)
            if record.config == self.config:
                return record
        return None

    def may_exist(self) -> bool:
        """Whether anything may be kept for this configuration; if not, nothing was interrupted."""
        try:
            return self._find() is not None or untrusted_state_dir("journal") is not None
        except OSError:
            return True

    def _find(self) -> Path | None:
        """Return the directory that has this configuration's journal; may raise OSError."""
        if self._directory is not None:
            return self._directory
        candidates = [parent / _DIRECTORY_BESIDE for parent in self.config.parents[:3]]
        with contextlib.suppress(PermissionError):
            if (directory := existing_state_dir("journal")) is not None:
                candidates.insert(0, directory)
        for directory in candidates:
            with contextlib.suppress(PermissionError):
                if is_private(directory) and self._is_in(directory):
                    self._directory = directory
                    return directory
        return None

    def _untrusted_record(self) -> Path | None:
        """Return the path of an unfinished record that exists, but could not be loaded."""
        with _raising_write_failed():
            directory = self._find() or untrusted_state_dir("journal")
            path = None if directory is None else directory / self._unfinished
            return path if path is not None and os.path.lexists(path) else None

    def _is_in(self, directory: Path) -> bool:
        names = (self._unfinished, self._last, f".{self._unfinished}.tmp")
        return any(os.path.lexists(directory / name) for name in names)

    def _create(self) -> Path:
        """Create a directory for journals; may raise OSError."""
        with contextlib.suppress(OSError):
            return state_dir("journal")
        beside = next(each for each in self.config.parents if each.exists()) / _DIRECTORY_BESIDE
        make_private(beside)
        # A configuration kept in git must not take the old secrets along.
        write_private(beside / ".gitignore", b"*\n")
        return beside


def unfinished_findings(config: Path) -> tuple[Finding, ...]:
    """Warn a dry run that the files are not in the state that the command would work on."""
    record = Journal(config).interrupted()
    if record is None:
        return ()
    message = _(
        "A write ({shown}) is not finished: another smtp-wizard is working on it, or was "
        "interrupted. Without --dry-run, an interrupted one is put back or completed first.",
        shown=record.label,
    )
    return (Finding("write-unfinished", message),)


@contextlib.contextmanager
def _raising_write_failed() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteFailed(
            "journal-not-usable",
            _(
                "The copies that make a crash harmless cannot be kept or read: {reason}.",
                reason=os_reason(error),
            ),
            _("Make sure that ~/.local/state can be written and has some space, and try again."),
        ) from None

"""The journal: what a write replaces, kept on disk before anything is changed.

By its record the next start recovers from a crash, and ``undo`` takes back the write afterwards.
It holds the files as they were, with the secrets in them, readable by this account alone; one
write is kept, for 30 days. The secret of a keyring is never in it: its copy stays in the keyring.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Any, Self

from wizard.errors import WriteFailed
from wizard.files.atomic import sync_directory
from wizard.files.in_place import is_torn
from wizard.files.refusals import os_reason
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind, store_kind
from wizard.system.state import (
    config_key,
    existing_state_dir,
    is_private,
    make_private,
    read_private,
    remove_private,
    state_dir,
    untrusted_state_dir,
    write_private,
)
from wizard.text.language import _

RETENTION = timedelta(days=30)
_VERSION = 1
_LIMIT = 16 << 20
"""Bytes; room for four images of the largest file that is edited, in base64."""
_DIRECTORY_BESIDE = ".smtp-wizard"


class FileRole(StrEnum):
    """What a file is to the server, whatever its name."""

    CONFIG = "config"
    ENV = "env"


class Phase(StrEnum):
    """How far a write has come."""

    BACKING_UP = "shelving"
    """Nothing is changed; the stores get copies of the secrets that will be replaced."""
    PREPARED = "prepared"
    """Whatever has been changed is put back after a crash."""
    COMMITTED = "committed"
    """Everything is written; only an old copy of the secret may have to be removed yet."""


@dataclass(frozen=True, slots=True)
class FileImage:
    """A file before and after a write; None stands for no file.

    ``after`` is dropped once the write is committed, and only its ``digest`` stays. ``mode`` is
    that of the old file. ``in_place`` says that the file had to be overwritten, so that a crash may
    leave a mixture of both.
    """

    path: Path
    role: FileRole
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    mode: int | None = None
    in_place: bool = False
    digest: str = ""

    def is_after(self, data: bytes | None) -> bool:
        """Whether ``data`` is what the write has left."""
        return digest(data) == self.digest

    def is_torn(self, data: bytes | None) -> bool:
        """Whether ``data`` is what a crash leaves of writing ``after`` over ``before``."""
        if not self.in_place or data is None or self.before is None or self.after is None:
            return False
        return is_torn(self.before, self.after, data)


@dataclass(frozen=True, slots=True)
class StoreImage:
    """A secret in a store before and after a write.

    ``existed`` says whether there was one, whose copy is then in the store's backup ``slot``.
    ``fingerprint`` is a salted hash of the new one, empty where there is none. ``details`` are
    what it takes to reopen the store.
    """

    kind: StoreKind
    slot: str
    existed: bool
    fingerprint: str = field(repr=False)
    details: Mapping[str, str] = field(default_factory=dict)

    def is_after(self, secret: Secret | None) -> bool:
        """Whether ``secret`` is what the write has left."""
        if secret is None or not self.fingerprint:
            return secret is None and not self.fingerprint
        return fingerprint(secret, self.fingerprint.partition("$")[0]) == self.fingerprint


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One write: what it changes, and how far it has come; ``at`` is in UTC."""

    config: Path
    command: str
    files: tuple[FileImage, ...]
    stores: tuple[StoreImage, ...] = ()
    directories: tuple[Path, ...] = ()
    """Those that have to be created for the files, outermost first."""
    keep: bool = True
    """Whether the write can be undone when it is finished."""
    phase: Phase = Phase.PREPARED
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def label(self) -> str:
        """What sentences call the write, such as ``set, 2026-11-22 14:02``, in local time."""
        return f"{self.command}, {self.at.astimezone():%Y-%m-%d %H:%M}"

    def writing_in_place(self, path: Path) -> Self:
        """Return the record from the moment when a file is overwritten."""
        files = (replace(each, in_place=each.in_place or each.path == path) for each in self.files)
        return replace(self, files=tuple(files))

    def committed(self) -> Self:
        """Return the record of the finished write, without the new contents."""
        files = tuple(replace(each, after=None) for each in self.files)
        return replace(self, phase=Phase.COMMITTED, files=files)

    def to_json(self) -> dict[str, Any]:
        """Return the record as it is kept."""
        return {
            "version": _VERSION,
            "config": str(self.config),
            "command": self.command,
            "at": self.at.isoformat(),
            "directories": [str(each) for each in self.directories],
            "keep": self.keep,
            "phase": str(self.phase),
            "files": [
                {
                    "path": str(each.path),
                    "role": str(each.role),
                    "before": _encode(each.before),
                    "after": _encode(each.after),
                    "mode": each.mode,
                    "in_place": each.in_place,
                    "digest": each.digest,
                }
                for each in self.files
            ],
            "stores": [
                {
                    "store": each.kind.option,
                    "slot": each.slot,
                    "had": each.existed,
                    "fingerprint": each.fingerprint,
                    "details": dict(each.details),
                }
                for each in self.stores
            ],
        }

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the record that was kept; raise ValueError, TypeError or KeyError otherwise."""
        if content["version"] != _VERSION:
            raise ValueError(content["version"])
        at = datetime.fromisoformat(content["at"])
        if at.tzinfo is None or not 1970 <= at.year < 9000:
            raise ValueError("not a time that a clock could show")
        config = Path(content["config"])
        return cls(
            config,
            content["command"],
            tuple(
                FileImage(
                    Path(each["path"]),
                    FileRole(each["role"]) if "role" in each else _guess_role(each["path"], config),
                    _decode(each["before"]),
                    _decode(each["after"]),
                    each["mode"],
                    each["in_place"],
                    each["digest"],
                )
                for each in content["files"]
            ),
            tuple(
                StoreImage(
                    store_kind(each["store"]),
                    each["slot"],
                    each["had"],
                    each["fingerprint"],
                    each["details"],
                )
                for each in content["stores"]
            ),
            tuple(Path(each) for each in content["directories"]),
            content["keep"],
            Phase(content["phase"]),
            at,
        )


def digest(data: bytes | None) -> str:
    """Return a hash that tells one content of a file from another; empty for no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def fingerprint(secret: Secret | None, salt: str = "") -> str:
    """Return a slow salted hash, ``salt$hash`` in hexadecimal digits; empty for no secret."""
    if secret is None:
        return ""
    salt = salt or os.urandom(16).hex()
    text = secret.reveal().encode("utf-8", "surrogatepass")
    return f"{salt}${hashlib.scrypt(text, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()}"


def _guess_role(path: str, config: Path) -> FileRole:
    """Return the role of a file in a record that was written before records told it.

    A link to config.toml may have any name, so the name alone does not tell.
    """
    return FileRole.CONFIG if os.path.realpath(path) == str(config) else FileRole.ENV


def _is_old(record: JournalRecord) -> bool:
    return datetime.now(UTC) - record.at > RETENTION


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


class Journal:
    """The unfinished write of one configuration, and the last finished one.

    Kept in the user's state directory; without one (an account that has no home), in a private
    directory beside config.toml. Use it only while holding the lock. Every method may raise
    :class:`WriteFailed` where the system refuses; only :meth:`write` creates a directory.
    """

    def __init__(self, config: Path) -> None:
        self.config = Path(os.path.realpath(config))
        self._unfinished = f"{config_key(config)}.unfinished"
        self._last = f"{config_key(config)}.last"
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

    def last(self) -> JournalRecord | None:
        """Return the last committed write, unless it is older than :data:`RETENTION`."""
        record = self._load(self._unfinished)
        if record is None or record.phase is not Phase.COMMITTED:
            record = self.last_finished()
        return None if record is None or _is_old(record) else record

    def last_finished(self) -> JournalRecord | None:
        """Return the last finished write, however old, and whatever has begun since."""
        return self._load(self._last)

    def expired(self) -> JournalRecord | None:
        """Return the last finished write if it is older than :data:`RETENTION`."""
        record = self.last_finished()
        return record if record is not None and _is_old(record) else None

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
            write_private(directory / self._unfinished, json.dumps(record.to_json()).encode())

    def finish(self, record: JournalRecord) -> None:
        """Close the unfinished write: make it the one that can be undone, or forget it."""
        with _raising_write_failed():
            directory = self._find()
            if directory is not None and record.keep:
                (directory / self._unfinished).rename(directory / self._last)
                sync_directory(directory, strict=True)
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
        with contextlib.suppress(ValueError, TypeError, KeyError):
            record = JournalRecord.from_json(json.loads(data))
            if record.config == self.config:
                return record
        return None

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

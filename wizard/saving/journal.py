"""The journal: what a write replaces, kept on disk before anything is changed.

Its record makes a crash recoverable at the next start, and is what ``undo`` goes by afterwards.
It holds the files as they were, which may contain secrets just as the files do, readable for this
account alone; one write is kept, for 30 days. The secret of a keyring never comes here: its copy
stays in the keyring.
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
from wizard.files import in_place as in_place_module
from wizard.files.atomic import sync_directory
from wizard.secrets.secret import Secret
from wizard.secrets.store import StoreKind
from wizard.system import state
from wizard.system.state import (
    config_key,
    existing_state_dir,
    read_private,
    remove_private,
    state_dir,
    untrusted_state_dir,
    write_private,
)
from wizard.text.language import _

KEPT = timedelta(days=30)
_VERSION = 1
_LIMIT = 16 << 20
"""Bytes; four images of the largest file that is edited, in base64."""
_BESIDE = ".smtp-wizard"


class FileRole(StrEnum):
    """What a file is to the server, whatever it is called."""

    CONFIG = "config"
    ENV = "env"


class Phase(StrEnum):
    """How far a write has come."""

    SHELVING = "shelving"
    """Nothing is changed yet but the shelves, which get copies of the secrets to be replaced."""
    PREPARED = "prepared"
    """Whatever has been changed is put back after a crash."""
    COMMITTED = "committed"
    """Everything is written; at most an old copy of the secret has still to be removed."""


@dataclass(frozen=True, slots=True)
class FileImage:
    """A file before and after a write; None stands for no file.

    ``after`` is forgotten once the write is committed, only its digest stays. ``mode`` is that of
    the old file. ``in_place`` says that it had to be written over, so that a crash may leave a
    mixture of both.
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
        return in_place_module.is_torn(self.before, self.after, data)


@dataclass(frozen=True, slots=True)
class StoreImage:
    """A secret outside of the files: whether there was one, and what it takes to find it again.

    The old secret is on the store's own shelf ``slot``; ``fingerprint`` is a salted hash of the
    new one, empty where there is none. ``details`` are those of ``Store``.
    """

    store: StoreKind
    slot: str
    had: bool
    fingerprint: str = field(repr=False)
    details: Mapping[str, str] = field(default_factory=dict)

    def is_after(self, secret: Secret | None) -> bool:
        """Whether ``secret`` is what the write has left."""
        if secret is None or not self.fingerprint:
            return secret is None and not self.fingerprint
        return fingerprint(secret, self.fingerprint.partition("$")[0]) == self.fingerprint


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One write: what it changes, and how far it has come. ``at`` is in UTC."""

    config: Path
    command: str
    files: tuple[FileImage, ...]
    stores: tuple[StoreImage, ...] = ()
    directories: tuple[Path, ...] = ()
    """Those that have to be made for the files, outermost first."""
    keep: bool = True
    """Whether the write can be undone once it is finished."""
    phase: Phase = Phase.PREPARED
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def shown(self) -> str:
        """The write in words, such as ``set, 2026-11-22 14:02``, in local time."""
        return f"{self.command}, {self.at.astimezone():%Y-%m-%d %H:%M}"

    def written_in_place(self, path: Path) -> Self:
        """Return the record after the decision to write over a file."""
        files = (replace(each, in_place=each.in_place or each.path == path) for each in self.files)
        return replace(self, files=tuple(files))

    def committed(self) -> Self:
        """Return the record of the finished write, which knows the new contents no more."""
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
                    "before": _text(each.before),
                    "after": _text(each.after),
                    "mode": each.mode,
                    "in_place": each.in_place,
                    "digest": each.digest,
                }
                for each in self.files
            ],
            "stores": [
                {
                    "store": str(each.store),
                    "slot": each.slot,
                    "had": each.had,
                    "fingerprint": each.fingerprint,
                    "details": dict(each.details),
                }
                for each in self.stores
            ],
        }

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return what was kept; raise ValueError, TypeError or KeyError for anything else."""
        if content["version"] != _VERSION:
            raise ValueError(content["version"])
        at = datetime.fromisoformat(content["at"])
        if at.tzinfo is None or not 1970 <= at.year < 9000:
            raise ValueError("no time that a clock has shown")
        config = Path(content["config"])
        return cls(
            config,
            content["command"],
            tuple(
                FileImage(
                    Path(each["path"]),
                    FileRole(each["role"]) if "role" in each else _role(each["path"], config),
                    _bytes(each["before"]),
                    _bytes(each["after"]),
                    each["mode"],
                    each["in_place"],
                    each["digest"],
                )
                for each in content["files"]
            ),
            tuple(
                StoreImage(
                    StoreKind(each["store"]),
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
    """Return what tells one content of a file from another; empty for no file."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def fingerprint(secret: Secret | None, salt: str = "") -> str:
    """Return a slow salted hash, ``salt$hash`` in hexadecimal digits; empty for no secret."""
    if secret is None:
        return ""
    salt = salt or os.urandom(16).hex()
    text = secret.reveal().encode("utf-8", "surrogatepass")
    return f"{salt}${hashlib.scrypt(text, salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex()}"


def _role(path: str, config: Path) -> FileRole:
    """Return the role of a file in a record written before records told it.

    The name would not do: a link to config.toml may have another one.
    """
    return FileRole.CONFIG if os.path.realpath(path) == str(config) else FileRole.ENV


def _is_old(record: JournalRecord) -> bool:
    return datetime.now(UTC) - record.at > KEPT


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)


class Journal:
    """The unfinished write of one configuration, and the last finished one.

    Kept in the user's state directory; without one (an account that has no home), in a private
    directory beside config.toml. Only who holds the lock may use it. Every method may raise
    :class:`WriteFailed` where the system refuses; only :meth:`write` makes a directory.
    """

    def __init__(self, config: Path) -> None:
        self.config = Path(os.path.realpath(config))
        self._unfinished = f"{config_key(config)}.unfinished"
        self._last = f"{config_key(config)}.last"
        self._room: Path | None = None

    def unfinished(self) -> JournalRecord | None:
        """Return the write that a crash has interrupted.

        Raises :class:`WriteFailed` where there is one that cannot be believed: whoever went on
        would make the half that it has left last.
        """
        record = self._load(self._unfinished)
        if record is None and (path := self._left_alone()) is not None:
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
        """Return the last write that was made, unless it is older than :data:`KEPT`."""
        unfinished = self._load(self._unfinished)
        made = unfinished is not None and unfinished.phase is Phase.COMMITTED
        record = unfinished if made else self._load(self._last)
        return None if record is None or _is_old(record) else record

    def kept(self) -> JournalRecord | None:
        """Return the last finished write, however old it is, and whatever has begun since."""
        return self._load(self._last)

    def expired(self) -> JournalRecord | None:
        """Return the last finished write if it is older than :data:`KEPT`."""
        record = self.kept()
        return record if record is not None and _is_old(record) else None

    def write(self, record: JournalRecord) -> None:
        """Keep how far a write has come; when this returns, the disk has it.

        Where this raises at a record that is not the first one, :meth:`unfinished` tells which
        of the two is there.
        """
        with _refusing():
            room = self._room or self._find()
            if room is None:
                room = self._room = self._make()
                if self._is_in(room):  # the system did not tell, a moment ago
                    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            write_private(room / self._unfinished, json.dumps(record.to_json()).encode())

    def finish(self, record: JournalRecord) -> None:
        """Close the unfinished write; it becomes the one that can be undone, or is forgotten."""
        with _refusing():
            room = self._room or self._find()
            if room is not None and record.keep:
                (room / self._unfinished).rename(room / self._last)
                sync_directory(room, strict=True)
            elif room is not None:
                remove_private(room / self._last)
                remove_private(room / self._unfinished)

    def abandon(self) -> None:
        """Forget the unfinished write, after everything was put back."""
        self._remove(self._unfinished)

    def forget(self) -> None:
        """Forget the last finished write."""
        self._remove(self._last)

    def _remove(self, name: str) -> None:
        with _refusing():
            room = self._room or self._find()
            if room is not None:
                remove_private(room / name)

    def _load(self, name: str) -> JournalRecord | None:
        """Return a record; what cannot be one counts as none."""
        with _refusing():
            room = self._room or self._find()
            data = None if room is None else read_private(room / name, _LIMIT)
        if data is None:
            return None
        with contextlib.suppress(ValueError, TypeError, KeyError):
            record = JournalRecord.from_json(json.loads(data))
            if record.config == self.config:
                return record
        return None

    def _find(self) -> Path | None:
        """Return the directory where this configuration has a journal; may raise OSError."""
        rooms = [directory / _BESIDE for directory in self.config.parents[:3]]
        with contextlib.suppress(PermissionError):
            if (room := existing_state_dir("journal")) is not None:
                rooms.insert(0, room)
        for room in rooms:
            with contextlib.suppress(PermissionError):
                if state.is_private(room) and self._is_in(room):
                    self._room = room
                    return room
        return None

    def _left_alone(self) -> Path | None:
        """Return the unfinished record where it is, but says nothing that can be believed."""
        with _refusing():
            room = self._room or self._find() or untrusted_state_dir("journal")
            path = None if room is None else room / self._unfinished
            return path if path is not None and os.path.lexists(path) else None

    def _is_in(self, room: Path) -> bool:
        names = (self._unfinished, self._last, f".{self._unfinished}.tmp")
        return any(os.path.lexists(room / name) for name in names)

    def _make(self) -> Path:
        """Return a new directory for journals; may raise OSError."""
        with contextlib.suppress(OSError):
            return state_dir("journal")
        beside = next(each for each in self.config.parents if each.exists()) / _BESIDE
        state.make_private(beside)
        # Whoever keeps the configuration in git must not keep the old secrets there, too.
        write_private(beside / ".gitignore", b"*\n")
        return beside


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteFailed(
            "journal-not-usable",
            _(
                "The copies that make a crash harmless cannot be kept or read: {reason}.",
                reason=error.strerror or type(error).__name__,
            ),
            _("Make sure that ~/.local/state can be written and has some space, and try again."),
        ) from None

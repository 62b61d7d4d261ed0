"""The record of one write, as the journal keeps it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

from wizard.files.writing import is_torn
from wizard.saving.change import FileRole
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind, store_kind
from wizard.text.language import N_, _, day_and_time

RETENTION = timedelta(days=30)
"""How long a write can be undone."""
_VERSION = 1


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
    that of the old file, ``new_mode`` the one that the write gives it, where it changes that.
    ``in_place`` says that the file had to be overwritten, so that a crash may leave a mixture of
    both.
    """

    path: Path
    role: FileRole
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    mode: int | None = None
    in_place: bool = False
    digest: str = ""
    new_mode: int | None = None

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


class Write(NamedTuple):
    """A write, as sentences name it."""

    command: str
    at: datetime

    @property
    def program(self) -> str:
        """What was called."""
        return "smtp-wizard" if self.command == "wizard" else f"smtp-wizard {self.command}"


class UndoneWrite(NamedTuple):
    """What an undo has led to: the state before a write, or the one after it once more."""

    write: Write
    is_before: bool

    def __str__(self) -> str:
        sentence = N_("Everything is as {program} wrote it on {when}.")
        if self.is_before:
            sentence = N_("Everything is as it was before {program} wrote on {when}.")
        return _(sentence, program=self.write.program, when=day_and_time(self.write.at))


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
    undone: UndoneWrite | None = None
    """Of an undo: what it has led to."""

    @property
    def once_undone(self) -> UndoneWrite:
        """What undoing this write leads to."""
        if self.undone is None:
            return UndoneWrite(self.write, is_before=True)
        return self.undone._replace(is_before=not self.undone.is_before)

    @property
    def label(self) -> str:
        """What sentences call the write: ``smtp-wizard set, 2026-11-22 14:02``, in local time."""
        return f"{self.write.program}, {day_and_time(self.at)}"

    @property
    def write(self) -> Write:
        """Which write it is."""
        return Write(self.command, self.at)

    @property
    def is_committed(self) -> bool:
        """Whether everything is written."""
        return self.phase is Phase.COMMITTED

    @property
    def is_old(self) -> bool:
        """Whether the write is too old to be undone."""
        return datetime.now(UTC) - self.at > RETENTION

    def writing_in_place(self, path: Path) -> Self:
        """Return the record from the moment when a file is overwritten."""
        files = (replace(each, in_place=each.in_place or each.path == path) for each in self.files)
        return replace(self, files=tuple(files))

    def committed(self) -> Self:
        """Return the record of the finished write, without the new contents."""
        files = tuple(replace(each, after=None) for each in self.files)
        return replace(self, phase=Phase.COMMITTED, files=files)

    def to_bytes(self) -> bytes:
        """Return the record as it is kept."""
        content = {
            "version": _VERSION,
            "config": str(self.config),
            "command": self.command,
            "at": self.at.isoformat(),
            "undone": None
            if self.undone is None
            else {
                "command": self.undone.write.command,
                "at": self.undone.write.at.isoformat(),
                "is_before": self.undone.is_before,
            },
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
                    "new_mode": each.new_mode,
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
        return json.dumps(content).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the record that was kept; raise ValueError, TypeError or KeyError otherwise."""
        content = json.loads(data)
        if content["version"] != _VERSION:
            raise ValueError(content["version"])
        at = _moment(content["at"])
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
                    each.get("new_mode"),  # records of earlier versions have none
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
            _undone(content.get("undone")),  # records of earlier versions have none
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


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 <= moment.year < 9000:
        raise ValueError("not a time that a clock could show")
    return moment


def _undone(content: Mapping[str, Any] | None) -> UndoneWrite | None:
    if content is None:
        return None
    return UndoneWrite(Write(content["command"], _moment(content["at"])), content["is_before"])


def _guess_role(path: str, config: Path) -> FileRole:
    """Return the role of a file in a record that was written before records told it.

    A link to config.toml may have any name, so the name alone does not tell.
    """
    return FileRole.CONFIG if os.path.realpath(path) == str(config) else FileRole.ENV


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)

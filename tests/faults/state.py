"""What is on the disk: every file below a directory, with all that a save could damage."""

from __future__ import annotations

import functools
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SLOT = re.compile(r"(before-|before the last change, )[0-9a-f]{8}")
CREDENTIAL = "smtp_secret.cred"
KEYRING = "keyring: "
"""What the names of files with a credential and of the keyring's entries begin with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a directory. ``content`` is that of a file, or where a link leads."""

    kind: int
    mode: int
    owner: tuple[int, int]
    content: bytes
    attributes: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, path: Path) -> Entry:
        status = path.lstat()
        kind = stat.S_IFMT(status.st_mode)
        content = b""
        if kind == stat.S_IFLNK:
            content = os.fsencode(path.readlink())
        elif kind == stat.S_IFREG:
            content = path.read_bytes()
        if CREDENTIAL in path.name and path.suffix != ".tmp":
            content = _decrypted(content)
        names = () if kind == stat.S_IFLNK else os.listxattr(path)
        attributes = tuple((name, os.getxattr(path, name)) for name in sorted(names))
        owner = status.st_uid, status.st_gid
        return cls(kind, stat.S_IMODE(status.st_mode), owner, content, attributes)


State = Mapping[str, Entry]
"""Path below the directory → what is there."""


def read_state(directory: Path) -> State:
    found = {}
    for parent, directories, names in os.walk(directory):
        for name in (*directories, *names):
            path = Path(parent, name)
            found[str(path.relative_to(directory))] = Entry.of(path)
    return found


def without_slots(state: State) -> State:
    """Return the state with names for copies of an old secret that do not differ at random."""
    found: dict[str, Entry] = {}
    for name, entry in sorted(state.items(), key=lambda item: item[1].content):
        plain = _SLOT.sub(r"\1*", name)
        while plain in found:
            plain += " and another"
        found[plain] = entry
    return found


def differences(found: State, wanted: State) -> list[str]:
    """Return where two states differ, without the content of any file."""
    words = []
    for name in sorted({*found, *wanted}):
        if name not in wanted:
            words.append(f"{name} is there")
        elif name not in found:
            words.append(f"{name} is missing")
        elif found[name] != wanted[name]:
            fields = ("kind", "mode", "owner", "content", "attributes")
            other = [f for f in fields if getattr(found[name], f) != getattr(wanted[name], f)]
            words.append(f"{name} has another {' and '.join(other)}")
    return words


@functools.lru_cache(maxsize=4096)
def _decrypted(data: bytes) -> bytes:
    """Return what a credential contains: encrypted twice, the same secret gives other bytes."""
    command = ["systemd-creds", "decrypt", "--name=smtp_secret", "--newline=no", "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    return b"decrypted:" + done.stdout if done.returncode == 0 else b"broken:" + data

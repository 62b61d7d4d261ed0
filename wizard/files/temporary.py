"""The private file beside the one that it will replace, and what a crash leaves of it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

PRIVATE = 0o600
_SUFFIX = re.compile(r"\.[0-9a-f]{12}\.tmp")
_LONGEST_STEM = 255 - len(".0123456789ab.tmp")
"""Bytes; a name may have 255 of them almost everywhere."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def create(target: Path) -> tuple[Path, int]:
    """Create a private file beside ``target``; return its path and a descriptor for writing.

    It is new for certain (O_EXCL), so a planted link is never followed. Raises :class:`OSError`.
    """
    path = target.with_name(f"{_stem(target)}.{os.urandom(6).hex()}.tmp")
    try:
        return path, os.open(path, _NEW, PRIVATE)
    except FileExistsError:
        raise
    except OSError:
        discard(path)  # over a network, what is reported as failed may have been done
        raise


def discard(path: Path) -> None:
    """Remove a file of :func:`create`, unless it was renamed.

    Where a directory lets nobody remove anything (``chattr +a``), at least nothing is left in it.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        try:
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(path, flags))
        except OSError:
            return


def leftovers(target: Path) -> list[Path]:
    """Return what a crash has left of writing ``target``: regular files of this account.

    They may hold what would have been written. Root sees those of every account, because it
    gives a file away before writing into it. A wizard that is writing right now has such a file,
    too: look only while no other one runs.
    """
    stem = _stem(target)
    found = []
    try:
        for entry in sorted(target.parent.iterdir()):
            name = entry.name
            if name.startswith(stem) and _SUFFIX.fullmatch(name[len(stem) :]):
                status = entry.lstat()
                ours = os.geteuid() in (0, status.st_uid)
                if ours and stat.S_ISREG(status.st_mode):
                    found.append(entry)
    except OSError:
        return found
    return found


def _stem(target: Path) -> str:
    return os.fsdecode(os.fsencode(f".{target.name}")[:_LONGEST_STEM])

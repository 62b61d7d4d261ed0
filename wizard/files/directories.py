"""Directories that a new file needs, and making sure that an entry in one lasts."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def make_directories(directory: Path) -> list[Path]:
    """Create what is missing of ``directory``; return it, outermost first.

    Raises :class:`OSError`; nothing is left then. What root creates belongs to the owner of the
    directory around it: a server that runs as its own account could not enter it otherwise.
    """
    missing: list[Path] = []
    while not directory.exists():
        missing.insert(0, directory)
        directory = directory.parent
    created: list[Path] = []
    try:
        for path in missing:
            path.mkdir()
            created.append(path)
            if os.geteuid() == 0:
                _give(path, path.parent.stat())
            sync_directory(path.parent)
    except OSError:
        remove_directories(created)
        raise
    return created


def remove_directories(created: Sequence[Path]) -> None:
    """Remove the directories that writing created, where they are still empty."""
    for directory in reversed(created):
        with contextlib.suppress(OSError):
            directory.rmdir()


def sync_directory(directory: Path) -> None:
    """Make what was created, renamed or removed in ``directory`` outlast a crash."""
    try:
        descriptor = os.open(directory, _OPEN)
    except PermissionError:  # it may be written, but not be listed
        os.sync()
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync(descriptor: int) -> None:
    """Make what was written outlast a crash, where the file system can do that."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def _give(path: Path, owner: os.stat_result) -> None:
    """Hand a directory over; by its descriptor, so that nothing else can be put in its place."""
    descriptor = os.open(path, _OPEN | os.O_NOFOLLOW)
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)

"""What a new file takes over from the one that it replaces, besides its name."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from wizard.files.reading import Snapshot

_KEPT = ("system.", "user.")
"""Access control lists (POSIX and NFS) and what people attach; these must not be lost."""
_TRIED = ("security.selinux", "security.SMACK64")
"""Labels, which the system may set by rules of its own. Others, such as security.ima and
trusted.gfid, describe the one file that has them and would be wrong on another."""


def adopt(descriptor: int, before: Snapshot, new_mode: int) -> None:
    """Give the new file the owner, group, mode and attributes of the old one.

    A first file takes the owner of its directory when root writes it: a server that runs as
    its own account could not read it otherwise. Raises :class:`OSError`.
    """
    mine = os.fstat(descriptor)
    model = before.status or before.target.parent.stat()
    if before.status is not None or os.geteuid() == 0:
        wanted = model.st_uid, model.st_gid
        if wanted != (mine.st_uid, mine.st_gid):
            os.fchown(descriptor, *wanted)
    if before.status is not None:
        _copy_attributes(before.target, descriptor)
    mode = new_mode if before.mode is None else before.mode
    if mode != os.fstat(descriptor).st_mode & 0o7777:  # some file systems know just one mode
        os.fchmod(descriptor, mode)


def _copy_attributes(source: Path, descriptor: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    theirs, inherited = _names(source), _names(descriptor)
    # A list that the directory gives to each new file would let accounts in that the old file
    # does not know.
    for name in inherited - theirs:
        if name.startswith("system."):
            os.removexattr(descriptor, name)
    for name in theirs:
        if name.startswith(_KEPT) or name in _TRIED:
            try:
                os.setxattr(descriptor, name, os.getxattr(source, name))
            except OSError:
                if name not in _TRIED:
                    raise


def _names(file: Path | int) -> set[str]:
    try:
        return set(os.listxattr(file))
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return set()
        raise

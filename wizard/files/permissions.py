"""What this account may write, and the mode of what it creates."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from wizard.files.reading import Snapshot
from wizard.files.temporary import PRIVATE


def is_writable(snapshot: Snapshot) -> bool:
    """Whether writing the file can succeed, as far as permissions tell beforehand."""
    if snapshot.exists:
        return may(snapshot.target, os.W_OK)
    directory = snapshot.target.parent
    while not may(directory, os.F_OK) and directory != directory.parent:
        directory = directory.parent
    return may(directory, os.W_OK | os.X_OK)


def new_file_mode(path: Path) -> int:
    """Return the mode for a new file: that of its ready-made neighbour, else private.

    The neighbour is the server's own ``config.toml.default``, or the like.
    """
    with contextlib.suppress(OSError):
        for neighbour in sorted(path.parent.iterdir()):
            status = neighbour.lstat()
            if neighbour.name.startswith(f"{path.name}.") and stat.S_ISREG(status.st_mode):
                return stat.S_IMODE(status.st_mode) & 0o664 | PRIVATE
    return PRIVATE


def may(path: Path, mode: int) -> bool:
    """Whether this account may do that (``os.W_OK``, …); sees read-only mounts, too."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)

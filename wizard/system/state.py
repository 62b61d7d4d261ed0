"""What the wizard remembers between two runs: where it is kept, and files that others cannot plant.

Journals, drafts and reports live in the user's state directory. Whatever is read back decides what
is written later, so nothing is believed that another account could have put there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from wizard.files.atomic import publish, sync_directory

APPLICATION = "smtp-wizard"
_PRIVATE_DIRECTORY = 0o700
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def state_dir(room: str = "") -> Path:
    """Return the user's state directory, or a ``room`` in it; it is made where it is missing.

    Raises :class:`OSError` where there is none that this account alone can write, for example
    because it has no home directory.
    """
    path = _state_path() / APPLICATION / room
    make_private(path)
    return path


def existing_state_dir(room: str = "") -> Path | None:
    """Return what :func:`directory` would return, without making it; None where it is missing.

    Raises :class:`OSError` where the system does not tell, or where it is not to be trusted.
    """
    path = _state_path() / APPLICATION / room
    return path if is_private(path) else None


def untrusted_state_dir(room: str) -> Path | None:
    """Return the directory of this account that others may write, too, which is not used then."""
    try:
        path = _state_path() / APPLICATION / room
        return path if path.is_dir() and path.lstat().st_uid == os.geteuid() else None
    except OSError:
        return None


def is_private(path: Path) -> bool:
    """Whether there is a directory; raise :class:`OSError` if it is not this account's alone."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISDIR(found.st_mode) or not _is_ours(found):
        raise PermissionError(f"{path} is not a directory that belongs to this account alone")
    return True


def _state_path() -> Path:
    from platformdirs import user_state_path  # only here: most commands keep nothing

    try:
        path = user_state_path()
    except RuntimeError:  # neither HOME nor an entry in /etc/passwd
        raise PermissionError("this account has no home directory") from None
    found = [each for each in (path, *path.parents) if os.path.lexists(each)]
    if os.geteuid() == 0 and any(each.lstat().st_uid for each in found):
        # sudo that keeps HOME: nothing of root's belongs into somebody else's home, nor where a
        # link in it leads.
        import pwd

        return Path(pwd.getpwuid(0).pw_dir) / ".local" / "state"
    return path


def make_private(path: Path) -> None:
    """Make a directory that only this account can use; raise :class:`OSError` if it is not so."""
    path.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=_PRIVATE_DIRECTORY)
    is_private(path)


def config_key(config: Path) -> str:
    """Return the name under which things about one configuration are kept."""
    return hashlib.sha256(os.fsencode(os.path.realpath(config))).hexdigest()[:32]


def write_private(path: Path, data: bytes) -> None:
    """Write a private file in one step and wait until the disk has it; may raise OSError.

    Two processes must not do this at once: the unfinished file has one name, so that a crash
    leaves at most one behind.
    """
    unfinished = _unfinished(path)
    unfinished.unlink(missing_ok=True)
    publish(path, data, temporary=unfinished, strict=True)
    sync_directory(path.parent, strict=True)


def read_private(path: Path, limit: int = 1 << 20) -> bytes | None:
    """Return what was saved; None where nothing is that this account wrote; may raise OSError.

    More than ``limit`` bytes count as nothing.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or not _is_ours(found):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(descriptor)
    return data if len(data) <= limit else None


def remove_private(path: Path) -> None:
    """Remove what was saved, and what a crash left of saving it; may raise OSError."""
    found = [each for each in (path, _unfinished(path)) if os.path.lexists(each)]
    for each in found:
        each.unlink()
    if found:
        sync_directory(path.parent, strict=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _is_ours(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_MAY_WRITE

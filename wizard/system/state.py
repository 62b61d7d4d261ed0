"""What the wizard keeps from one run to the next: journals, drafts, locks and reports.

It is in the user's state directory. What is read back decides what is written later, so nothing is
trusted that another account could have put there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from wizard.files.atomic import publish, sync_directory

APPLICATION = "smtp-wizard"
_PRIVATE_DIRECTORY = 0o700
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def state_dir(name: str = "") -> Path:
    """Return the user's state directory, or the one called ``name`` in it; create it if missing.

    Raises :class:`OSError` where there is none that only this account can write, for example
    because it has no home directory.
    """
    path = _state_path() / APPLICATION / name
    make_private(path)
    return path


def existing_state_dir(name: str = "") -> Path | None:
    """Return what :func:`state_dir` would return, without creating it; None where it is missing.

    Raises :class:`OSError` where the system does not tell, or where it cannot be trusted.
    """
    path = _state_path() / APPLICATION / name
    return path if is_private(path) else None


def may_hold_files(name: str) -> bool:
    """Whether a directory may hold anything; where it does not, its readers need not be loaded."""
    try:
        path = existing_state_dir(name)
        return path is not None and any(path.iterdir())
    except OSError:
        return True


def untrusted_state_dir(name: str) -> Path | None:
    """Return this account's directory even if it is not used, because others may write to it."""
    try:
        path = _state_path() / APPLICATION / name
        return path if path.is_dir() and path.lstat().st_uid == os.geteuid() else None
    except OSError:
        return None


def is_private(path: Path) -> bool:
    """Whether the directory exists; raise :class:`OSError` if it is not this account's alone."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISDIR(status.st_mode) or not _is_ours(status):
        raise PermissionError(f"{path} is not a directory that belongs to this account alone")
    return True


def _state_path() -> Path:
    from platformdirs import user_state_path  # only here: most commands keep nothing

    try:
        path = user_state_path()
    except RuntimeError:  # neither HOME nor an entry in /etc/passwd
        raise PermissionError("this account has no home directory") from None
    existing = [each for each in (path, *path.parents) if os.path.lexists(each)]
    if os.geteuid() == 0 and any(each.lstat().st_uid for each in existing):
        # A sudo that keeps HOME: nothing of root's belongs in somebody else's home, nor where a
        # link in it leads.
        import pwd

        return Path(pwd.getpwuid(0).pw_dir) / ".local" / "state"
    return path


def make_private(path: Path) -> None:
    """Create a directory that only this account can use; raise :class:`OSError` if it is not so."""
    path.parent.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=_PRIVATE_DIRECTORY)
    is_private(path)


def config_key(config: Path) -> str:
    """Return the name under which everything about one configuration is kept."""
    import hashlib  # only here: it takes its time

    return hashlib.sha256(os.fsencode(os.path.realpath(config))).hexdigest()[:32]


def write_private(path: Path, data: bytes) -> None:
    """Replace a private file in one step and wait until it is on the disk; may raise OSError.

    Two processes must not do this at once: the unfinished file always has the same name, so that
    crashes leave at most one behind.
    """
    unfinished = _unfinished(path)
    unfinished.unlink(missing_ok=True)
    publish(path, data, temporary=unfinished, strict=True)
    sync_directory(path.parent, strict=True)


def read_private(path: Path, limit: int = 1 << 20) -> bytes | None:
    """Return the content of a private file; None where there is none that only we can write.

    More than ``limit`` bytes count as none. May raise OSError.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(descriptor)
    return data if len(data) <= limit else None


def remove_private(path: Path) -> None:
    """Remove a private file, and what a crash left of writing it; may raise OSError."""
    existing = [each for each in (path, _unfinished(path)) if os.path.lexists(each)]
    for each in existing:
        each.unlink()
    if existing:
        sync_directory(path.parent, strict=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS

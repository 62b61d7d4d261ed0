"""What the wizard keeps from one run to the next: journals, drafts, locks and reports.

It is in the user's state directory. What is read back decides what is written later, so nothing is
trusted that another account could have put there: each directory is opened once, judged by what was
opened, and used by its descriptor.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wizard.files.location import Location
from wizard.files.reading import open_to_read
from wizard.files.writing import make_directories, publish

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
        raise _not_private(path)
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
    with Location(path / "any") as location:
        make_directories(location, _PRIVATE_DIRECTORY)
    is_private(path)


def _not_private(path: Path) -> OSError:
    return PermissionError(f"{path} is not a directory that belongs to this account alone")


def config_key(config: Path) -> str:
    """Return the name under which everything about one configuration is kept; may raise OSError."""
    import hashlib  # only here: it takes its time

    with Location(config) as location:
        return hashlib.sha256(os.fsencode(location.target)).hexdigest()[:32]


def write_private(path: Path, data: bytes) -> None:
    """Replace a private file in one step and wait until it is on the disk; may raise OSError.

    Two processes must not do this at once: the unfinished file always has the same name, so that
    crashes leave at most one behind.
    """
    with _private(path) as location:
        unfinished = _unfinished(location.name)
        _unlink(location, unfinished)
        publish(location, data, temporary=unfinished, strict=True)
        location.sync(strict=True)


def read_private(path: Path, limit: int = 1 << 20) -> bytes | None:
    """Return the content of a private file; None where there is none that only we can write.

    More than ``limit`` bytes count as none. May raise OSError.
    """
    try:
        with _private(path) as location:
            descriptor = open_to_read(location)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            return None
        os.set_blocking(descriptor, True)  # some file systems have nothing to read at first
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(descriptor)
    return data if len(data) <= limit else None


def rename_private(path: Path, name: str) -> None:
    """Give a private file another name and wait until that is on the disk; may raise OSError."""
    with _private(path) as location:
        directory = location.descriptor
        os.rename(location.name, name, src_dir_fd=directory, dst_dir_fd=directory)
        location.sync(strict=True)


def remove_private(path: Path) -> None:
    """Remove a private file, and what a crash left of writing it; may raise OSError."""
    try:
        with _private(path) as location:
            removed = [
                _unlink(location, name) for name in (location.name, _unfinished(location.name))
            ]
            if any(removed):
                location.sync(strict=True)
    except FileNotFoundError:
        return


@contextlib.contextmanager
def _private(path: Path) -> Iterator[Location]:
    """Open the directory of a private file; raise :class:`OSError` if it is not ours alone."""
    with Location(path, follow=False) as location:
        if not _is_ours(os.fstat(location.descriptor)):
            raise _not_private(location.directory)
        yield location


def _unlink(location: Location, name: str) -> bool:
    """Remove a file; return whether there was one."""
    try:
        os.unlink(name, dir_fd=location.descriptor)
    except FileNotFoundError:
        return False
    return True


def _unfinished(name: str) -> str:
    return f".{name}.tmp"


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _WRITABLE_BY_OTHERS

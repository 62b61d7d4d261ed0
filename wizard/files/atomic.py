"""Publishing a new file in one step, so that readers see the whole old one or the whole new one."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from wizard.files.refusals import InPlaceReason, os_reason

PRIVATE = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_TEMPORARY_SUFFIX = re.compile(r"\.[0-9a-f]{12}\.tmp")
_LONGEST_STEM = 255 - len(".0123456789ab.tmp")
"""Bytes; almost everywhere a name may have 255 of them."""

_DISK_FAILS = (errno.EIO, errno.ESTALE, errno.EROFS)
_NO_NEW_FILE = {
    errno.EACCES: InPlaceReason.DIRECTORY,
    errno.EPERM: InPlaceReason.DIRECTORY,
    errno.EROFS: InPlaceReason.MOUNT,  # only a mount of its own makes the file itself writable
}
_NO_RENAME = {
    errno.EBUSY: InPlaceReason.MOUNT,
    errno.EACCES: InPlaceReason.DIRECTORY,
    errno.EPERM: InPlaceReason.DIRECTORY,
    errno.EXDEV: InPlaceReason.RENAME,
    errno.ENOSYS: InPlaceReason.RENAME,
    errno.ENOTSUP: InPlaceReason.RENAME,
}


class CannotReplace(OSError):
    """The system refuses a step here, so that an existing file has to be written in place."""

    def __init__(self, reason: InPlaceReason, error: OSError) -> None:
        super().__init__(error.errno, error.strerror)
        self.reason = reason


class OutcomeUnknown(OSError):
    """Renaming failed, and the system does not tell whether it was done all the same."""


def publish(
    target: Path,
    data: bytes,
    *,
    temporary: Path,
    prepare: Callable[[int], None] | None = None,
    check: Callable[[], object] | None = None,
    strict: bool,
) -> None:
    """Write ``data`` to the new file ``temporary`` and rename that to ``target``.

    ``prepare`` gets the descriptor of the new file while it is still empty, ``check`` is called
    right before the rename; whatever they raise leaves ``target`` as it was. ``strict`` is that of
    :func:`sync`; the caller syncs the directory, since what to do if that fails is up to it.
    Raises :class:`OSError`, in particular :class:`CannotReplace` and :class:`OutcomeUnknown`.
    """
    descriptor = _create(temporary)
    try:
        try:
            if prepare is not None:
                prepare(descriptor)
            write_all(descriptor, data)
            sync(descriptor, strict=strict)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)  # on a network file system, some errors surface only here
        if check is not None:
            check()
        _rename(temporary, target, status)
    except BaseException:
        remove_temporary(temporary)
        raise


def _create(temporary: Path) -> int:
    """Create a private file; O_EXCL makes sure that it is new, and no planted link is followed."""
    try:
        return os.open(temporary, _NEW, PRIVATE)
    except FileExistsError:
        raise
    except OSError as error:
        remove_temporary(temporary)  # over a network, what is reported as failed may be done
        raise _classify(error, _NO_NEW_FILE) from None


def _rename(temporary: Path, target: Path, status: os.stat_result) -> None:
    try:
        os.replace(temporary, target)  # noqa: PTH105  (its errors name both paths)
    except OSError as error:
        # Over NFS the answer to a successful rename may be lost; sent again, it is refused.
        try:
            renamed = os.path.samestat(target.lstat(), status)
        except FileNotFoundError:
            renamed = False
        except OSError:
            raise OutcomeUnknown(error.errno, error.strerror) from None
        if not renamed:
            raise _classify(error, _NO_RENAME) from None


def _classify(error: OSError, reasons: dict[int, InPlaceReason]) -> OSError:
    reason = reasons.get(error.errno or 0)
    return error if reason is None else CannotReplace(reason, error)


def write_all(descriptor: int, data: bytes, offset: int = 0) -> None:
    """Write all of ``data`` from ``offset`` on, in as many pieces as the system wants."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(descriptor, rest, offset)
        rest = rest[done:]
        offset += done


def sync(descriptor: int, *, strict: bool = False) -> None:
    """Make what was written outlast a crash.

    A file system that cannot do that is an error only if ``strict``.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if strict or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_directory(directory: Path, *, strict: bool = False) -> None:
    """Make what was created, renamed or removed in ``directory`` outlast a crash.

    One that cannot be opened or synced by itself is an error only if ``strict``.
    """
    try:
        descriptor = os.open(directory, _DIRECTORY)
    except PermissionError:  # it may be writable without being listable
        if strict:
            raise
        os.sync()
        return
    try:
        sync(descriptor, strict=strict)
    finally:
        os.close(descriptor)


def temporary_beside(target: Path) -> Path:
    """Return an unused name beside ``target`` that :func:`stale_temporaries` recognises."""
    return target.with_name(f"{_stem(target)}.{os.urandom(6).hex()}.tmp")


def remove_temporary(path: Path) -> None:
    """Remove an unfinished file; it may have been renamed already.

    Where a directory lets nobody remove anything (``chattr +a``), at least the file is emptied.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        try:
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(path, flags))
        except OSError:
            return


def stale_temporaries(target: Path) -> list[Path]:
    """Return what a crash left of replacing ``target``: regular files of this account.

    They may hold what was about to be written. Root gets those of every account, because it gives
    a file away before writing to it. Call this only while no other wizard is running: one that is
    writing has such a file, too.
    """
    stem = _stem(target)
    found = []
    try:
        for entry in sorted(target.parent.iterdir()):
            name = entry.name
            if name.startswith(stem) and _TEMPORARY_SUFFIX.fullmatch(name[len(stem) :]):
                status = entry.lstat()
                is_ours = os.geteuid() in (0, status.st_uid)
                if is_ours and stat.S_ISREG(status.st_mode):
                    found.append(entry)
    except OSError:
        return found
    return found


def _stem(target: Path) -> str:
    return os.fsdecode(os.fsencode(f".{target.name}")[:_LONGEST_STEM])


def make_directories(directory: Path) -> list[Path]:
    """Create ``directory`` and its missing parents; return the created ones, outermost first.

    Raises :class:`OSError`, leaving nothing behind. What root creates is given to the owner of
    the directory around it: a server that runs as its own account could not enter it otherwise.
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


def remove_directories(created: Sequence[Path]) -> list[str]:
    """Remove the directories that :func:`make_directories` created, where they are still empty.

    Returns those that a failing disk does not give up, each with the reason.
    """
    remaining = []
    for directory in reversed(created):
        try:
            directory.rmdir()
        except OSError as error:
            if error.errno in _DISK_FAILS and os.path.lexists(directory):
                remaining.append(f"{directory} ({os_reason(error)})")
    return remaining


def _give(path: Path, owner: os.stat_result) -> None:
    """Hand over a directory, by its descriptor: nothing else can be put in its place meanwhile."""
    descriptor = os.open(path, _DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)

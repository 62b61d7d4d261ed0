"""The two ways to write a file, and what goes with them.

A new file is published in one step, so that readers see the whole old one or the whole new one.
Where that is impossible, the file is written in place, as the last resort: a reader may see part of
it for a moment, and a crash may leave it torn; so the caller keeps a copy of the old content first.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from wizard.files.location import Location, sync
from wizard.files.reading import Snapshot
from wizard.files.refusals import (
    InPlaceReason,
    changed_meanwhile,
    file_not_written,
    not_put_back,
    not_written,
    os_reason,
)

PRIVATE = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TEMPORARY_SUFFIX = re.compile(r"\.[0-9a-f]{12}\.tmp")
_LONGEST_STEM = 255 - len(".0123456789ab.tmp")
"""Bytes; almost everywhere a name may have 255 of them."""

LOCK_FILE = ".smtp-wizard.lock"
"""What writers lock in a directory; it means nothing by itself, and a crash may leave it."""
_NEW_DIRECTORY = 0o755
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
    location: Location,
    data: bytes,
    *,
    temporary: str,
    prepare: Callable[[int], None] | None = None,
    check: Callable[[], object] | None = None,
    strict: bool,
) -> None:
    """Write ``data`` to the new file ``temporary`` in the directory, and rename that to the file.

    ``prepare`` gets the descriptor of the new file while it is still empty, ``check`` is called
    right before the rename; whatever they raise leaves the file as it was. ``strict`` is that of
    :func:`sync`; the caller syncs the directory, since what to do if that fails is up to it.
    Raises :class:`OSError`, in particular :class:`CannotReplace` and :class:`OutcomeUnknown`.
    """
    descriptor = _create(location, temporary)
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
        _rename(location, temporary, status)
    except BaseException:
        remove_temporary(location, temporary)
        raise


def _create(location: Location, temporary: str) -> int:
    """Create a private file; O_EXCL makes sure that it is new, and no planted link is followed."""
    try:
        return os.open(temporary, _NEW, PRIVATE, dir_fd=location.descriptor)
    except FileExistsError:
        raise
    except OSError as error:
        remove_temporary(location, temporary)  # over a network, what failed may be done
        raise _classify(error, _NO_NEW_FILE) from None


def _rename(location: Location, temporary: str, status: os.stat_result) -> None:
    directory = location.descriptor
    try:
        os.replace(temporary, location.name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError as error:
        # Over NFS the answer to a successful rename may be lost; sent again, it is refused.
        try:
            renamed = os.path.samestat(location.lstat(), status)
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


def new_temporary(location: Location) -> str:
    """Return an unused name beside the file that :func:`stale_temporaries` recognises."""
    return f"{_stem(location.name)}.{os.urandom(6).hex()}.tmp"


def remove_temporary(location: Location, temporary: str) -> None:
    """Remove an unfinished file; it may have been renamed already.

    Where a directory lets nobody remove anything (``chattr +a``), at least the file is emptied.
    """
    try:
        os.unlink(temporary, dir_fd=location.descriptor)
    except FileNotFoundError:
        return
    except OSError:
        try:
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(temporary, flags, dir_fd=location.descriptor))
        except OSError:
            return


def stale_temporaries(path: Path) -> list[Path]:
    """Return what a crash left of replacing the file at ``path``: regular files of this account.

    They may hold what was about to be written. Root gets those of every account, because it gives
    a file away before writing to it. Call this only while no other wizard is running: one that is
    writing has such a file, too. Raises :class:`OSError` where nobody can tell.
    """
    found = []
    gone = contextlib.suppress(FileNotFoundError, NotADirectoryError)
    with gone, Location(path) as location, location.rights():
        stem = _stem(location.name)
        for name in location.names():
            if name.startswith(stem) and _TEMPORARY_SUFFIX.fullmatch(name[len(stem) :]):
                status = location.lstat(name)
                is_ours = os.geteuid() in (0, status.st_uid)
                if is_ours and stat.S_ISREG(status.st_mode):
                    found.append(location.directory / name)
    return found


def _stem(name: str) -> str:
    return os.fsdecode(os.fsencode(f".{name}")[:_LONGEST_STEM])


def make_directories(location: Location, mode: int = _NEW_DIRECTORY) -> list[Path]:
    """Create the missing directories of a location and enter them; return them, outermost first.

    What root creates belongs to the owner of the directory around it: a server that runs as its
    own account could not enter it otherwise. Raises :class:`OSError`, leaving nothing behind.
    """
    created: list[Path] = []
    try:
        while location.missing:
            name = location.missing[0]
            with location.rights(creating=True), contextlib.suppress(FileExistsError):
                os.mkdir(name, mode, dir_fd=location.nearest)
                created.append(location.directory / name)
                location.sync()
            location.enter_new()
    except OSError:
        remove_directories(created)
        raise
    return created


def remove_directories(created: Sequence[Path]) -> list[str]:
    """Remove directories that were created, given outermost first, where they are still empty.

    A lock in them, ours or what a crash left, does not count. Returns those that a failing disk
    does not give up, each with the reason.
    """
    remaining = []
    for directory in reversed(created):
        try:
            _remove_lock(directory / LOCK_FILE)
            with Location(directory, follow=False) as location, location.rights():
                os.rmdir(location.name, dir_fd=location.descriptor)
        except OSError as error:
            if error.errno in _DISK_FAILS and os.path.lexists(directory):
                remaining.append(f"{directory} ({os_reason(error)})")
    return remaining


def _remove_lock(path: Path) -> None:
    """Remove the file that writers lock, where nothing else is in its directory."""
    with contextlib.suppress(PermissionError), Location(path, follow=False) as lock, lock.rights():
        if lock.names() == [lock.name]:
            os.unlink(lock.name, dir_fd=lock.descriptor)


def open_existing(location: Location, before: Snapshot) -> int:
    """Open the file of ``before`` for reading and writing, without changing anything.

    Raises :class:`WriteFailed`, or :class:`FileRefused` where the file is gone.
    """
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with location.rights():
            return os.open(location.name, flags, dir_fd=location.descriptor)
    except FileNotFoundError:
        raise changed_meanwhile(before.path) from None
    except OSError as error:
        is_ours = before.status is not None and before.status.st_uid == os.geteuid()
        raise file_not_written(before.path, before.target, error, is_ours=is_ours) from None


def overwrite(
    location: Location, before: Snapshot, data: bytes, on_start: Callable[[], None] | None
) -> None:
    """Write ``data`` over the file of ``before``; ``on_start`` is called before the first byte.

    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the old content is then put back. A crash leaves
    what :func:`is_torn` recognises.
    """
    old = before.data or b""
    descriptor = open_existing(location, before)
    try:
        if on_start is not None:
            on_start()
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or _content(descriptor, old) != old:
            raise changed_meanwhile(before.path)
        try:
            _write_over(descriptor, len(old), data)
        except OSError as error:
            _put_old_back(descriptor, before, error)
            raise not_written(before.path, before.target, error) from None
        except BaseException:
            _put_old_back(descriptor, before, None)
            raise
    finally:
        with contextlib.suppress(OSError):  # everything is on the disk already
            os.close(descriptor)


def is_torn(before: bytes, after: bytes, found: bytes) -> bool:
    """Whether ``found`` can be what a crash leaves of writing ``after`` over ``before``.

    A disk may write the parts of a file in any order, so each byte is then that of either at the
    same offset.
    """
    sizes = sorted((len(before), len(after)))
    if not sizes[0] <= len(found) <= sizes[1]:
        return False
    offsets = zip(found, zip_longest(before[: len(found)], after[: len(found)]), strict=True)
    return all(byte in pair for byte, pair in offsets)


def _write_over(descriptor: int, size: int, data: bytes) -> None:
    """Write ``data`` over the ``size`` bytes that are there."""
    if len(data) > size:
        # What makes it longer goes first: if there is no space for that, no old byte is lost yet.
        write_all(descriptor, data[size:], size)
        sync(descriptor)
    write_all(descriptor, data[:size])
    if len(data) < size:
        os.ftruncate(descriptor, len(data))
    sync(descriptor)


def _put_old_back(descriptor: int, before: Snapshot, cause: OSError | None) -> None:
    old = before.data or b""
    try:
        if os.fstat(descriptor).st_size > len(old):
            os.ftruncate(descriptor, len(old))
        if _content(descriptor, old) != old:  # else nothing is written: the disk may be full
            write_all(descriptor, old)
        sync(descriptor)
        restored = _content(descriptor, old) == old
    except OSError:
        restored = False
    if not restored:
        raise not_put_back(before.path, cause) from None


def _content(descriptor: int, expected: bytes) -> bytes:
    """Return as much of the content as it takes to tell it from ``expected``."""
    content = b""
    while len(content) <= len(expected):
        chunk = os.pread(descriptor, len(expected) + 1 - len(content), len(content))
        if not chunk:
            break
        content += chunk
    return content

"""One file put in the place of another in one step, so that readers see the old or the new one.

The private file beside the one that it will replace, and what a crash leaves of it.

Directories that a new file needs, and making sure that an entry in one lasts.

What a new file takes over from the one that it replaces, besides its name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from wizard.errors import WizardError
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import InPlaceReason, changed_meanwhile, not_put_back


def write_all(descriptor: int, data: bytes, offset: int = 0) -> None:
    """Write all of ``data`` from ``offset`` on, in as many pieces as the system wants."""
    rest = memoryview(data)
    while rest:
        done = os.pwrite(descriptor, rest, offset)
        rest = rest[done:]
        offset += done


PRIVATE = 0o600
_SUFFIX = re.compile(r"\.[0-9a-f]{12}\.tmp")
_LONGEST_STEM = 255 - len(".0123456789ab.tmp")
"""Bytes; a name may have 255 of them almost everywhere."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def create_temporary(target: Path) -> tuple[Path, int]:
    """Create a private file beside ``target``; return its path and a descriptor for writing.

    It is new for certain (O_EXCL), so a planted link is never followed. Raises :class:`OSError`.
    """
    path = target.with_name(f"{_stem(target)}.{os.urandom(6).hex()}.tmp")
    try:
        return path, os.open(path, _NEW, PRIVATE)
    except FileExistsError:
        raise
    except OSError:
        remove_temporary(path)  # over a network, what is reported as failed may have been done
        raise


def remove_temporary(path: Path) -> None:
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


def stale_temporaries(target: Path) -> list[Path]:
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


_KEPT = ("system.", "user.")
"""Access control lists (POSIX and NFS) and what people attach; these must not be lost."""
_TRIED = ("security.selinux", "security.SMACK64")
"""Labels, which the system may set by rules of its own. Others, such as security.ima and
trusted.gfid, describe the one file that has them and would be wrong on another."""


def copy_metadata(descriptor: int, before: Snapshot, new_mode: int) -> None:
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


class CannotReplace(Exception):
    """A step that cannot be done here, so that an existing file has to be written in place."""

    def __init__(self, why: InPlaceReason, error: OSError) -> None:
        super().__init__(why)
        self.why = why
        self.error = error


def replace_durably(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Put a new file in the place of the old one, for good.

    Raises :class:`Obstacle` where only writing in place can help, and :class:`OSError`.
    """
    replace_unsynced(before, data, new_mode)
    try:
        sync_directory(before.target.parent)
    except OSError as error:  # the new file is there, but might not outlast a crash
        try:
            if before.data is None:
                before.target.unlink()
            else:
                replace_unsynced(read_file(before.path), before.data, new_mode)
        except (OSError, CannotReplace, WizardError):
            raise not_put_back(before.path, error) from None
        raise


def replace_unsynced(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Put a new file in the place of the old one; whether that outlasts a crash is left open."""
    try:
        path, descriptor = create_temporary(before.target)
    except OSError as error:
        raise _known(error, _NO_NEW_FILE) from None
    try:
        try:
            _fill(descriptor, before, data, new_mode)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)  # on a network, this is where some errors come out
        now = read_file(before.path)
        if (now.data, now.target) != (before.data, before.target):
            raise changed_meanwhile(before.path)
        _rename(path, before, status)
    except BaseException:
        remove_temporary(path)
        raise


def _fill(descriptor: int, before: Snapshot, data: bytes, new_mode: int) -> None:
    try:
        copy_metadata(descriptor, before, new_mode)
    except OSError as error:
        raise CannotReplace(InPlaceReason.OWNER, error) from None
    write_all(descriptor, data)
    sync(descriptor)


def _rename(path: Path, before: Snapshot, status: os.stat_result) -> None:
    try:
        os.replace(path, before.target)  # noqa: PTH105  (its errors name both paths)
    except OSError as error:
        # Over NFS a rename may be done although its answer was lost, and be refused when it is
        # sent again.
        try:
            there = read_file(before.path).status
        except WizardError:
            raise not_put_back(before.path, error) from None
        if there is None or not os.path.samestat(there, status):
            raise _known(error, _NO_RENAME) from None


def _known(error: OSError, obstacles: dict[int, InPlaceReason]) -> OSError | CannotReplace:
    why = obstacles.get(error.errno or 0)
    return error if why is None else CannotReplace(why, error)

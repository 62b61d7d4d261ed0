"""Reading and atomically replacing the few files the wizard edits.

Readers see the whole old or the whole new file, never a part. Owner, group, mode and a symbolic
link to the file are kept; a file that changed since it was read is never overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wizard.errors import FileRefused, WriteFailed

MAX_BYTES = 1 << 20
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file as it was read. ``data`` and ``status`` are None when there is none.

    ``path`` is the one the operator knows, ``target`` the one behind symbolic links.
    """

    path: Path
    target: Path
    data: bytes | None = field(repr=False)
    status: os.stat_result | None = field(default=None, repr=False, compare=False)

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return self.data is not None

    @property
    def shown(self) -> str:
        """The path, and where it really leads if it is a link."""
        is_link = self.path.is_symlink()
        return f"{self.path} (a link to {self.target})" if is_link else str(self.path)

    @property
    def mode(self) -> int | None:
        """Permission bits, None when there was no file."""
        return None if self.status is None else stat.S_IMODE(self.status.st_mode)


def read(path: Path) -> Snapshot:
    """Read a file of at most 1 MiB; a missing one is a snapshot without data.

    Raises :class:`FileRefused` when it is not a regular file, too large or cannot be read.
    """
    _check_link(path)
    target = Path(os.path.realpath(path))
    try:
        # O_NONBLOCK: opening a FIFO would wait for a writer.
        descriptor = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Snapshot(path, target, None)
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise FileRefused("file-not-regular", f"This is {kind}.", "Name a file.", path=path)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise FileRefused(
            "file-too-large",
            "The file is larger than 1 MiB, which no configuration is.",
            "Check that this is the right file.",
            path=path,
        )
    return Snapshot(path, target, data, status)


def _check_link(path: Path) -> None:
    """Refuse a link that somebody else may have planted, as fs.protected_symlinks does.

    In a directory where everybody may create files, a link is only followed when it belongs to
    us or to the owner of the directory.
    """
    try:
        link, directory = path.lstat(), path.parent.stat()
    except OSError:  # reading says it better
        return
    everybodys = stat.S_ISVTX | stat.S_IWOTH
    planted = link.st_uid not in (os.geteuid(), directory.st_uid)
    if stat.S_ISLNK(link.st_mode) and planted and directory.st_mode & everybodys == everybodys:
        raise FileRefused(
            "link-not-trusted",
            "This is a link that another account has put into a directory of everybody.",
            "Remove the link, or name the file that it leads to.",
            path=path,
        )


def _unreadable(path: Path, error: OSError) -> FileRefused:
    if error.errno in (errno.EACCES, errno.EPERM):
        remedy = "Run the wizard as the account that owns the file, or with sudo."
    else:
        remedy = "Check the path."
    return FileRefused(
        "file-unreadable", f"The file cannot be read: {reason(error)}.", remedy, path=path
    )


def reason(error: OSError) -> str:
    """Return the system's own words for ``error``."""
    return error.strerror or type(error).__name__


def is_writable(snapshot: Snapshot) -> bool:
    """Whether replacing the file can succeed, as far as permissions tell beforehand."""
    directory = snapshot.target.parent
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return os.access(directory, os.W_OK | os.X_OK)


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


def replace(before: Snapshot, data: bytes, new_mode: int = PRIVATE) -> list[Path]:
    """Replace the file by ``data`` in one step, or create it with ``new_mode``.

    Returns the directories that had to be created, outermost first.
    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the file is then as it was.
    """
    created: list[Path] = []
    if before.path.is_symlink() and not before.target.parent.is_dir():
        raise FileRefused(
            "link-leads-nowhere",
            f"The link leads to {before.target}, whose directory does not exist.",
            "Mend or remove the link.",
            path=before.path,
        )
    try:
        created = _make_directories(before.target.parent)
        _replace(before, data, new_mode)
    except OSError as error:
        remove_directories(created)
        raise _not_written(before.path, error) from None
    except BaseException:
        remove_directories(created)
        raise
    return created


def put_back(before: Snapshot, now: bytes) -> None:
    """Undo :func:`replace`: bring ``before`` back where the file still holds ``now``."""
    current = read(before.path)
    if current.data != now:
        raise changed(before.path)
    try:
        if before.data is None:
            before.target.unlink()
            _sync_directory(before.target.parent)
        else:
            _replace(current, before.data, PRIVATE)
    except OSError as error:
        raise _not_written(before.path, error) from None


def remove_directories(created: list[Path]) -> None:
    """Remove the directories that :func:`replace` created, where they are still empty."""
    for directory in reversed(created):
        with contextlib.suppress(OSError):
            directory.rmdir()


def _replace(before: Snapshot, data: bytes, new_mode: int) -> None:
    directory = before.target.parent
    with _temporary(before.target) as (temporary, descriptor):
        _adopt(descriptor, before, new_mode)
        with os.fdopen(descriptor, "wb", closefd=False) as stream:
            stream.write(data)
        os.fsync(descriptor)
        if read(before.path).data != before.data:
            raise changed(before.path)
        os.replace(temporary, before.target)  # noqa: PTH105  (its errors name both paths)
    _sync_directory(directory)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[tuple[Path, int]]:
    """Create a private file beside ``target``; it is gone afterwards unless it was renamed."""
    path = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, PRIVATE)
    try:
        yield path, descriptor
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()


def _adopt(descriptor: int, before: Snapshot, new_mode: int) -> None:
    """Give the new file the owner, group and mode of the old one.

    A first file takes the owner of its directory when root writes it: a server that runs as
    its own account could not read it otherwise.
    """
    mine = os.fstat(descriptor)
    model = before.status or before.target.parent.stat()
    if before.status is not None or os.geteuid() == 0:
        wanted = model.st_uid, model.st_gid
        if wanted != (mine.st_uid, mine.st_gid):
            os.fchown(descriptor, *wanted)
    os.fchmod(descriptor, new_mode if before.mode is None else before.mode)
    if before.status is not None:
        _copy_attributes(before.target, descriptor)


def _copy_attributes(source: Path, descriptor: int) -> None:
    """Copy extended attributes; access control lists are among them, and must not be lost."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        try:
            os.setxattr(descriptor, name, os.getxattr(source, name))
        except OSError:
            if name.startswith(("system.posix_acl", "user.")):
                raise  # else the system sets it itself, as with security.selinux


def _make_directories(directory: Path) -> list[Path]:
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
                owner = path.parent.stat()
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
            _sync_directory(path.parent)
    except OSError:
        remove_directories(created)
        raise
    return created


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that cannot
            raise
    finally:
        os.close(descriptor)


def changed(path: Path) -> FileRefused:
    """Return the refusal for a file that somebody else has changed."""
    return FileRefused(
        "file-changed",
        "Somebody else changed the file since the wizard read it; it was left as it is now.",
        "Start again to see the new content.",
        path=path,
    )


def _not_written(path: Path, error: OSError) -> WriteFailed:
    remedies = {
        errno.EACCES: "Run the wizard as the account that owns the directory, or with sudo.",
        errno.EPERM: "The file belongs to another account: run the wizard as that account, "
        "or with sudo.",
        errno.EROFS: "The file system is mounted read-only: run the wizard where it is writable, "
        "for example on the host instead of in the container.",
        errno.ENOSPC: "Free some space and try again.",
        errno.EDQUOT: "Your quota is used up: free some space and try again.",
        errno.EBUSY: "The file is mounted on its own: mount its directory instead, "
        "so that the server notices changes.",
    }
    remedy = remedies.get(error.errno or 0, "Mend the cause and try again.")
    return WriteFailed(
        "write-failed",
        f"The file cannot be written: {reason(error)}. Everything is as before.",
        remedy,
        path=path,
    )

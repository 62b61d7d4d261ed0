"""Where a path leads, decided once: to a name in an open directory.

The path is walked component by component, and links in it are followed here, never by the system.
All later steps use the descriptor of the directory, so that nothing can be put in its place.

An account that owns a component can make it lead anywhere. So if the path leads through anything
of an account that is not trusted, it has to end in a directory of that same account, as systemd
demands of paths that it follows for root (CHASE_SAFE). Trusted are root, this account, whoever has
called sudo, and the owner of ``/``, which is another one only in a namespace of our own.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

_ANYTHING = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW | os.O_CLOEXEC
"""Opens whatever has a name, even a link itself, without being able to read or write it."""
_DIRECTORY = _ANYTHING | os.O_DIRECTORY
_MOST_LINKS = 40
"""As many as Linux follows in one path."""

_one_at_a_time = threading.Lock()
"""Supplementary groups belong to the whole process, unlike the file-system identity."""


class UntrustedPath(PermissionError):
    """The path leads through ``component`` of the account ``uid``, which could lead it anywhere."""

    def __init__(self, component: Path, uid: int) -> None:
        super().__init__(errno.EACCES, os.strerror(errno.EACCES))
        self.component = component
        self.uid = uid


class DeniedToOwner(PermissionError):
    """Refused to the account ``uid``, with whose rights root works in its directory."""

    def __init__(self, uid: int, error: OSError) -> None:
        super().__init__(error.errno, error.strerror)
        self.uid = uid


class Location:
    """The place of a file, which need not exist; use it as a context manager.

    ``directory`` is the path, without links, of the innermost directory that exists, ``nearest``
    its descriptor, and ``status`` what it was when it was opened. ``missing`` are the names of the
    directories that have to be created in it, and ``name`` is that of the file. ``through_link``
    says whether the path itself is a link, which is followed unless ``follow`` is false.

    Raises :class:`OSError` where the path cannot be followed, in particular
    :class:`UntrustedPath`.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        self.path = path
        self.missing: list[str] = []
        self.name = "."
        self.through_link = False
        self._trusted = trusted_accounts()
        self._foreign: dict[int, Path] = {}
        self.nearest = -1
        try:
            self._enter(os.open("/", _DIRECTORY), Path("/"))
            self._walk(follow=follow)
            self._check_owner()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the directory."""
        if self.nearest >= 0:
            descriptor, self.nearest = self.nearest, -1
            with contextlib.suppress(OSError):  # nothing is written to it
                os.close(descriptor)

    @property
    def target(self) -> Path:
        """The path of the file, without links."""
        return self.directory.joinpath(*self.missing, self.name)

    @property
    def descriptor(self) -> int:
        """The descriptor of the file's directory; raises :class:`FileNotFoundError` without one."""
        if self.missing:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return self.nearest

    @contextlib.contextmanager
    def rights(self, *, creating: bool = False) -> Iterator[None]:
        """Work with the rights that are right for the directory.

        In a directory of an account that is not trusted, root does what that account may do.
        ``creating`` makes that so for every other account: what is created then belongs to it, and
        a server that runs as that account can read it.
        """
        owner = self.status.st_uid
        ours = owner == 0 or (owner in self._trusted and not creating)
        if os.geteuid() or ours:
            yield
            return
        with _rights_of(self.status):
            yield

    def lstat(self, name: str = "") -> os.stat_result:
        """Return the status of the file, or of another one in its directory."""
        return os.stat(name or self.name, dir_fd=self.descriptor, follow_symlinks=False)

    def names(self) -> list[str]:
        """Return what is in the directory, sorted."""
        with self._opened() as directory:
            return sorted(os.listdir(directory))  # noqa: PTH208  (by descriptor)

    def allows(self, mode: int, name: str = "") -> bool:
        """Whether these rights allow that (``os.W_OK``, …), with read-only mounts in mind."""
        effective = os.access in os.supports_effective_ids
        return os.access(name or self.name, mode, dir_fd=self.nearest, effective_ids=effective)

    def sync(self, *, strict: bool = False) -> None:
        """Make what was created, renamed or removed in the directory outlast a crash.

        One that cannot be opened or synced by itself is an error only if ``strict``.
        """
        try:
            with self._opened() as directory:
                sync(directory, strict=strict)
        except PermissionError:  # it may be writable without being listable
            if strict:
                raise
            os.sync()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the directory itself, and not only for the names in it."""
        descriptor = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.nearest)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def enter_new(self) -> None:
        """Enter the first missing directory, just created, unless another is in its place."""
        name = self.missing[0]
        owners = {os.geteuid(), self.status.st_uid}
        self._enter(os.open(name, _DIRECTORY, dir_fd=self.nearest), self.directory / name)
        if self.status.st_uid not in owners:
            raise UntrustedPath(self.directory, self.status.st_uid)
        self._check_owner()
        del self.missing[0]

    def _walk(self, *, follow: bool) -> None:
        """Follow the path up to its last component, which stays the name."""
        start = "/" if self.path.is_absolute() else os.getcwd()  # noqa: PTH109  (as text)
        waiting = _components(os.path.join(start, self.path))  # noqa: PTH118
        links = 0
        while waiting:
            name = waiting.pop()
            if self.missing or not (waiting or follow):
                self._go_on_without(name, last=not waiting)
                continue
            try:
                found, status, link = self._look_up(name)
            except FileNotFoundError:
                self._go_on_without(name, last=not waiting)
                continue
            if link is not None:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                self._check_link(name, status)
                self.through_link = self.through_link or not waiting
                waiting += _components(link)
                if link.startswith("/"):
                    self._enter(os.open("/", _DIRECTORY), Path("/"))
            elif not waiting:
                os.close(found)
                self.name = name
            else:
                self._enter(found, self.directory.parent if name == ".." else self.directory / name)

    def _go_on_without(self, name: str, *, last: bool) -> None:
        """Take ``name`` for something in a directory that does not exist."""
        if last:
            self.name = name
        elif name == "..":
            self.missing.pop()
        else:
            self.missing.append(name)

    def _look_up(self, name: str) -> tuple[int, os.stat_result, str | None]:
        """Open ``name``; return the descriptor, its status, and where it leads if it is a link.

        The descriptor of a link is closed already.
        """
        try:
            found = os.open(name, _ANYTHING, dir_fd=self.nearest)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            # Only a system without O_PATH refuses to open a link.
            status = os.stat(name, dir_fd=self.nearest, follow_symlinks=False)
            return -1, status, os.readlink(name, dir_fd=self.nearest)
        try:
            status = os.fstat(found)
            if not stat.S_ISLNK(status.st_mode):
                return found, status, None
            link = os.readlink("", dir_fd=found)  # the very link whose owner is known
        except BaseException:
            os.close(found)
            raise
        os.close(found)
        return -1, status, link

    def _enter(self, found: int, path: Path) -> None:
        """Go on from a directory; takes over its descriptor."""
        self.close()
        self.nearest, self.directory = found, path
        self.status = os.fstat(found)
        if not stat.S_ISDIR(self.status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        self._note_owner(path, self.status)

    def _check_link(self, name: str, status: os.stat_result) -> None:
        """Refuse a link that somebody else may have planted, as fs.protected_symlinks does.

        In a directory where everybody may create files, a link is followed only if it belongs to
        a trusted account or to the owner of the directory.
        """
        link = self.directory / name
        planted = status.st_uid not in {*self._trusted, self.status.st_uid}
        if planted and is_world_writable(self.status):
            raise UntrustedPath(link, status.st_uid)
        self._note_owner(link, status)

    def _check_owner(self) -> None:
        """Refuse a directory to which somebody else than its owner may have led the path."""
        for uid, component in self._foreign.items():
            if uid != self.status.st_uid:
                raise UntrustedPath(component, uid)

    def _note_owner(self, component: Path, status: os.stat_result) -> None:
        """Remember one component of each account that is not trusted: a link if there is one."""
        is_new = status.st_uid not in {*self._trusted, *self._foreign}
        if is_new or (status.st_uid in self._foreign and stat.S_ISLNK(status.st_mode)):
            self._foreign[status.st_uid] = component


def sync(descriptor: int, *, strict: bool = False) -> None:
    """Make what was written outlast a crash.

    A file system that cannot do that is an error only if ``strict``.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if strict or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def trusted_accounts() -> frozenset[int]:
    """Return the accounts that could do anyway whatever this process can be made to do."""
    trusted = {0, os.geteuid(), os.stat("/").st_uid}  # noqa: PTH116  (a Path would be no shorter)
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isdecimal():
        trusted.add(int(caller))
    return frozenset(trusted)


def is_world_writable(directory: os.stat_result) -> bool:
    """Whether everybody may create files in a directory.

    Unlike in the kernel, the sticky bit makes no difference: without it, others may do even more.
    """
    return bool(directory.st_mode & stat.S_IWOTH)


def _components(path: str) -> list[str]:
    """Return the components that lead on, the last one first."""
    return [each for each in reversed(path.split("/")) if each not in ("", ".")]


@contextlib.contextmanager
def _rights_of(owner: os.stat_result) -> Iterator[None]:
    """Reach files with no more rights than the account that owns a directory; only root can.

    Only the file-system identity of this thread changes (setfsuid), as in a file server. The kernel
    then refuses what that account could not do by itself, whatever is swapped in between. For
    everything else the process stays root's: no child, no other thread, neither keyring nor journal
    notices, and the account can neither signal nor trace it.

    Raises :class:`DeniedToOwner` for what that account may not do, and where its rights cannot be
    taken on (in a container without that capability, or anywhere but on Linux).
    """
    uid = owner.st_uid
    with _one_at_a_time:
        groups = os.getgroups()
        try:
            _take_on(uid, *_groups(uid, owner.st_gid))
            yield
        except OSError as error:
            if error.errno == errno.EACCES:
                raise DeniedToOwner(uid, error) from None
            raise
        finally:
            _set_identity(os.geteuid(), os.getegid())
            if os.getgroups() != groups:
                os.setgroups(groups)


def _take_on(uid: int, gid: int, groups: list[int]) -> None:
    """Take on the rights of an account; raise :class:`PermissionError` if that is impossible."""
    with contextlib.suppress(OSError):
        os.setgroups(groups)
        if _set_identity(uid, gid):
            return
    raise PermissionError(errno.EACCES, os.strerror(errno.EPERM))


def _set_identity(uid: int, gid: int) -> bool:
    """Change the file-system identity of this thread; return whether that worked."""
    import ctypes  # only where it is needed, which is rare

    libc, unchanged = ctypes.CDLL(None), 0xFFFFFFFF
    for name, wanted in (("setfsgid", gid), ("setfsuid", uid)):
        change = getattr(libc, name, None)
        if change is None:
            return False
        change.argtypes, change.restype = (ctypes.c_uint32,), ctypes.c_uint32
        change(wanted)  # returns what it was before, whether or not it is changed
        if change(unchanged) != wanted:
            return False
    return True


@functools.lru_cache
def _groups(uid: int, gid: int) -> tuple[int, list[int]]:
    """Return the group for new files in a directory of ``uid`` and ``gid``, and all groups.

    An account without an entry, as in a container, is taken for a member of that group alone.
    """
    import pwd

    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return gid, [gid]
    groups = os.getgrouplist(account.pw_name, account.pw_gid)
    return (gid if gid in groups else account.pw_gid), groups

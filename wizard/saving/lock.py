"""One writer at a time for one configuration.

The locks are advisory (flock), on two files: one beside config.toml, for all accounts that may
write there, the other in this account's state directory, where it guards the journal. Each can be
opened only by those who may write in its directory, so that nobody else can keep them waiting. The
system releases a lock however a process ends; a file that a crash leaves is used again, and then
removed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from wizard.errors import FileRefused
from wizard.files.location import Location
from wizard.files.refusals import account_name
from wizard.files.writing import LOCK_FILE
from wizard.system.state import config_key, state_dir
from wizard.text.language import _, day_and_time

PATIENCE = 30.0
"""Seconds that a command waits for another one; a live test takes up to half of that."""
_PAUSE = 0.05
_NEW = os.O_CREAT | os.O_EXCL


@contextlib.contextmanager
def lock_config(config: Path, seconds: float | None = None) -> Iterator[None]:
    """Be the only process that writes ``config`` and what belongs to it.

    Waits for at most ``seconds`` (default: :data:`PATIENCE`), then raises a :class:`FileRefused`
    that says who holds the lock. Where a file system cannot lock, files are still compared before
    they are replaced.
    """
    deadline = time.monotonic() + (PATIENCE if seconds is None else seconds)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # an account without a state directory has no journal
            own = held.enter_context(Location(state_dir("locks") / config_key(config)))
            held.enter_context(_lock_file(own, own.name, deadline))
        # Looked for only now: whoever held the lock may have created the directory. Where there is
        # none, or it takes no files, no other account is kept out; but files are compared.
        with contextlib.suppress(OSError):
            shared = held.enter_context(Location(config))
            held.enter_context(_lock_file(shared, LOCK_FILE, deadline))
        yield


@contextlib.contextmanager
def _lock_file(location: Location, name: str, deadline: float) -> Iterator[None]:
    """Lock a file in the directory of ``location``, and remove it afterwards.

    May raise OSError, for example where there is no such directory yet, or where this account may
    create no files.
    """
    while True:
        with location.rights(creating=True):
            descriptor = _open(location, name)
        try:
            _lock(descriptor, deadline)
            if _is_at(location, name, descriptor):  # else its last holder has just removed it
                try:
                    yield
                finally:
                    with contextlib.suppress(OSError), location.rights(creating=True):
                        os.unlink(name, dir_fd=location.descriptor)
                return
        finally:
            with contextlib.suppress(OSError):  # nothing was written to it
                os.close(descriptor)


def _open(location: Location, name: str) -> int:
    """Open a file that whoever may write in its directory can open, and nobody else."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(name, flags, dir_fd=location.descriptor)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(name, flags | _NEW, stat.S_IWUSR, dir_fd=location.descriptor)
            _admit_writers(descriptor, location.status)
            return descriptor


def _admit_writers(descriptor: int, directory: os.stat_result) -> None:
    """Let those open the new file who may write in its directory."""
    writers = directory.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    with contextlib.suppress(OSError):
        if writers:
            os.fchown(descriptor, -1, directory.st_gid)
            os.fchmod(descriptor, stat.S_IWUSR | writers)


def _is_at(location: Location, name: str, descriptor: int) -> bool:
    try:
        found = os.stat(name, dir_fd=location.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _lock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return  # a file system without locks
        else:
            return
        if time.monotonic() > deadline:
            raise FileRefused(
                "locked",
                _("{holder} is changing this configuration.", holder=_describe_holder(descriptor)),
                _("Wait until it has finished, or end it; then try again."),
            )
        time.sleep(_PAUSE)


def _describe_holder(descriptor: int) -> str:
    """Name the process that holds the lock, as far as the system tells."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == _identity(descriptor):
                return _describe_process(int(fields[4]))
    return _("Another process")


def _identity(descriptor: int) -> str:
    """Return how /proc/locks names a file."""
    found = os.fstat(descriptor)
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _describe_process(number: int) -> str:
    directory = Path(f"/proc/{number}")
    name = account_name(directory.stat().st_uid)
    return _(
        "Process {number} ({name}, running since {since})",
        number=number,
        name=name,
        since=_start_time(number),
    )


def _start_time(number: int) -> str:
    """Return when a process started, in local time."""
    # The name in parentheses may contain anything; the start is the 20th field after it.
    ticks = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19])
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    started = datetime.fromtimestamp(time.time() - now + seconds).astimezone()
    today = started.date() == datetime.now().astimezone().date()
    return f"{started:%H:%M:%S}" if today else day_and_time(started)

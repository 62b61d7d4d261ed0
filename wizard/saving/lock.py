"""One writer at a time for one configuration.

The locks are advisory (flock): one is on the directory of config.toml, which every account sees,
the other on a file of this account, and guards its journal. The system releases them however a
process ends, so a crash leaves nothing that has to be removed by hand.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from wizard.errors import FileRefused
from wizard.system.state import config_key, state_dir
from wizard.text.language import _

PATIENCE = 30.0
"""Seconds that a command waits for another one; a live test takes up to half of that."""
_PAUSE = 0.05


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
            held.enter_context(_lock_file(state_dir("locks") / config_key(config), deadline))
        # Looked for only now: whoever held the lock may have created it.
        with contextlib.suppress(OSError):
            directory = os.open(
                _nearest_directory(config), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
            )
            held.callback(_release, directory)
            _lock(directory, deadline)
        yield


@contextlib.contextmanager
def _lock_file(path: Path, deadline: float) -> Iterator[None]:
    """Lock a file of this account, and remove it afterwards; may raise OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            _lock(descriptor, deadline)
            if _is_at(path, descriptor):  # else its last holder has just removed it
                yield
                with contextlib.suppress(OSError):
                    path.unlink()
                return
        finally:
            _release(descriptor)


def _release(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # nothing was written to it
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _nearest_directory(config: Path) -> Path:
    directory = Path(os.path.realpath(config)).parent
    while not directory.exists():
        directory = directory.parent
    return directory


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
    import pwd

    directory = Path(f"/proc/{number}")
    account = directory.stat().st_uid
    name = _("account {account}", account=account)
    with contextlib.suppress(KeyError):
        name = pwd.getpwuid(account).pw_name
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
    return f"{started:%H:%M:%S}" if today else f"{started:%Y-%m-%d %H:%M}"

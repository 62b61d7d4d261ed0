"""One writer at a time for one configuration.

Locks are advisory (flock): they are taken on the directory of config.toml, which every account
sees, and on a file of this account's, which guards its journal. The system drops them when a
process ends in whatever way, so a crash leaves nothing that must be removed by hand.
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
"""Seconds that a command waits for another one; a live test takes up to half of it."""
_PAUSE = 0.05


@contextlib.contextmanager
def lock_config(config: Path, seconds: float | None = None) -> Iterator[None]:
    """Be the only one that writes ``config`` and what belongs to it.

    Waits for at most ``seconds`` (default: :data:`PATIENCE`); then raises :class:`FileRefused`
    that says who holds the lock. Where a file system cannot lock, files are still compared
    before they are replaced.
    """
    deadline = time.monotonic() + (PATIENCE if seconds is None else seconds)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # an account that cannot keep anything has no journal
            held.enter_context(_guard(state_dir("locks") / config_key(config), deadline))
        # Looked for only now: who held the lock may have made it.
        with contextlib.suppress(OSError):
            directory = os.open(_directory(config), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            held.callback(_release, directory)
            _lock(directory, deadline)
        yield


@contextlib.contextmanager
def _guard(path: Path, deadline: float) -> Iterator[None]:
    """Hold a file of this account's own, which is gone afterwards; may raise OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            _lock(descriptor, deadline)
            if _is_at(path, descriptor):  # else who held it before has removed it meanwhile
                yield
                with contextlib.suppress(OSError):
                    path.unlink()
                return
        finally:
            _release(descriptor)


def _release(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # whatever was to be written is written
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _directory(config: Path) -> Path:
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
                _("{holder} is changing this configuration.", holder=_holder(descriptor)),
                _("Wait until it has finished, or end it; then try again."),
            )
        time.sleep(_PAUSE)


def _holder(descriptor: int) -> str:
    """Say which process holds the lock, as far as the system tells."""
    for line in _locks():
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == _identity(descriptor):
            with contextlib.suppress(OSError, ValueError):
                return _process(int(fields[4]))
    return _("Another process")


def _locks() -> list[str]:
    with contextlib.suppress(OSError):
        return Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return []


def _identity(descriptor: int) -> str:
    """Return how /proc/locks names a file."""
    found = os.fstat(descriptor)
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _process(number: int) -> str:
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
        since=_since(number),
    )


def _since(number: int) -> str:
    """Return when a process has started, in local time."""
    # The name in parentheses may contain anything; the 20th field behind it is the start.
    ticks = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19])
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    started = datetime.fromtimestamp(time.time() - now + seconds).astimezone()
    today = started.date() == datetime.now().astimezone().date()
    return f"{started:%H:%M:%S}" if today else f"{started:%Y-%m-%d %H:%M}"

"""Writing a file in place: the last resort where it cannot be replaced in one step.

A reader may see part of it for a moment, and a crash may leave it torn; so the caller keeps a copy
of the old content first.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from itertools import zip_longest

from wizard.files.atomic import write_all
from wizard.files.location import Location, sync
from wizard.files.reading import Snapshot
from wizard.files.refusals import changed_meanwhile, file_not_written, not_put_back, not_written


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

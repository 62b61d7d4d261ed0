"""One file put in the place of another in one step, so that readers see the old or the new one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from wizard.errors import WizardError
from wizard.files.attributes import adopt
from wizard.files.directories import sync, sync_directory
from wizard.files.in_place import write_all
from wizard.files.reading import Snapshot, read
from wizard.files.refusals import changed, not_put_back
from wizard.files.temporary import create, discard
from wizard.files.written import InPlace

_NO_NEW_FILE = {
    errno.EACCES: InPlace.DIRECTORY,
    errno.EPERM: InPlace.DIRECTORY,
    errno.EROFS: InPlace.MOUNT,  # only a mount of its own makes the file itself writable
}
_NO_RENAME = {
    errno.EBUSY: InPlace.MOUNT,
    errno.EACCES: InPlace.DIRECTORY,
    errno.EPERM: InPlace.DIRECTORY,
    errno.EXDEV: InPlace.RENAME,
    errno.ENOSYS: InPlace.RENAME,
    errno.ENOTSUP: InPlace.RENAME,
}


class Obstacle(Exception):
    """A step that cannot be done here, so that an existing file has to be written in place."""

    def __init__(self, why: InPlace, error: OSError) -> None:
        super().__init__(why)
        self.why = why
        self.error = error


def swap(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Put a new file in the place of the old one, for good.

    Raises :class:`Obstacle` where only writing in place can help, and :class:`OSError`.
    """
    exchange(before, data, new_mode)
    try:
        sync_directory(before.target.parent)
    except OSError as error:  # the new file is there, but might not outlast a crash
        try:
            if before.data is None:
                before.target.unlink()
            else:
                exchange(read(before.path), before.data, new_mode)
        except (OSError, Obstacle, WizardError):
            raise not_put_back(before.path, error) from None
        raise


def exchange(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Put a new file in the place of the old one; whether that outlasts a crash is left open."""
    try:
        path, descriptor = create(before.target)
    except OSError as error:
        raise _known(error, _NO_NEW_FILE) from None
    try:
        try:
            _fill(descriptor, before, data, new_mode)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)  # on a network, this is where some errors come out
        now = read(before.path)
        if (now.data, now.target) != (before.data, before.target):
            raise changed(before.path)
        _rename(path, before, status)
    except BaseException:
        discard(path)
        raise


def _fill(descriptor: int, before: Snapshot, data: bytes, new_mode: int) -> None:
    try:
        adopt(descriptor, before, new_mode)
    except OSError as error:
        raise Obstacle(InPlace.OWNER, error) from None
    write_all(descriptor, data)
    sync(descriptor)


def _rename(path: Path, before: Snapshot, status: os.stat_result) -> None:
    try:
        os.replace(path, before.target)  # noqa: PTH105  (its errors name both paths)
    except OSError as error:
        # Over NFS a rename may be done although its answer was lost, and be refused when it is
        # sent again.
        try:
            there = read(before.path).status
        except WizardError:
            raise not_put_back(before.path, error) from None
        if there is None or not os.path.samestat(there, status):
            raise _known(error, _NO_RENAME) from None


def _known(error: OSError, obstacles: dict[int, InPlace]) -> OSError | Obstacle:
    why = obstacles.get(error.errno or 0)
    return error if why is None else Obstacle(why, error)

"""Writing a file: replaced in one step where that is possible, in place elsewhere.

Whoever may not write the file itself may not replace it either, although the directory would
allow that: a file that its owner made read-only is left alone. For the rest the rules are those
of editors (vim's ``backupcopy=auto``): written in place is a file with hard links, whose other
names would keep the old secret otherwise; one whose owner, group or access control list a new
file could not be given; one in a directory that takes no new files; and a mount point.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from wizard.errors import FileRefused, WizardError
from wizard.files.location import Location, sync
from wizard.files.reading import Snapshot, check_trusted, open_to_read, read_file, read_here
from wizard.files.refusals import (
    InPlaceReason,
    changed_meanwhile,
    mode_not_changed,
    not_put_back,
    not_removed,
    not_written,
)
from wizard.files.writing import (
    PRIVATE,
    CannotReplace,
    OutcomeUnknown,
    make_directories,
    new_temporary,
    open_existing,
    overwrite,
    publish,
    remove_directories,
)
from wizard.text.language import _


def replace_file(
    before: Snapshot,
    data: bytes,
    new_mode: int = PRIVATE,
    *,
    before_in_place: Callable[[], None] | None = None,
) -> InPlaceReason | None:
    """Write ``data`` to the file, or create it with ``new_mode``, and any directory it needs.

    Returns why it was written in place, None where it was replaced in one step;
    ``before_in_place`` is called before the first byte is written in place. Raises
    :class:`FileRefused` when the file is no longer as in ``before``, and :class:`WriteFailed` when
    the system refuses; the file is then as it was.
    """
    created: list[Path] = []
    try:
        with _located(before) as location:
            _check_link_target(location)
            created = make_directories(location)
            return _write(location, before, data, new_mode, before_in_place)
    except OSError as error:
        remove_directories(created)
        raise not_written(before.path, before.target, error) from None
    except BaseException:
        remove_directories(created)
        raise


def restore_file(
    before: Snapshot,
    now: bytes | None,
    new_mode: int = PRIVATE,
    *,
    before_in_place: Callable[[], None] | None = None,
) -> InPlaceReason | None:
    """Undo :func:`replace_file`: bring ``before`` back where the file still holds ``now``.

    Owner, group and mode stay as they are now; a file that is gone (``now`` is None) is created
    with ``new_mode``. Returns and raises what :func:`replace_file` does.
    """
    current = read_file(before.path)
    if current.data != now:
        raise changed_meanwhile(before.path)
    if before.data is None:
        delete_file(current)
        return None
    return replace_file(current, before.data, new_mode, before_in_place=before_in_place)


def change_mode(before: Snapshot, mode: int) -> Snapshot:
    """Give the file other permission bits; return it as it is then.

    Raises :class:`FileRefused` when it is no longer the file of ``before``, and
    :class:`WriteFailed` when the system refuses.
    """
    try:
        with _located(before) as location:
            check_trusted(location, before)
            with location.rights():
                file = open_to_read(location)
                try:
                    now = os.fstat(file)
                    if before.status is None or not os.path.samestat(now, before.status):
                        raise changed_meanwhile(before.path)
                    os.fchmod(file, mode)
                    sync(file)
                finally:
                    os.close(file)
                return _read_unchanged(location, before)
    except OSError as error:
        raise mode_not_changed(before.path, error) from None


def delete_file(before: Snapshot) -> None:
    """Remove the file, but not a link to it; one that is gone already is no error.

    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the file is then as it was.
    """
    try:
        with _located(before) as location, location.rights():
            _delete(location, before)
    except OSError as error:
        raise not_removed(before.path, before.target, error) from None


def _delete(location: Location, before: Snapshot) -> None:
    now = _read_unchanged(location, before)
    if now.data is None:
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(location.name, dir_fd=location.descriptor)
    try:
        location.sync()
    except OSError as error:  # the file is gone, but might be there again after a crash
        gone = Snapshot(now.path, now.target, None, now.status)
        try:
            _replace_unsynced(location, gone, now.data, PRIVATE)
        except (OSError, WizardError):
            raise not_put_back(before.path, error) from None
        raise


def _located(before: Snapshot) -> Location:
    """Return where the file of ``before`` is, if its path still leads there."""
    location = Location(before.path)
    if location.target != before.target:
        location.close()
        raise changed_meanwhile(before.path)
    return location


def _read_unchanged(location: Location, before: Snapshot) -> Snapshot:
    """Read the file again; raise :class:`FileRefused` when it is no longer as in ``before``."""
    now = read_here(location)
    if now.data != before.data:
        raise changed_meanwhile(before.path)
    return now


def _check_link_target(location: Location) -> None:
    if location.through_link and location.missing:
        raise FileRefused(
            "link-leads-nowhere",
            _(
                "The link leads to {target}, whose directory does not exist.",
                target=location.target,
            ),
            _("Correct or remove the link."),
            path=location.path,
        )


def _write(
    location: Location,
    before: Snapshot,
    data: bytes,
    new_mode: int,
    before_in_place: Callable[[], None] | None,
) -> InPlaceReason | None:
    if not before.exists:
        with location.rights(creating=True):
            _replace_durably(location, before, data, new_mode)
        return None
    check_trusted(location, before)
    with location.rights():
        writable = location.allows(os.W_OK)
    if not writable:
        os.close(open_existing(location, before))  # raises the reason; it alone alerts no server
    with location.rights():
        reason = _replace_or_say_why_not(location, before, data, new_mode)
    if reason is not None:
        overwrite(location, before, data, before_in_place)
    return reason


def _replace_or_say_why_not(
    location: Location, before: Snapshot, data: bytes, new_mode: int
) -> InPlaceReason | None:
    try:
        if location.lstat().st_nlink > 1:
            return InPlaceReason.HARD_LINKS
    except FileNotFoundError:
        raise changed_meanwhile(before.path) from None
    try:
        _replace_durably(location, before, data, new_mode)
    except CannotReplace as error:
        return error.reason
    return None


def _replace_durably(location: Location, before: Snapshot, data: bytes, new_mode: int) -> None:
    """Replace the file and wait until that outlasts a crash; put the old one back if it cannot.

    Raises :class:`CannotReplace` where only writing in place can help, and :class:`OSError`.
    """
    _replace_unsynced(location, before, data, new_mode)
    try:
        location.sync()
    except OSError as error:  # the new file is there, but might not outlast a crash
        try:
            if before.data is None:
                os.unlink(location.name, dir_fd=location.descriptor)
            else:
                _replace_unsynced(location, read_here(location), before.data, new_mode)
        except (OSError, WizardError):
            raise not_put_back(before.path, error) from None
        raise


def _replace_unsynced(location: Location, before: Snapshot, data: bytes, new_mode: int) -> None:
    """Replace the file by one with its metadata, unless it has changed meanwhile."""

    def prepare(descriptor: int) -> None:
        try:
            _copy_metadata(location, before, descriptor, new_mode)
        except OSError as error:
            raise CannotReplace(InPlaceReason.OWNER, error) from None

    try:
        publish(
            location,
            data,
            temporary=new_temporary(location),
            prepare=prepare,
            check=partial(_read_unchanged, location, before),
            strict=False,
        )
    except OutcomeUnknown as error:
        raise not_put_back(before.path, error) from None


_KEPT = ("system.", "user.")
"""Access control lists (POSIX and NFS) and what people attach; these must not be lost."""
_TRIED = ("security.selinux", "security.SMACK64")
"""Labels, which the system may set by rules of its own. Others, such as security.ima and
trusted.gfid, describe the one file that has them and would be wrong on another."""


def _copy_metadata(location: Location, before: Snapshot, descriptor: int, new_mode: int) -> None:
    """Give the new file the owner, group, mode and attributes of the old one.

    A first file belongs to the account with whose rights it was created. Raises :class:`OSError`.
    """
    new, old = os.fstat(descriptor), before.status
    if old is not None and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    if before.exists:
        source = open_to_read(location)
        try:
            _copy_attributes(source, descriptor)
        finally:
            os.close(source)
    mode = new_mode if before.mode is None else before.mode
    if mode != os.fstat(descriptor).st_mode & 0o7777:  # some file systems have only one mode
        os.fchmod(descriptor, mode)


def _copy_attributes(source: int, descriptor: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    wanted, inherited = _attribute_names(source), _attribute_names(descriptor)
    # A list that the directory gives to each new file would admit accounts that the old file
    # does not know.
    for name in inherited - wanted:
        if name.startswith("system."):
            os.removexattr(descriptor, name)
    for name in wanted:
        if name.startswith(_KEPT) or name in _TRIED:
            try:
                os.setxattr(descriptor, name, os.getxattr(source, name))
            except OSError:
                if name not in _TRIED:
                    raise


def _attribute_names(file: int) -> set[str]:
    try:
        return set(os.listxattr(file))
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return set()
        raise


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

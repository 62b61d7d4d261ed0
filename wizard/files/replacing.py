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
from wizard.files.atomic import (
    PRIVATE,
    CannotReplace,
    OutcomeUnknown,
    make_directories,
    publish,
    remove_directories,
    sync_directory,
    temporary_beside,
)
from wizard.files.in_place import open_existing, overwrite
from wizard.files.reading import Snapshot, check_trusted, has_access, read_file
from wizard.files.refusals import (
    InPlaceReason,
    changed_meanwhile,
    not_given_away,
    not_put_back,
    not_removed,
    not_written,
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
        _check_link_target(before)
        created = make_directories(before.target.parent)
        return _write(before, data, new_mode, before_in_place)
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


def delete_file(before: Snapshot) -> None:
    """Remove the file, but not a link to it; one that is gone already is no error.

    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the file is then as it was.
    """
    now = _read_unchanged(before)
    if now.data is None:
        return
    try:
        now.target.unlink(missing_ok=True)
    except OSError as error:
        raise not_removed(before.path, now.target, error) from None
    try:
        sync_directory(now.target.parent)
    except OSError as error:
        gone = Snapshot(now.path, now.target, None)
        try:
            _replace_unsynced(gone, now.data, now.mode or PRIVATE)
        except (OSError, WizardError):
            raise not_put_back(before.path, error) from None
        raise not_removed(before.path, now.target, error) from None


def _read_unchanged(before: Snapshot) -> Snapshot:
    """Read the file again; raise :class:`FileRefused` when it is no longer as in ``before``."""
    now = read_file(before.path)
    if (now.data, now.target) != (before.data, before.target):
        raise changed_meanwhile(before.path)
    return now


def _check_link_target(before: Snapshot) -> None:
    if before.path.is_symlink() and not before.target.parent.is_dir():
        raise FileRefused(
            "link-leads-nowhere",
            _("The link leads to {target}, whose directory does not exist.", target=before.target),
            _("Mend or remove the link."),
            path=before.path,
        )


def _write(
    before: Snapshot, data: bytes, new_mode: int, before_in_place: Callable[[], None] | None
) -> InPlaceReason | None:
    if not before.exists:
        try:
            _replace_durably(before, data, new_mode)
        except CannotReplace as error:
            if error.reason is InPlaceReason.OWNER:
                raise not_given_away(before.path, error) from None
            raise
        return None
    check_trusted(before)
    if not has_access(before.target, os.W_OK):
        os.close(open_existing(before))  # raises the reason; opening alone alerts no server
    if _link_count(before) > 1:
        reason = InPlaceReason.HARD_LINKS
    else:
        try:
            _replace_durably(before, data, new_mode)
        except CannotReplace as error:
            reason = error.reason
        else:
            return None
    overwrite(before, data, before_in_place)
    return reason


def _link_count(before: Snapshot) -> int:
    """Return how many names (hard links) the file has now."""
    try:
        return before.target.stat().st_nlink
    except FileNotFoundError:
        raise changed_meanwhile(before.path) from None


def _replace_durably(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Replace the file and wait until that outlasts a crash; put the old one back if it cannot.

    Raises :class:`CannotReplace` where only writing in place can help, and :class:`OSError`.
    """
    _replace_unsynced(before, data, new_mode)
    try:
        sync_directory(before.target.parent)
    except OSError as error:  # the new file is there, but might not outlast a crash
        try:
            if before.data is None:
                before.target.unlink()
            else:
                _replace_unsynced(read_file(before.path), before.data, new_mode)
        except (OSError, WizardError):
            raise not_put_back(before.path, error) from None
        raise


def _replace_unsynced(before: Snapshot, data: bytes, new_mode: int) -> None:
    """Replace the file by one with its metadata, unless it has changed meanwhile."""

    def prepare(descriptor: int) -> None:
        try:
            _copy_metadata(before, descriptor, new_mode)
        except OSError as error:
            raise CannotReplace(InPlaceReason.OWNER, error) from None

    try:
        publish(
            before.target,
            data,
            temporary=temporary_beside(before.target),
            prepare=prepare,
            check=partial(_read_unchanged, before),
            strict=False,
        )
    except OutcomeUnknown as error:
        raise not_put_back(before.path, error) from None


_KEPT = ("system.", "user.")
"""Access control lists (POSIX and NFS) and what people attach; these must not be lost."""
_TRIED = ("security.selinux", "security.SMACK64")
"""Labels, which the system may set by rules of its own. Others, such as security.ima and
trusted.gfid, describe the one file that has them and would be wrong on another."""


def _copy_metadata(before: Snapshot, descriptor: int, new_mode: int) -> None:
    """Give the new file the owner, group, mode and attributes of the old one.

    A first file takes the owner of its directory when root writes it: a server that runs as
    its own account could not read it otherwise. Raises :class:`OSError`.
    """
    new = os.fstat(descriptor)
    model = before.status or before.target.parent.stat()
    if before.status is not None or os.geteuid() == 0:
        wanted = model.st_uid, model.st_gid
        if wanted != (new.st_uid, new.st_gid):
            os.fchown(descriptor, *wanted)
    if before.status is not None:
        _copy_attributes(before.target, descriptor)
    mode = new_mode if before.mode is None else before.mode
    if mode != os.fstat(descriptor).st_mode & 0o7777:  # some file systems have only one mode
        os.fchmod(descriptor, mode)


def _copy_attributes(source: Path, descriptor: int) -> None:
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


def _attribute_names(file: Path | int) -> set[str]:
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

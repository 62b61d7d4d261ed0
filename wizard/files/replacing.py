"""Writing a file: replaced in one step where that is possible, otherwise in place.

What this account may write, and the mode of what it creates.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from wizard.errors import FileRefused, WizardError
from wizard.files.atomic import (
    PRIVATE,
    CannotReplace,
    make_directories,
    remove_directories,
    replace_durably,
    replace_unsynced,
    sync_directory,
)
from wizard.files.in_place import open_existing, overwrite
from wizard.files.reading import Snapshot, check_trusted, has_access, read_file
from wizard.files.refusals import (
    InPlaceReason,
    WriteResult,
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
    in_place: Callable[[], None] | None = None,
) -> WriteResult:
    """Replace the file by ``data`` in one step, or create it with ``new_mode``.

    Where it has to be written in place, ``in_place`` is called right before the first byte.
    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the file is then as it was.

    Who may not write the file itself may not replace it either, although the directory would
    let them: a file that its owner made read-only is left alone. For the rest the rules are
    those of editors (vim's ``backupcopy=auto``): in place are written a file with hard links,
    whose other names would keep the old secret otherwise; one whose owner, group or access
    control list a new file could not be given; one in a directory that takes no new files; and
    one that is mounted on its own.
    """
    created: list[Path] = []
    try:
        _check_link_target(before)
        created = make_directories(before.target.parent)
        why = _write(before, data, new_mode, in_place)
    except OSError as error:
        remove_directories(created)
        raise not_written(before.path, before.target, error) from None
    except BaseException:
        remove_directories(created)
        raise
    return WriteResult(tuple(created), why)


def restore_file(
    before: Snapshot,
    now: bytes | None,
    new_mode: int | None = None,
    *,
    in_place: Callable[[], None] | None = None,
) -> WriteResult:
    """Undo :func:`replace`: bring ``before`` back where the file still holds ``now``.

    Owner, group and mode are those the file has now; one that is gone (``now`` is None) is
    created with ``new_mode``, which is private by default. Raises what :func:`replace` raises.
    """
    current = read_file(before.path)
    if current.data != now:
        raise changed_meanwhile(before.path)
    if before.data is None:
        delete_file(current)
        return WriteResult()
    mode = PRIVATE if new_mode is None else new_mode
    return replace_file(current, before.data, mode, in_place=in_place)


def delete_file(before: Snapshot) -> None:
    """Remove the file, and leave a link to it; one that is gone already is no error.

    Raises :class:`FileRefused` when the file is no longer as in ``before``, and
    :class:`WriteFailed` when the system refuses; the file is then as it was.
    """
    now = read_file(before.path)
    if (now.data, now.target) != (before.data, before.target):
        raise changed_meanwhile(before.path)
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
            replace_unsynced(gone, now.data, now.mode or PRIVATE)
        except (OSError, CannotReplace, WizardError):
            raise not_put_back(before.path, error) from None
        raise not_removed(before.path, now.target, error) from None


def _check_link_target(before: Snapshot) -> None:
    if before.path.is_symlink() and not before.target.parent.is_dir():
        raise FileRefused(
            "link-leads-nowhere",
            _("The link leads to {target}, whose directory does not exist.", target=before.target),
            _("Mend or remove the link."),
            path=before.path,
        )


def _write(
    before: Snapshot, data: bytes, new_mode: int, announce: Callable[[], None] | None
) -> InPlaceReason | None:
    if not before.exists:
        try:
            replace_durably(before, data, new_mode)
        except CannotReplace as obstacle:
            if obstacle.why is InPlaceReason.OWNER:
                raise not_given_away(before.path, obstacle.error) from None
            raise obstacle.error from None
        return None
    check_trusted(before)
    if not has_access(before.target, os.W_OK):
        os.close(open_existing(before))  # says why; opening tells the server of nothing
    if _names(before) > 1:
        why = InPlaceReason.HARD_LINKS
    else:
        try:
            replace_durably(before, data, new_mode)
        except CannotReplace as obstacle:
            why = obstacle.why
        else:
            return None
    overwrite(before, data, announce)
    return why


def _names(before: Snapshot) -> int:
    """Return the number of names (hard links) that the file has now."""
    try:
        return before.target.stat().st_nlink
    except FileNotFoundError:
        raise changed_meanwhile(before.path) from None


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

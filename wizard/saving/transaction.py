"""Writing all changes or none, through a crash as well.

A secret is stored and read back first, ``.env`` comes next, config.toml last. Until the journal
says that everything is written, whatever happens leads back to how it was: at once where the
program still runs, at the next start where it does not. A copy of the secret that is not needed
any more is removed when all else is done.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from wizard.errors import Finding, StoreUnusable, WizardError, WriteFailed
from wizard.files import atomic
from wizard.files.atomic import stale_temporaries
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import changed_meanwhile, os_reason
from wizard.files.replacing import delete_file, replace_file, restore_file
from wizard.saving.change import STORES, FileChange, StoreChange, StoreOpener
from wizard.saving.journal import (
    FileImage,
    Journal,
    JournalRecord,
    Phase,
    StoreImage,
    digest,
    fingerprint,
)
from wizard.secrets.credential import CredentialStore
from wizard.secrets.secret import Secret
from wizard.secrets.store import ExternalStore
from wizard.system.signals import uninterruptible
from wizard.text.language import _


def apply_changes(
    config: Path,
    changes: Iterable[FileChange],
    in_stores: Iterable[StoreChange],
    *,
    command: str,
    keep: bool,
    stores: StoreOpener = STORES,
) -> tuple[Finding, ...]:
    """Write everything or nothing; return what could not be tidied up afterwards.

    Only who holds the lock may call it. ``keep`` says whether the write can be undone. Raises
    :class:`FileRefused` when a file is no longer as it was read, :class:`StoreUnusable` when a
    store does not answer, and :class:`WriteFailed` when the system refuses.
    """
    wanted = [change for change in changes if change.changed]
    moved, left = _reachable(in_stores)
    if not wanted and not moved:
        return left
    for change in wanted:
        if read_file(change.before.path).data != change.before.data:
            raise changed_meanwhile(change.before.path)
    journal = Journal(config)
    stores = stores.knowing({change.name: change.store for change, _ in moved})
    slot = os.urandom(4).hex()
    record = JournalRecord(
        journal.config,
        command,
        tuple(_image(change) for change in wanted),
        tuple(_store_image(change, before, slot) for change, before in moved),
        _missing_directories(wanted),
        keep,
    )
    try:
        _shelve(moved, journal, record)
        journal.write(record)
        notes = _carry_out(wanted, [change for change, _ in moved], journal)
        journal.write(record.committed())
    except BaseException as error:
        with uninterruptible():
            found = _how_far(journal, error) or record
            if found.phase is not Phase.COMMITTED:
                _take_back(journal, found, stores)
                raise
        notes = ()  # although the last step failed: there is no way back
    with uninterruptible():
        return (*left, *notes, *_complete(journal, record.committed(), stores))


def _how_far(journal: Journal, error: BaseException) -> JournalRecord | None:
    """Return how far a write has come that has failed."""
    try:
        return journal.unfinished()
    except WriteFailed:
        raise WriteFailed(
            "not-known",
            _("Writing has failed, and the disk does not tell how far it has come."),
            _("Mend the disk: the next start of smtp-wizard finishes the write, or puts all back."),
        ) from error


def recover_interrupted(config: Path, stores: StoreOpener = STORES) -> tuple[Finding, ...]:
    """Put back, or complete, what a crash has interrupted; return what was done.

    Only who holds the lock may call it. Raises :class:`WriteFailed` or :class:`StoreUnusable`
    where that is not possible now; the next start tries again.
    """
    journal = Journal(config)
    record = journal.unfinished()
    if record is None:
        journal.abandon()
        if (old := journal.expired()) is not None:
            _clear_shelf(old, stores)
            journal.forget()
        return ()
    _remove_leftovers(record, stores)
    if record.phase is Phase.COMMITTED:
        left = _complete(journal, record, stores)
        message = _(
            "The last write ({shown}) was interrupted at its end; it is complete now.",
            shown=record.shown,
        )
        return (Finding("write-completed", message), *left)
    foreign = _take_back(journal, record, stores)
    message = _(
        "The last write ({shown}) was interrupted; everything is as it was before.",
        shown=record.shown,
    )
    if foreign:
        paths = _(" and ").join(foreign)
        message = _(
            "The last write ({shown}) was interrupted, and {paths} changed afterwards: that "
            "was left as it is, everything else was put back.",
            shown=record.shown,
            paths=paths,
        )
    return (Finding("write-recovered", message),)


def _carry_out(
    wanted: Sequence[FileChange],
    moved: Sequence[StoreChange],
    journal: Journal,
) -> tuple[Finding, ...]:
    for secret in moved:
        if secret.after is not None:
            secret.make()
    notes = []
    for change in wanted:
        path = _absolute(change.before.path)
        mark = partial(_mark_in_place, journal, path)
        if change.after is None:
            delete_file(change.before)
            continue
        reason = replace_file(change.before, change.after, change.new_mode, before_in_place=mark)
        if reason is not None:
            notes.append(Finding(reason.code, f"{path}: {reason.message}"))
    return tuple(notes)


def _mark_in_place(journal: Journal, path: Path) -> None:
    """Note that a crash may leave a file torn from now on."""
    record = journal.unfinished()
    if record is None:
        raise WriteFailed(
            "journal-lost", _("The journal has disappeared."), _("Try again."), path=path
        )
    journal.write(record.written_in_place(path))


def _take_back(journal: Journal, record: JournalRecord, stores: StoreOpener) -> list[str]:
    """Bring everything back; return the files that somebody else has changed since.

    Raises :class:`WriteFailed` where something cannot be brought back now.
    """
    foreign, failed = [], []
    for image in reversed(record.files):
        try:
            if not _put_back(image, journal):
                foreign.append(str(image.path))
        except WizardError as error:
            failed.append(f"{image.path} ({error.message.removesuffix('.')})")
    atomic.remove_directories(list(record.directories))
    for stored in record.stores:
        store = stores.reopen(stored.store, record.config, stored.details)
        try:
            if stored.fingerprint and record.phase is not Phase.SHELVING:
                _put_back_secret(store, stored)
        except StoreUnusable as error:
            failed.append(f"{store.name} ({error.message.removesuffix('.')})")
    if failed:
        raise WriteFailed(
            "not-put-back",
            _(
                "Writing was interrupted, and this could not be put back: {what}.",
                what="; ".join(failed),
            ),
            _("Mend that before you start the server: the next start of smtp-wizard tries again."),
        )
    _clear_shelf(record, stores)
    journal.abandon()
    return foreign


def _put_back(image: FileImage, journal: Journal) -> bool:
    """Bring a file back; return False where somebody else has changed it."""
    now = read_file(image.path)
    if now.data == image.before:
        return True
    if not (image.is_after(now.data) or image.is_torn(now.data)):
        return False
    restore_file(
        Snapshot(image.path, now.target, image.before),
        now.data,
        new_mode=image.mode or atomic.PRIVATE,
        before_in_place=partial(_mark_in_place, journal, image.path),
    )
    return True


def _put_back_secret(store: ExternalStore, image: StoreImage) -> None:
    if image.had:
        kept = store.backup(image.slot).read()
        if kept is None:
            raise StoreUnusable(
                "shelf-empty",
                _("The copy of the old secret is no longer there."),
                _("Store the secret again: smtp-wizard set --secret-stdin"),
            )
        store.write(kept)
    elif store.exists():
        store.delete()


def _complete(journal: Journal, record: JournalRecord, stores: StoreOpener) -> tuple[Finding, ...]:
    """Remove what is not needed any more, and close the journal.

    A failure takes nothing back; the next start tries again.
    """
    left = []
    for image in record.stores:
        store = stores.reopen(image.store, record.config, image.details)
        try:
            if not image.fingerprint:
                store.delete()
        except StoreUnusable as error:
            left.append(_old_copy_remains(store, error))
    with contextlib.suppress(WriteFailed):
        if (replaced := journal.kept()) is not None:
            _clear_shelf(replaced, stores)
    if not record.keep:
        _clear_shelf(record, stores)
    try:
        if not left:
            journal.finish(record)
    except WriteFailed as error:
        left.append(
            Finding(error.code, _("Everything is written. {message}", message=error.message))
        )
    return tuple(left)


def _old_copy_remains(store: ExternalStore, error: StoreUnusable) -> Finding:
    return Finding(
        "old-copy-remains",
        _(
            "Everything is written, but the old secret may still be in {name}: {message}",
            name=store.name,
            message=error.message,
        ),
    )


def _reachable(
    in_stores: Iterable[StoreChange],
) -> tuple[list[tuple[StoreChange, Secret | None]], tuple[Finding, ...]]:
    """Return each change with the secret that is there before.

    A copy that is to be removed, but cannot be read, is left: it could not be brought back.
    """
    found, left = [], []
    for change in in_stores:
        try:
            found.append((change, change.still()))
        except StoreUnusable as error:
            if change.after is not None:
                raise
            left.append(_old_copy_remains(change.store, error))
    return found, tuple(left)


def _image(change: FileChange) -> FileImage:
    before, path = change.before, _absolute(change.before.path)
    return FileImage(
        path, change.role, before.data, change.after, before.mode, digest=digest(change.after)
    )


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (a link in it stays)


def _store_image(change: StoreChange, before: Secret | None, slot: str) -> StoreImage:
    had, new = before is not None, fingerprint(change.after)
    return StoreImage(change.name, slot, had, new, change.store.reopen_details)


def _shelve(
    moved: Iterable[tuple[StoreChange, Secret | None]], journal: Journal, record: JournalRecord
) -> None:
    """Keep a copy of each secret that will be replaced, inside the store that has it."""
    if any(image.had for image in record.stores):
        journal.write(replace(record, phase=Phase.SHELVING))
    for (change, before), image in zip(moved, record.stores, strict=True):
        if before is not None:
            change.store.backup(image.slot).write(before)


def _clear_shelf(record: JournalRecord, stores: StoreOpener) -> None:
    for image in record.stores:
        if image.had:
            with contextlib.suppress(StoreUnusable):
                stores.reopen(image.store, record.config, image.details).backup(image.slot).delete()


def _missing_directories(wanted: Iterable[FileChange]) -> tuple[Path, ...]:
    """Return the directories that will have to be made, outermost first."""
    missing = {
        directory
        for change in wanted
        for directory in change.before.target.parents
        if not directory.exists()
    }
    return tuple(sorted(missing, key=lambda directory: len(directory.parts)))


def _remove_leftovers(record: JournalRecord, stores: StoreOpener) -> None:
    """Remove what a crash has left beside the files; it may hold the secret.

    Raises :class:`WriteFailed` where that fails, so that the record stays until it is gone.
    """
    paths = [image.path for image in record.files]
    for image in record.stores:
        store = stores.reopen(image.store, record.config, image.details)
        if isinstance(store, CredentialStore):
            paths += [store.path, store.backup(image.slot).path]
    for path in paths:
        try:
            target = read_file(path).target
        except WizardError:  # said where the file is put back
            continue
        for leftover in stale_temporaries(target):
            _remove_leftover(leftover)


def _remove_leftover(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            if path.stat().st_size == 0:  # a directory in which nobody may remove anything
                return
        raise WriteFailed(
            "not-put-back",
            _(
                "An interrupted write has left this file, and it cannot be removed: {reason}.",
                reason=os_reason(error),
            ),
            _("Mend that before you start the server: the next start of smtp-wizard tries again."),
            path=path,
        ) from None

"""Writing all changes or none, even through a crash.

First a secret is stored and read back, then ``.env`` is written, then config.toml. Until the
journal says that everything is written, any failure leads back to how it was before: at once if
the program is still running, otherwise at its next start. A copy of the secret that is not needed
any more is removed after all else is done.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from wizard.errors import Finding, StoreUnusable, WizardError, WriteFailed
from wizard.files.location import Location
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import changed_meanwhile, os_reason
from wizard.files.replacing import change_mode, delete_file, replace_file, restore_file
from wizard.files.writing import PRIVATE, remove_directories, stale_temporaries
from wizard.saving.change import STORES, FileChange, StoreChange, StoreOpener
from wizard.saving.journal import Journal
from wizard.saving.record import (
    FileImage,
    JournalRecord,
    Phase,
    StoreImage,
    UndoneWrite,
    digest,
    fingerprint,
)
from wizard.secrets.secret import Secret
from wizard.secrets.store import ExternalStore
from wizard.system.signals import uninterruptible
from wizard.text.language import N_, _

_TRY_AGAIN = N_(
    "Repair that before you start the server: the next start of smtp-wizard tries again."
)


def apply_changes(
    config: Path,
    file_changes: Iterable[FileChange],
    store_changes: Iterable[StoreChange],
    *,
    command: str,
    keep: bool,
    undone: UndoneWrite | None = None,
    stores: StoreOpener = STORES,
) -> tuple[Finding, ...]:
    """Write everything or nothing; return what the operator should know about it.

    Call it only while holding the lock. ``keep`` says whether the write can be undone, and
    ``undone`` of an undo what it leads to. Raises :class:`FileRefused` when a file is no longer as
    it was read, :class:`StoreUnusable` when a store does not answer, and :class:`WriteFailed` when
    the system refuses.
    """
    files = [change for change in file_changes if change.changed]
    secrets, findings = _reachable(store_changes)
    if not files and not secrets:
        return findings
    for change in files:
        if read_file(change.before.path).data != change.before.data:
            raise changed_meanwhile(change.before.path)
    journal = Journal(config)
    stores = stores.knowing({change.kind: change.store for change, _ in secrets})
    record = _new_record(journal.config, command, files, secrets, keep=keep)
    record = replace(record, undone=undone)
    try:
        _back_up_secrets(secrets, journal, record)
        journal.write(record)
        written = _write_changes(files, [change for change, _ in secrets], journal)
        journal.write(record.committed())
    except BaseException as error:
        with uninterruptible():
            reached = _how_far(journal, error) or record
            if not reached.is_committed:
                _roll_back(journal, reached, stores)
                raise
        written = ()  # although the last step failed: there is no way back
    with uninterruptible():
        return (*findings, *written, *_complete(journal, record.committed(), stores))


def recover_interrupted(config: Path, stores: StoreOpener = STORES) -> tuple[Finding, ...]:
    """Put back, or complete, what a crash has interrupted; return what was done.

    Call it only while holding the lock. Raises :class:`WriteFailed` or :class:`StoreUnusable`
    where that is impossible now; the next start tries again.
    """
    journal = Journal(config)
    record = journal.unfinished()
    if record is None:
        journal.abandon()
        if (old := journal.expired()) is not None:
            _delete_backups(old, stores)
            journal.forget()
        return ()
    _remove_temporaries(record, stores)
    if record.is_committed:
        findings = _complete(journal, record, stores)
        message = _(
            "The last write ({shown}) was interrupted at its end; it is complete now.",
            shown=record.label,
        )
        return (Finding("write-completed", message), *findings)
    foreign = _roll_back(journal, record, stores)
    message = _(
        "The last write ({shown}) was interrupted; everything is as it was before.",
        shown=record.label,
    )
    if foreign:
        paths = _(" and ").join(foreign)
        message = _(
            "The last write ({shown}) was interrupted, and {paths} changed afterwards: that "
            "was left as it is, everything else was put back.",
            shown=record.label,
            paths=paths,
        )
    return (Finding("write-recovered", message),)


def _reachable(
    changes: Iterable[StoreChange],
) -> tuple[list[tuple[StoreChange, Secret | None]], tuple[Finding, ...]]:
    """Return each change with the secret that is there before it.

    A copy that is to be removed, but cannot be read, is left alone: it could not be brought back.
    """
    reachable, findings = [], []
    for change in changes:
        try:
            reachable.append((change, change.read_unchanged()))
        except StoreUnusable as error:
            if change.after is not None:
                raise
            findings.append(_old_copy_remains(change.store, error))
    return reachable, tuple(findings)


def _new_record(
    config: Path,
    command: str,
    files: Sequence[FileChange],
    secrets: Iterable[tuple[StoreChange, Secret | None]],
    *,
    keep: bool,
) -> JournalRecord:
    slot = os.urandom(4).hex()
    return JournalRecord(
        config,
        command,
        tuple(
            FileImage(
                _absolute(change.before.path),
                change.role,
                change.before.data,
                change.after,
                change.before.mode,
                digest=digest(change.after),
                new_mode=change.chmod,
            )
            for change in files
        ),
        tuple(
            StoreImage(
                change.kind,
                slot,
                before is not None,
                fingerprint(change.after),
                change.store.reopen_details,
            )
            for change, before in secrets
        ),
        _missing_directories(files),
        keep,
    )


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (a link in it stays)


def _missing_directories(files: Iterable[FileChange]) -> tuple[Path, ...]:
    """Return the directories that will have to be created, outermost first."""
    missing = {
        directory
        for change in files
        for directory in change.before.target.parents
        if not directory.exists()
    }
    return tuple(sorted(missing, key=lambda directory: len(directory.parts)))


def _back_up_secrets(
    secrets: Iterable[tuple[StoreChange, Secret | None]], journal: Journal, record: JournalRecord
) -> None:
    """Keep a copy of each secret that will be replaced, inside the store that has it."""
    if any(image.existed for image in record.stores):
        journal.write(replace(record, phase=Phase.BACKING_UP))
    for (change, before), image in zip(secrets, record.stores, strict=True):
        if before is not None:
            change.store.backup(image.slot).write(before)


def _write_changes(
    files: Iterable[FileChange], secrets: Iterable[StoreChange], journal: Journal
) -> tuple[Finding, ...]:
    """Store the secrets, then write the files; secrets are removed only after the commit."""
    for secret in secrets:
        if secret.after is not None:
            secret.apply()
    findings = []
    for change in files:
        path, before = _absolute(change.before.path), change.before
        if change.after is None:
            delete_file(before)
            continue
        # A file is closed to others before a secret is written into it, and opened only afterwards.
        if closes := change.chmod is not None and not change.chmod & ~(before.mode or 0):
            before = change_mode(before, change.mode)
        if change.rewritten:
            mark = partial(_mark_in_place, journal, path)
            reason = replace_file(before, change.after, change.new_mode, before_in_place=mark)
            if reason is not None:
                findings.append(Finding(reason.code, f"{path}: {reason.message}"))
        if change.chmod is not None and not closes:
            change_mode(read_file(before.path), change.chmod)
    return tuple(findings)


def _mark_in_place(journal: Journal, path: Path) -> None:
    """Record that a crash may leave the file torn from now on."""
    record = journal.unfinished()
    if record is None:
        raise WriteFailed(
            "journal-lost", _("The journal has disappeared."), _("Try again."), path=path
        )
    journal.write(record.writing_in_place(path))


def _how_far(journal: Journal, error: BaseException) -> JournalRecord | None:
    """Return how far the write that failed with ``error`` has come."""
    try:
        return journal.unfinished()
    except WriteFailed:
        raise WriteFailed(
            "not-known",
            _("Writing has failed, and it is not known how much was written."),
            _(
                "Repair the disk: the next start of smtp-wizard finishes the write, or puts "
                "all back."
            ),
        ) from error


def _roll_back(journal: Journal, record: JournalRecord, stores: StoreOpener) -> list[str]:
    """Put everything back; return the files that somebody else has changed since.

    Raises :class:`WriteFailed` where something cannot be put back now.
    """
    foreign, failed = [], []
    for image in reversed(record.files):
        try:
            if not _restore(image, journal):
                foreign.append(str(image.path))
        except WizardError as error:
            failed.append(f"{image.path} ({error.message.removesuffix('.')})")
    failed += remove_directories(record.directories)
    for stored, store in _opened(record, stores):
        try:
            if stored.fingerprint and record.phase is not Phase.BACKING_UP:
                _restore_secret(store, stored)
        except StoreUnusable as error:
            failed.append(f"{store.name} ({error.message.removesuffix('.')})")
    if failed:
        message = _(
            "Writing was interrupted, and this could not be put back: {what}.",
            what="; ".join(failed),
        )
        raise WriteFailed("not-put-back", message, _(_TRY_AGAIN))
    _delete_backups(record, stores, strict=True)
    journal.abandon()
    return foreign


def _restore(image: FileImage, journal: Journal) -> bool:
    """Put a file back; return False where somebody else has changed it."""
    now = read_file(image.path)
    if now.data != image.before:
        if not (image.is_after(now.data) or image.is_torn(now.data)):
            return False
        restore_file(
            Snapshot(image.path, now.target, image.before),
            now.data,
            new_mode=image.mode or PRIVATE,
            before_in_place=partial(_mark_in_place, journal, image.path),
        )
    if image.new_mode is not None and image.mode is not None:
        now = read_file(image.path)
        if now.mode == image.new_mode:
            change_mode(now, image.mode)
    return True


def _restore_secret(store: ExternalStore, image: StoreImage) -> None:
    if image.existed:
        old = store.backup(image.slot).read()
        if old is None:
            raise StoreUnusable(
                "shelf-empty",
                _("The copy of the old secret is no longer there."),
                _("Store the secret again: smtp-wizard set --secret-stdin"),
            )
        store.write(old)
    elif store.exists():
        store.delete()


def _complete(journal: Journal, record: JournalRecord, stores: StoreOpener) -> tuple[Finding, ...]:
    """Remove what is not needed any more, and close the journal.

    A failure takes nothing back; the next start tries again.
    """
    findings = []
    for image, store in _opened(record, stores):
        try:
            if not image.fingerprint:
                store.delete()
        except StoreUnusable as error:
            findings.append(_old_copy_remains(store, error))
    with contextlib.suppress(WriteFailed):
        if (replaced := journal.last_finished()) is not None:
            _delete_backups(replaced, stores)
    if not record.keep:
        _delete_backups(record, stores)
    try:
        if not findings:
            journal.finish(record)
    except WriteFailed as error:
        message = _("Everything is written. {message}", message=error.message)
        findings.append(Finding(error.code, message))
    return tuple(findings)


def _old_copy_remains(store: ExternalStore, error: StoreUnusable) -> Finding:
    return Finding(
        "old-copy-remains",
        _(
            "Everything is written, but the old secret may still be in {name}: {message}",
            name=store.name,
            message=error.message,
        ),
    )


def _opened(
    record: JournalRecord, stores: StoreOpener
) -> Iterator[tuple[StoreImage, ExternalStore]]:
    for image in record.stores:
        yield image, stores.reopen(image.kind, record.config, image.details)


def _delete_backups(record: JournalRecord, stores: StoreOpener, *, strict: bool = False) -> None:
    """Delete the copies of old secrets; where that fails, only ``strict`` keeps the record."""
    for image, store in _opened(record, stores):
        if not image.existed:
            continue
        try:
            store.backup(image.slot).delete()
        except StoreUnusable as error:
            if strict:
                raise WriteFailed(
                    "not-put-back", error.message, error.remedy, path=error.path
                ) from None


def _remove_temporaries(record: JournalRecord, stores: StoreOpener) -> None:
    """Remove what a crash has left beside the files; it may contain the secret.

    Raises :class:`WriteFailed` where that fails, so that the record stays until it is gone.
    """
    paths = [image.path for image in record.files]
    for image, store in _opened(record, stores):
        paths += [*store.files, *store.backup(image.slot).files]
    for path in paths:
        for leftover in _find_temporaries(path):
            _remove_temporary(leftover)


def _find_temporaries(path: Path) -> list[Path]:
    try:
        return stale_temporaries(path)
    except OSError as error:
        message = _(
            "What an interrupted write may have left beside this file cannot be looked for: "
            "{reason}.",
            reason=os_reason(error),
        )
        raise WriteFailed("not-put-back", message, _(_TRY_AGAIN), path=path) from None


def _remove_temporary(path: Path) -> None:
    try:
        with Location(path, follow=False) as location, location.rights():
            try:
                os.unlink(location.name, dir_fd=location.descriptor)
            except OSError:
                if location.lstat().st_size:  # else emptied, where nobody may remove anything
                    raise
    except FileNotFoundError:
        return
    except OSError as error:
        message = _(
            "An interrupted write has left this file, and it cannot be removed: {reason}.",
            reason=os_reason(error),
        )
        raise WriteFailed("not-put-back", message, _(_TRY_AGAIN), path=path) from None

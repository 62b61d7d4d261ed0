"""Putting back what the last write replaced; an undo is a write itself, and can be undone."""

from __future__ import annotations

from pathlib import Path

from wizard.errors import FileRefused, StoreUnusable
from wizard.files.reading import read_file
from wizard.files.writing import PRIVATE
from wizard.saving.change import STORES, FileChange, FileRole, StoreChange, StoreOpener
from wizard.saving.journal import Journal
from wizard.saving.plan import Plan
from wizard.saving.record import FileImage, JournalRecord, StoreImage
from wizard.secrets.sources import ENV_FILE
from wizard.text.language import _


def last_write(config: Path) -> JournalRecord:
    """Return the last write; raise :class:`FileRefused` where none is kept.

    Call it only while holding the lock.
    """
    record = Journal(config).last()
    if record is None:
        raise FileRefused(
            "nothing-to-undo",
            _(
                "There is no write that could be undone: none was made by this account within 30 "
                "days, or it was made with --no-backup."
            ),
            _("Change the settings with smtp-wizard, or by hand."),
            path=config,
        )
    return record


def make_undo(record: JournalRecord, stores: StoreOpener = STORES) -> Plan:
    """Return the plan that puts back what the write of ``record`` replaced.

    Raises :class:`FileRefused` when a file or the stored secret has changed since, and
    :class:`StoreUnusable` when the store cannot be asked.
    """
    changes = tuple(_file_change(image) for image in record.files)
    store_changes = [_store_change(image, record, stores) for image in record.stores]
    store_changes.sort(key=lambda change: change.after is None)  # removing a secret comes last
    secret_changed = bool(store_changes) or any(
        change.role is FileRole.ENV and change.rewritten for change in changes
    )
    return Plan(
        record.config,
        changes,
        None,
        secret_changed,
        secret_changed
        or any(
            change.created or change.removed
            for change in changes
            if change.role is not FileRole.GITIGNORE
        ),
        next((change.kind for change in store_changes if change.after), ENV_FILE),
        tuple(store_changes),
    )


def _file_change(image: FileImage) -> FileChange:
    now = read_file(image.path)
    if not image.is_after(now.data):
        raise _changed_since(image.path)
    mode = None if image.new_mode is None else image.mode
    return FileChange(now, image.before, image.role, image.mode or PRIVATE, mode)


def _store_change(image: StoreImage, record: JournalRecord, stores: StoreOpener) -> StoreChange:
    store = stores.reopen(image.kind, record.config, image.details)
    if not image.is_after(store.read()):
        raise FileRefused(
            "changed-since",
            _("The secret in {name} was changed after that write.", name=store.name),
            _("Nothing is put back. Change the settings with smtp-wizard set instead."),
        )
    old = store.backup(image.slot).read() if image.existed else None
    if image.existed and old is None:
        raise StoreUnusable(
            "shelf-empty",
            _("The copy of the old secret in {name} is no longer there.", name=store.name),
            _("Store the secret again: smtp-wizard set --secret-stdin"),
        )
    return StoreChange(image.kind, store, old)


def _changed_since(path: Path) -> FileRefused:
    return FileRefused(
        "changed-since",
        _(
            "The file was changed after the last write of smtp-wizard, so putting back the old "
            "one would lose that."
        ),
        _("Nothing is put back. Change the settings with smtp-wizard set instead."),
        path=path,
    )

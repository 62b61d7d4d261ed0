"""``undo``: put back what the last write replaced; all of it or nothing."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from wizard.cli import output
from wizard.cli.recovery import interrupted_write, recover_and_tell, unfinished_write
from wizard.config.layout import Layout, find_layout
from wizard.errors import FileRefused, Finding
from wizard.saving import undo
from wizard.saving.lock import lock_config
from wizard.saving.plan import Plan
from wizard.saving.record import JournalRecord
from wizard.system.signals import uninterruptible
from wizard.text.language import N_, _


def run(options: Namespace) -> int:
    """Undo the last write of this configuration; return the exit code."""
    found = find_layout(options.config, options.env_file)
    if options.dry_run:
        for finding in unfinished_write(found.config):
            raise FileRefused(
                finding.code,
                finding.message,
                _("To put it back: smtp-wizard undo"),
                path=found.config,
            )
        return _undo(found, (), options)
    with lock_config(found.config):
        interrupted = interrupted_write(found.config)
        recovered = recover_and_tell(found.config)
        put_back = any(finding.code == "write-recovered" for finding in recovered)
        # Who wants to take back a write that was killed does not mean the one before it.
        if interrupted is not None and put_back and interrupted.command != "undo":
            return _put_back(interrupted, recovered, options)
        return _undo(found, recovered if options.json else (), options)


def _undo(found: Layout, recovered: tuple[Finding, ...], options: Namespace) -> int:
    record = undo.last_write(found.config)
    plan = undo.make_undo(record)
    warnings = list(recovered)
    if not options.dry_run:
        warnings += plan.apply("undo", keep=not options.no_backup)
    with uninterruptible():  # which would say that nothing was written
        _print(plan, record, warnings, options)
    return 0


def _print(plan: Plan, record: JournalRecord, warnings: list[Finding], options: Namespace) -> None:
    if options.json:
        output.document(_document(plan, warnings, options))
        return
    for warning in warnings:
        output.say(_("Warning: {message}", message=warning.message))
    for change in plan.changes:
        if options.dry_run:
            output.result(f"--- {change.before.path}\n+++ {change.before.path}")
            output.result("\n".join(change.diff()))
        else:
            words = N_("Removed {path}") if change.removed else N_("Put back {path}")
            output.result(_(words, path=change.before.display_path))
    for words in plan.store_messages(warnings):
        output.result(words)
    if options.dry_run:
        output.say(
            _("Dry run: nothing was written. The last write is: {shown}.", shown=record.label)
        )
    else:
        output.say(_("Undone: {shown}.", shown=record.label))
        if plan.restart_needed:
            output.say(_("Start the server again, so that it takes notice."))


def _put_back(record: JournalRecord, recovered: tuple[Finding, ...], options: Namespace) -> int:
    """Say that an interrupted write was all there was to undo; return the exit code."""
    if options.json:
        output.document(
            {
                "changed": True,
                "files": [
                    {
                        "path": str(image.path),
                        "changed": True,
                        "created": False,
                        "removed": image.before is None,
                    }
                    for image in reversed(record.files)
                ],
                "secret": {
                    "store": record.stores[0].kind.option if record.stores else "env",
                    "changed": True,
                },
                "restart_needed": True,
                "warnings": [{"code": each.code, "message": each.message} for each in recovered],
            }
        )
        return 0
    output.say(_("Undone: {shown}.", shown=record.label))
    output.say(_("Start the server again, so that it takes notice."))
    output.say(_("The write before it stands; to take that back as well: smtp-wizard undo"))
    return 0


def _document(plan: Plan, warnings: list[Finding], options: Namespace) -> dict[str, Any]:
    return {
        "changed": plan.changed,
        "files": [
            {
                "path": str(change.before.path),
                "changed": change.changed,
                "created": change.created,
                "removed": change.removed,
                **({"diff": change.diff()} if options.dry_run else {}),
            }
            for change in reversed(plan.changes)
        ],
        "secret": {"store": plan.store.option, "changed": plan.secret_changed},
        "restart_needed": plan.restart_needed,
        "warnings": [{"code": found.code, "message": found.message} for found in warnings],
    }

"""``undo``: put back what the last write replaced; all of it or nothing."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from wizard import layout, lock, transaction, undo
from wizard.cli import output
from wizard.layout import Layout
from wizard.plan import Plan
from wizard.settings import Caution


def run(options: Namespace) -> int:
    """Undo the last write of this configuration; return the exit code."""
    found = layout.find(options.config, options.env_file)
    if options.dry_run:
        return _undo(found, (), options)
    with lock.hold(found.config):
        return _undo(found, transaction.recover(found.config), options)


def _undo(found: Layout, recovered: tuple[Caution, ...], options: Namespace) -> int:
    record = undo.last_write(found.config)
    plan = undo.make_undo(record)
    warnings = list(recovered)
    if not options.dry_run:
        warnings += plan.apply("undo", keep=not options.no_backup)
    if options.json:
        output.document(_document(plan, warnings, options))
        return 0
    for warning in warnings:
        output.say(f"Warning: {warning.message}")
    for change in plan.changes:
        if options.dry_run:
            output.result(f"--- {change.before.path}\n+++ {change.before.path}")
            output.result("\n".join(change.diff()))
        else:
            output.result(f"{'Removed' if change.removed else 'Put back'} {change.before.shown}")
    for words in plan.about_stores(warnings):
        output.result(words)
    if options.dry_run:
        output.say(f"Dry run: nothing was written. The last write is: {record.shown}.")
    else:
        output.say(f"Undone: {record.shown}.")
        if plan.restart_needed:
            output.say("Start the server again, so that it takes notice.")
    return 0


def _document(plan: Plan, warnings: list[Caution], options: Namespace) -> dict[str, Any]:
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
        "secret": {"store": str(plan.store), "changed": plan.secret_changed},
        "restart_needed": plan.restart_needed,
        "warnings": [{"code": found.code, "message": found.message} for found in warnings],
    }

"""``undo``: put back what the last write replaced; all of it or nothing."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wizard.cli import output
from wizard.config.layout import Layout, command_for, find_layout
from wizard.errors import FileRefused, Finding, WizardError
from wizard.saving import undo
from wizard.saving.change import FileRole
from wizard.saving.journal import Journal, unfinished_findings
from wizard.saving.lock import lock_config
from wizard.saving.plan import Plan
from wizard.saving.record import JournalRecord
from wizard.system.signals import uninterruptible
from wizard.text.display import short_path
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.cli.terminal import OutputLine

_START = N_("Start the server.")
_RESTART = N_("Restart the server for this to take effect.")


def run(options: Namespace) -> int:
    """Undo the last write of this configuration; return the exit code."""
    layout = find_layout(options.config, options.env_file)
    if options.dry_run:
        for finding in unfinished_findings(layout.config):
            raise FileRefused(
                finding.code,
                finding.message,
                _("To put it back: {command}", command=command_for(layout, "undo")),
                path=layout.config,
            )
        return _undo(layout, (), options)
    with lock_config(layout.config):
        interrupted = Journal(layout.config).interrupted()
        recovered = output.recover_and_tell(layout.config)
        put_back = any(finding.code == "write-recovered" for finding in recovered)
        # Undoing a write that was killed does not mean undoing the one before it, too.
        if interrupted is not None and put_back and interrupted.command != "undo":
            return _put_back(interrupted, recovered, layout, options)
        return _undo(layout, recovered if options.json else (), options)


def _undo(layout: Layout, recovered: tuple[Finding, ...], options: Namespace) -> int:
    record = undo.last_write(layout.config)
    plan = undo.make_undo(record)
    warnings = list(recovered)
    if not options.dry_run:
        warnings += plan.apply("undo", keep=not options.no_backup, undone=record.once_undone)
    with uninterruptible():  # an interrupt would claim that nothing was written
        _print(plan, record, warnings, options)
    return 0


def _print(plan: Plan, record: JournalRecord, warnings: list[Finding], options: Namespace) -> None:
    if options.json:
        output.document(_document(plan, warnings, options))
        return
    output.warn(warnings)
    if output.on_terminal() and not options.dry_run:
        output.show_lines(_on_terminal(plan, record, warnings, options))
        return
    for change in plan.changes:
        if options.dry_run:
            output.diff(change)
        else:
            message = N_("Removed {path}") if change.removed else N_("Put back {path}")
            output.result(_(message, path=change.before.display_path))
    for message in plan.store_plans() if options.dry_run else plan.store_messages(warnings):
        output.result(message)
    if options.dry_run:
        output.say(_("Dry run: nothing was written. This would undo: {shown}.", shown=record.label))
    else:
        output.say(str(record.once_undone))
        if plan.restart_needed and (start := _start_words(plan)):
            output.say(_(start))


def _on_terminal(
    plan: Plan, record: JournalRecord, warnings: list[Finding], options: Namespace
) -> Iterator[OutputLine]:
    """Yield what was taken back, file by file, and how to start the server."""
    from wizard.cli.terminal import OutputLine

    yield OutputLine(str(record.once_undone), "pass")
    paths = [short_path(change.before.path) for change in plan.changes]
    width = max(map(len, paths), default=0)
    for change, path in zip(plan.changes, paths, strict=True):
        words = _("removed") if change.removed else _("put back")
        yield OutputLine(words, margin="  ", head=f"{path:<{width}}   ")
    for message in plan.store_messages(warnings):
        yield OutputLine(message, margin="  ")
    if plan.restart_needed and (start := _start_words(plan)):
        yield OutputLine(_how_to_start(start, plan, options), "remedy", margin="  ")


def _start_words(plan: Plan) -> str:
    """Return what to say of the start; nothing where no config.toml is left to start with."""
    config = [change for change in plan.changes if change.role is FileRole.CONFIG]
    if any(change.removed for change in config):
        return ""
    return _START if any(change.created for change in config) else _RESTART


def _how_to_start(words: str, plan: Plan, options: Namespace) -> str:
    """Return ``words``, with the command as far as that is known."""
    from wizard.config.current import load_config
    from wizard.server.next_steps import start_command

    with suppress(WizardError):
        current = load_config(find_layout(options.config, options.env_file)).with_container()
        if command := start_command(plan.store, current):
            with_command = N_("Restart the server:  {command}")
            if words is _START:
                with_command = N_("Start the server:  {command}")
            return _(with_command, command=command)
    return _(words)


def _put_back(
    record: JournalRecord, recovered: tuple[Finding, ...], layout: Layout, options: Namespace
) -> int:
    """Report an interrupted write, put back already, as undone; return the exit code."""
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
                "warnings": output.warning_documents(recovered),
            }
        )
        return 0
    output.say(str(record.once_undone))
    if not any(each.role is FileRole.CONFIG and each.before is None for each in record.files):
        output.say(_(_RESTART))
    command = command_for(layout, "undo")
    output.say(
        _("The write before it is kept; to take that back as well: {command}", command=command)
    )
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
        "warnings": output.warning_documents(warnings),
    }

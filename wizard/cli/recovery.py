"""What a crash has interrupted: put back, or completed, before a command begins with its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wizard.cli import output
from wizard.errors import Finding
from wizard.saving.journal import Journal
from wizard.system.signals import uninterruptible
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.saving.record import JournalRecord


def recover_and_tell(config: Path) -> tuple[Finding, ...]:
    """Do so and say it at once, whatever comes then; return it for the document."""
    from wizard.saving.transaction import recover_interrupted  # not for who changes nothing

    with uninterruptible():
        done = recover_interrupted(config)
        for finding in done:
            output.say(_("Warning: {message}", message=finding.message))
    return done


def interrupted_write(config: Path) -> JournalRecord | None:
    """Return the write that is not finished; another process may still be at it."""
    record = Journal(config).unfinished()
    return record if record is not None and not record.is_committed else None


def unfinished_write(config: Path) -> tuple[Finding, ...]:
    """Say, for who changes nothing, that the files are not those that the command would meet."""
    record = interrupted_write(config)
    if record is None:
        return ()
    message = _(
        "A write ({shown}) is not finished: another smtp-wizard is at it, or was interrupted. "
        "Without --dry-run, an interrupted one is put back or completed first.",
        shown=record.label,
    )
    return (Finding("write-unfinished", message),)

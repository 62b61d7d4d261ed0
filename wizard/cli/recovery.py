"""An interrupted write is put back or completed before a command begins with its own."""

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
    """Put it back or complete it, and say so at once; return the findings for the document."""
    from wizard.saving.transaction import recover_interrupted  # not for who changes nothing

    with uninterruptible():
        findings = recover_interrupted(config)
        output.warn(findings)
    return findings


def interrupted_write(config: Path) -> JournalRecord | None:
    """Return the unfinished write; another process may still be working on it."""
    record = Journal(config).unfinished()
    return record if record is not None and not record.is_committed else None


def unfinished_write(config: Path) -> tuple[Finding, ...]:
    """Warn a dry run that the files are not in the state that the command would work on."""
    record = interrupted_write(config)
    if record is None:
        return ()
    message = _(
        "A write ({shown}) is not finished: another smtp-wizard is at it, or was interrupted. "
        "Without --dry-run, an interrupted one is put back or completed first.",
        shown=record.label,
    )
    return (Finding("write-unfinished", message),)

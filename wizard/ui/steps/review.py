"""Seventh step: every line that will change, and the decision to write."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.check.warnings import plan_warnings
from wizard.config.draft import Draft
from wizard.live_test.failure import Verdict
from wizard.saving.change import FileChange
from wizard.saving.plan import Plan
from wizard.text.language import N_, _
from wizard.ui.steps.model import Heading, Step
from wizard.ui.steps.session import WizardSession

LEGEND = N_(
    "Lines with - go, lines with + come; everything else stays byte by byte. Secrets are "
    "shown as ********."
)
HEADING = Heading(
    Step.REVIEW,
    N_("Review: nothing has been written yet"),
    N_(
        "Lines with - go, lines with + come; everything else stays byte by byte. Secrets are "
        "shown as ********.\n\n"
        "Both files are written or none. Each is replaced in one step, so that the server never "
        "reads half a file; owner, group and mode stay as they are."
    ),
)
_UNCHANGED = N_("Everything is as you want it already: nothing has to be changed.")
_NEW = N_("{path} (new file, mode {mode:04o})")
_CHANGED = N_("{path} (changed, mode {mode:04o})")
_RESTART = N_("The server must be started again afterwards.")
_RELOADS = N_("A running server reloads this by itself.")
_UNTESTED = N_("! These values were not tested.")
_FAILED = N_(
    "! The live test says that the server will fail to send its mails with these "
    "values: nobody new can register until that is mended."
)


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """What happens to a file, and its diff with secrets masked."""

    heading: str
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What to know before writing, in this order; empty sentences are not shown."""

    draft: Draft
    failure: str
    """Why the last attempt to write failed."""
    unchanged: str
    files: tuple[ChangedFile, ...]
    stores: tuple[str, ...]
    consequence: str
    warnings: tuple[str, ...]
    write: str
    """The label for writing."""


def review_content(session: WizardSession, draft: Draft, plan: Plan, failure: str) -> Review:
    """Return what ``plan`` is going to do."""
    # A container into which the file alone is mounted keeps the old one.
    mounted_alone = any(finding.code == "compose-file-mount" for finding in session.findings)
    consequence = _RESTART if plan.restart_needed or mounted_alone else _RELOADS
    warnings = plan_warnings(session.current, draft, plan)
    return Review(
        draft,
        failure,
        "" if plan.changed else _(_UNCHANGED),
        tuple(_file(change) for change in plan.changes if change.changed),
        plan.store_messages(),
        _(consequence) if plan.changed else "",
        (*_test_warnings(session, draft, plan), *(f"! {warning.advice}" for warning in warnings)),
        _("Write") if plan.changed else _("Done"),
    )


def _file(change: FileChange) -> ChangedFile:
    heading = _NEW if change.created else _CHANGED
    return ChangedFile(
        _(heading, path=change.before.display_path, mode=change.mode), tuple(change.diff())
    )


def _test_warnings(session: WizardSession, draft: Draft, plan: Plan) -> tuple[str, ...]:
    if not plan.changed or draft.skip or not draft.delivers:
        return ()
    report = session.report_for(draft)
    if report is None:
        return (_(_UNTESTED),)
    return (_(_FAILED),) if report.verdict is Verdict.FAIL else ()

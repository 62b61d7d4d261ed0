"""The review: what is wrong, every line that will change, and the decision to write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wizard.check.warnings import plan_warnings
from wizard.config.draft import Draft
from wizard.errors import Severity, count_in_words
from wizard.live_test.failure import Verdict
from wizard.saving.change import FileChange
from wizard.saving.plan import Plan
from wizard.text.display import DiffRow, short_path
from wizard.text.language import N_, _
from wizard.ui.account.panels import SEVERITY_MARKS
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Line, Mark, PanelView, Role

_FAILED = N_(
    "The test failed: {why}. With these values the server sends no mail, and nobody new can "
    "register."
)
_FAILED_ELSEWHERE = N_(
    "The test failed: {why}. While that is so, the server sends no mail, and nobody new can "
    "register."
)


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """What happens to a file, and its changed lines with secrets masked."""

    path: str
    change: str
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What to know before writing."""

    draft: Draft
    troubles: PanelView | None
    """What is wrong, above everything else; None if nothing is."""
    tested: str
    """That the test has passed, where it has."""
    files: tuple[ChangedFile, ...]
    notes: tuple[str, ...]
    """What happens outside of the files, and afterwards."""
    changes: bool
    """Whether there is anything to write."""
    write: str
    """The label for writing."""
    hesitates: bool
    """Whether Enter alone goes back, because there is an error."""


def review_content(session: WizardSession, draft: Draft, plan: Plan, failure: str) -> Review:
    """Return what ``plan`` is going to do; ``failure`` is why the last attempt to write failed."""
    errors, warnings = _troubles(session, draft, plan, failure)
    counted = count_in_words(
        [*[Severity.ERROR] * len(errors), *[Severity.WARNING] * len(warnings)],
    )
    troubles = None
    if counted:
        title = _("Before you write: {counted}", counted=counted)
        role = Role.ERRORS if errors else Role.WARNINGS
        troubles = PanelView(title, [*errors, *warnings], role=role, short=counted)
    write = _("Write")
    if errors:
        write = _("Write anyway")
    elif warnings:
        write = _("Write ({counted})", counted=counted)
    report = session.report_for(draft)
    passed = report is not None and report.verdict in (Verdict.PASS, Verdict.WARN)
    return Review(
        draft,
        troubles,
        _("Tested: the server can send mail") if passed and not draft.skip else "",
        changed_files(plan),
        (*plan.store_plans(), _afterwards(session, plan)),
        plan.changed,
        write if plan.changed else _("Close"),
        bool(errors),
    )


def changed_files(plan: Plan) -> tuple[ChangedFile, ...]:
    """Return each file that changes, with its changed lines."""
    return tuple(_file(change) for change in plan.changes if change.changed)


def _file(change: FileChange) -> ChangedFile:
    path = short_path(change.before.path)
    words = N_("new file") if change.created else N_("changed")
    if not change.mode & 0o077:
        words = N_("new file, only you can read it")
        if not change.created:
            words = N_("changed, only you can read it")
    return ChangedFile(path, _(words), tuple(change.rows()))


def _afterwards(session: WizardSession, plan: Plan) -> str:
    # A container into which the file alone is mounted keeps the old one.
    mounted_alone = any(finding.code == "compose-file-mount" for finding in session.findings)
    if not plan.changed:
        return _("Everything is as you want it already: nothing has to be changed.")
    if plan.secret_changed and session.current.configured:
        return _("Afterwards the server must be started again: it does not notice a new password.")
    if not session.current.config.exists:
        return _("Then the server can be started.")
    if plan.restart_needed or mounted_alone:
        return _("Afterwards the server must be started again.")
    return _("A running server takes this over by itself.")


def _troubles(
    session: WizardSession, draft: Draft, plan: Plan, failure: str
) -> tuple[Sequence[Line], Sequence[Line]]:
    """Return the errors and the warnings."""
    errors: list[Line] = []
    warnings: list[Line] = []
    if failure:
        errors.append(Line(Mark.FAILED, failure))
    for line in _of_test(session, draft, plan):
        (errors if line.mark == Mark.FAILED else warnings).append(line)
    for finding in plan_warnings(session.current, draft, plan):
        advice = finding.advice
        if finding.code == "skip-form-assumed":
            advice = f"{finding.message} {_('Go back to choose the version.')}"
        line = Line(SEVERITY_MARKS[finding.severity], advice)
        (errors if finding.severity is Severity.ERROR else warnings).append(line)
    return errors, warnings


def _of_test(session: WizardSession, draft: Draft, plan: Plan) -> Iterator[Line]:
    if not plan.changed or draft.skip or not draft.delivers:
        return
    report = session.report_for(draft)
    if report is None:
        yield Line(Mark.WARNING, _("These values were not tested."))
    elif report.verdict is Verdict.UNTESTABLE:
        yield Line(Mark.WARNING, _("These values cannot be tested from here."))
    elif report.verdict is Verdict.FAIL and report.diagnosis is not None:
        of_these_values = report.diagnosis.field is not None
        words = _FAILED if of_these_values else _FAILED_ELSEWHERE
        yield Line(Mark.FAILED, _(words, why=report.diagnosis.reason))

"""After writing: what was written, what the server makes of it, and what to do now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wizard.check.warnings import plan_warnings
from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.layout import command_for
from wizard.errors import Finding, Severity, count_in_words
from wizard.live_test.events import TestReport
from wizard.live_test.failure import Verdict
from wizard.saving.change import FileChange
from wizard.saving.plan import Plan
from wizard.server.next_steps import NextStep, StepKind, next_steps
from wizard.server.reload import ReloadOutcome, ReloadWatch, RunningServer, reload_message
from wizard.text.display import short_path
from wizard.text.language import N_, _
from wizard.ui.account.view import Line, Mark, PanelView, Role

NOW = N_("What to do now")
_AMONG_STEPS = ("server-settings-missing",)
"""Findings of the check that are told with what to do."""


@dataclass(frozen=True, slots=True)
class Done:
    """The parts of the last page."""

    panel: PanelView
    steps: tuple[NextStep, ...]
    steps_once_settled: tuple[NextStep, ...] = ()
    """What remains of the steps once the server has reloaded the settings."""
    watch: ReloadWatch | None = None
    """Waits for the verdict; None if the log would give none, or after it has come."""
    verdict: tuple[str, ...] = ()
    """What the server makes of the new settings."""
    role: Role = Role.NEUTRAL
    """How to draw the verdict."""
    can_fix: bool = False
    """Whether going back to the form is worth offering."""
    undo: str = ""
    """How to take back what was written."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The whole text, which stays on the terminal after the wizard."""
        told = (
            " ".join(filter(None, (line.mark, line.word, line.text))) for line in self.panel.lines
        )
        undo = (_("Take it back: {command}", command=self.undo),) if self.undo else ()
        return (self.panel.title, *told, *self.verdict, *map(str, self.steps), *undo)

    def with_outcome(self, outcome: ReloadOutcome) -> Done:
        """Return the page with the server's verdict, and what to do about it."""
        if self.watch is None:
            return self
        message = reload_message(outcome, self.watch)
        steps = self.steps_once_settled if message.settled else self.steps
        return replace(
            self,
            steps=message.steps if message.replaces_steps else (*message.steps, *steps),
            watch=None,
            verdict=message.verdict,
            role=_ROLES.get(message.mark, Role.NEUTRAL),
        )


_ROLES = {"passed": Role.PASSED, "warned": Role.WARNING, "failed": Role.FAILED}


def done_content(
    draft: Draft,
    plan: Plan,
    findings: Sequence[Finding],
    server: RunningServer,
    watch: ReloadWatch | None = None,
    answer: Finding | None = None,
    report: TestReport | None = None,
    left: Iterable[Finding] = (),
) -> Done:
    """Return what ``plan`` has done.

    ``findings`` are those of the writing, ``answer`` is what Compose says of it, ``report`` is the
    live test of what was written, ``left`` is what the check finds in the files now.
    """
    restart = server.restart_command(findings)
    warnings = plan_warnings(server.current, draft, plan)
    steps, steps_once_settled = (
        next_steps(server.current, draft, plan, warnings=warnings, restart=restart, settled=settled)
        for settled in (False, True)
    )
    failed = report is not None and report.verdict is Verdict.FAIL and not draft.skip
    repair = _repair_steps(server.current, report) if failed and report is not None else ()
    panel = _panel(draft, plan, (*findings, *([] if answer is None else [answer])), report)
    errors = [
        each for each in left if each.severity is Severity.ERROR and each.code not in _AMONG_STEPS
    ]
    if errors:
        words = _(
            "In the files: {counts}. What to do about it: {command}",
            counts=count_in_words(each.severity for each in errors),
            command=command_for(server.current.layout, "check"),
        )
        panel = panel._replace(lines=[*panel.lines, Line(Mark.FAILED, words)])
    return Done(
        panel,
        (*repair, *steps),
        (*repair, *steps_once_settled),
        watch if restart is None else None,
        can_fix=failed,
        undo=command_for(server.current.layout, "undo") if plan.changed else "",
    )


def _panel(
    draft: Draft, plan: Plan, findings: Iterable[Finding], report: TestReport | None
) -> PanelView:
    findings = tuple(findings)
    title, short, role = _title(draft, report)
    lines = [_written(change) for change in plan.changes if change.changed]
    lines += [Line(Mark.PASSED, message) for message in plan.store_messages(findings)]
    for finding in findings:
        mark = Mark.PASSED if finding.severity is Severity.NOTE else Mark.WARNING
        lines.append(Line(mark, finding.advice))
    if role is Role.FAILED and report is not None and report.diagnosis is not None:
        lines.append(Line(Mark.FAILED, report.diagnosis.summary))
    return PanelView(title, lines, role=Role.WARNING if role is Role.FAILED else role, short=short)


def _title(draft: Draft, report: TestReport | None) -> tuple[str, str, Role]:
    """Return the title, the one for where there is little room, and the role."""
    if draft.skip:
        title = _("Written: nobody's mail address will be verified")
        return title, _("Written: nobody is verified"), Role.WARNING
    if report is None:
        title = _("Written, but not tested")
        return title, title, Role.WARNING
    match report.verdict:
        case Verdict.PASS | Verdict.WARN:
            title = _("Written, and the test has passed")
            return title, _("Written and tested"), Role.PASSED
        case Verdict.FAIL:
            title = _("Written, but the server cannot send mail yet")
            return title, _("Written; the test failed"), Role.FAILED
        case _:
            title = _("Written; it could not be tested from here")
            return title, _("Written, but not tested"), Role.WARNING


def _written(change: FileChange) -> Line:
    name = short_path(change.before.path)
    signs = [row.sign for row in change.rows()]
    added, removed = signs.count("+"), signs.count("-")
    private = not change.mode & 0o077
    parts = []
    if change.created:
        parts.append(_("new file"))
    elif added and not removed:
        parts.append(_("1 line added") if added == 1 else _("{count} lines added", count=added))
    elif removed and not added:
        one = removed == 1
        parts.append(_("1 line removed") if one else _("{count} lines removed", count=removed))
    else:
        count = max(added, removed)
        parts.append(_("1 line changed") if count == 1 else _("{count} lines changed", count=count))
    if private:
        parts.append(_("only you can read it"))
    return Line(Mark.PASSED, ", ".join(parts), word=name)


def _repair_steps(current: CurrentConfig, report: TestReport) -> Iterator[NextStep]:
    """Yield how to correct settings that were written although their test had failed."""
    diagnosis = report.diagnosis
    if diagnosis is not None and diagnosis.remedy:
        yield NextStep(diagnosis.remedy)
    words: tuple[str, ...] = ()
    if diagnosis is not None and diagnosis.field is None:
        yield NextStep(_("Then test again:"))
        words = ("test",)
    else:
        yield NextStep(_("Correct it here; everything else is filled in:"))
    yield NextStep(command_for(current.layout, *words), StepKind.COMMAND)


def numbered(steps: Sequence[NextStep]) -> Iterator[Line]:
    """Yield the steps as lines: sentences are numbered, commands follow below them."""
    number = 0
    for step in steps:
        match step.kind:
            case StepKind.COMMAND:
                yield Line("  ", f"  {step.text}")
            case StepKind.WARNING:
                yield Line(Mark.WARNING, step.text)
            case _ if step.text.startswith(" "):
                yield Line(text=step.text)
            case _:
                number += 1
                yield Line(f"{number} ", step.text)

"""``check``: look for problems in configuration, ``.env``, compose file and permissions."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.cli import output
from wizard.compose.container import Container
from wizard.config.layout import Layout, command_for, find_layout
from wizard.errors import Finding, Severity, UsageError, count_in_words
from wizard.system.signals import uninterruptible
from wizard.text.display import place_of, short_path
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.check.repair import Repair, Repairs
    from wizard.cli.terminal import OutputLine

FOUND_ERRORS = 8
_MARKS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "skip"}


def run(options: Namespace) -> int:
    """Print the findings, or repair them with ``--fix``; return 8 while there are errors."""
    layout = find_layout(options.config, options.env_file)
    if options.fix:
        if options.format in ("github", "sarif"):
            raise UsageError(
                "usage",
                _("--fix prints no annotations and no SARIF."),
                _("Leave out --fix, or take --format json."),
            )
        return _fix(layout, options)
    if options.dry_run:
        raise UsageError(
            "usage",
            _("Without --fix, check writes nothing anyway."),
            _("Leave out --dry-run, or add --fix."),
        )
    findings = _look(layout)
    _report(findings, options, layout)
    return _exit_code(findings)


def _report(findings: Sequence[Finding], options: Namespace, layout: Layout) -> None:
    """Print the findings in the format that is wanted."""
    if options.json:
        output.document({"findings": [_as_json(finding) for finding in findings]})
    elif options.format == "github":
        from wizard.cli.other_formats import github_annotation

        for finding in findings:
            output.result(github_annotation(finding), as_it_is=True)
    elif options.format == "sarif":
        from wizard.cli.other_formats import sarif_log

        output.document(sarif_log(findings))
    elif findings:
        _print(findings)
        if output.on_terminal():
            output.result(_sum(findings, layout))
    else:
        output.result(_("Nothing to report about {path}.", path=layout.config))
        if output.on_terminal():
            command = command_for(layout, "test")
            output.result(_("To see whether mail gets through: {command}", command=command))


def find_problems(layout: Layout, container: Container | None = None) -> Sequence[Finding]:
    """Check all files of ``layout``, without any network.

    ``container`` is what Compose has said of it before, if anything.
    """
    return check_all(inspect_config(layout, os.environ, container))


def _look(layout: Layout) -> Sequence[Finding]:
    """Return the findings; those that can be repaired say so."""
    inspection = inspect_config(layout, os.environ)
    findings = check_all(inspection)
    if not findings:  # only repairs need what writing needs
        return ()
    from wizard.check.repair import plan_repairs

    return plan_repairs(inspection, findings).findings


def _exit_code(findings: Iterable[Finding]) -> int:
    return FOUND_ERRORS if any(each.severity is Severity.ERROR for each in findings) else 0


def _fix(layout: Layout, options: Namespace) -> int:
    from wizard.saving.journal import unfinished_findings
    from wizard.saving.lock import lock_config

    if options.dry_run:
        output.warn(unfinished_findings(layout.config))
        repairs = _plan(layout)
        _print_plan(repairs, options)
        return _exit_code(repairs.findings)
    with lock_config(layout.config):
        output.recover_and_tell(layout.config)
        repairs = _plan(layout)
        warnings = repairs.plan.apply("check --fix")
        with uninterruptible():  # an interrupt would claim that nothing was written
            output.warn(warnings)
            left = _look(layout)
            _print_repaired(repairs, left, layout, options)
    return _exit_code(left)


def _plan(layout: Layout) -> Repairs:
    from wizard.check.repair import plan_repairs

    inspection = inspect_config(layout, os.environ)
    return plan_repairs(inspection, check_all(inspection))


def _print_plan(repairs: Repairs, options: Namespace) -> None:
    if options.json:
        findings = [_as_json(finding) for finding in repairs.findings]
        output.document({"findings": findings, **_plan_document(repairs, options)})
        return
    for change in repairs.plan.changes:
        if change.changed:
            output.diff(change)
    left = [finding for finding in repairs.findings if not finding.fixable]
    _print(left)
    words = _sentence_for(
        repairs.repairs,
        left,
        N_("{number} can be repaired, {counts} left."),
        N_("{number} can be repaired, nothing is left."),
        N_("Nothing can be repaired: what is left is up to you ({counts})."),
    )
    output.result(_(words, number=len(repairs.repairs), counts=_counts(left)))
    output.say(_("Dry run: nothing was written."))


def _print_repaired(
    repairs: Repairs, left: Sequence[Finding], layout: Layout, options: Namespace
) -> None:
    remaining = {(finding.code, finding.path) for finding in left}
    done = [
        repair
        for repair in repairs.repairs
        if (repair.finding.code, repair.finding.path) not in remaining
    ]
    if options.json:
        fixed = [_as_json(repair.finding) | {"fixable": True, "fixed": True} for repair in done]
        findings = [*fixed, *(_as_json(finding) for finding in left)]
        output.document({"findings": findings, **_plan_document(repairs, options)})
        return
    _print_done(done)
    _print(left)
    words = _sentence_for(
        done,
        left,
        N_("{number} repaired, {counts} left. Take it back: {command}"),
        N_("{number} repaired, nothing is left. Take it back: {command}"),
        N_("Nothing was repaired: what is left is up to you ({counts})."),
    )
    undo = command_for(layout, "undo")
    output.result(_(words, number=len(done), counts=_counts(left), command=undo))
    if done and repairs.plan.restart_needed:
        output.say(_("Restart the server for this to take effect."))


def _sentence_for(
    repairs: Sequence[Repair], left: Sequence[Finding], some: str, everything: str, nothing: str
) -> str:
    """Return the sentence that fits: how much is repaired, or could be, and what is left."""
    if repairs:
        return some if left else everything
    return nothing if left else N_("There is nothing to repair.")


def _counts(findings: Iterable[Finding]) -> str:
    return count_in_words(finding.severity for finding in findings)


def _print_done(done: Iterable[Repair]) -> None:
    if not output.on_terminal():
        mark = output.symbols()["pass"]
        for repair in done:
            output.result(f"{mark} {repair.path}: {repair.in_words}")
        return
    from wizard.cli.terminal import OutputLine

    output.show_lines(
        OutputLine(
            repair.in_words, "pass", repair.finding.code, head=f"{short_path(repair.path)}  "
        )
        for repair in done
    )


def _plan_document(repairs: Repairs, options: Namespace) -> dict[str, Any]:
    changes = [change for change in repairs.plan.changes if change.changed]
    return {
        "changed": bool(changes),
        "files": [
            {
                "path": str(change.before.path),
                "changed": True,
                "created": change.created,
                **({"mode": f"{change.mode:04o}"} if change.mode_change else {}),
                **({"diff": change.diff()} if options.dry_run else {}),
            }
            for change in changes
        ],
        "restart_needed": repairs.plan.restart_needed,
    }


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": None if finding.path is None else str(finding.path),
        "line": finding.line,
        "message": finding.message,
        "remedy": finding.remedy,
        "fixable": finding.fixable,
    }


def _print(findings: Iterable[Finding]) -> None:
    if output.on_terminal():
        output.show_lines(_as_lines(findings))
    else:
        for finding in findings:
            output.result(_as_text(finding))


def _as_text(finding: Finding) -> str:
    mark = output.symbols()[_MARKS[finding.severity]]
    head = f"{mark} {finding.head}: {finding.message}"
    return f"{head}\n  {finding.remedy}".rstrip()


def _as_lines(findings: Iterable[Finding]) -> Iterator[OutputLine]:
    from wizard.cli.terminal import OutputLine

    for finding in findings:
        head = finding.severity.in_words
        if finding.path is not None:
            head = place_of(finding.path, finding.line)
        code = f"{finding.code}, --fix" if finding.fixable else finding.code
        yield OutputLine(head, _MARKS[finding.severity], code)
        yield OutputLine(finding.message, margin="  ")
        if finding.remedy:
            yield OutputLine(finding.remedy, "remedy", margin="  ")


def _sum(findings: Iterable[Finding], layout: Layout) -> str:
    """Say how many findings there are, and what repairs some of them."""
    counts = _counts(findings)
    fixable = sum(finding.fixable for finding in findings)
    if not fixable:
        return f"{counts}."
    return _(
        "{counts}. {number} can be repaired: {command}",
        counts=counts,
        number=fixable,
        command=command_for(layout, "check", "--fix"),
    )

"""``check``: look for problems in configuration, ``.env``, compose file and permissions."""

from __future__ import annotations

import os
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.cli import output
from wizard.compose.container import Container
from wizard.config.layout import Layout, find_layout
from wizard.errors import Finding, Severity
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.cli.terminal import OutputLine

FOUND_ERRORS = 8
_MARKS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "skip"}


def run(options: Namespace) -> int:
    """Print the findings; return 8 if there are errors among them."""
    layout = find_layout(options.config, options.env_file)
    findings = find_problems(layout)
    if options.json:
        output.document({"findings": [_as_json(finding) for finding in findings]})
    elif findings and output.on_terminal():
        output.show_lines(_as_lines(findings))
    elif findings:
        for finding in findings:
            output.result(_as_text(finding))
    else:
        output.result(_("Nothing to report about {path}.", path=layout.config))
    return FOUND_ERRORS if any(each.severity is Severity.ERROR for each in findings) else 0


def find_problems(layout: Layout, container: Container | None = None) -> Sequence[Finding]:
    """Check all files of ``layout``, without any network.

    ``container`` is what Compose has said of it before, if anything.
    """
    return check_all(inspect_config(layout, os.environ, container))


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": str(finding.path),
        "line": finding.line,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _as_text(finding: Finding) -> str:
    mark = output.symbols()[_MARKS[finding.severity]]
    head = f"{mark} {finding.head}: {finding.message}"
    return f"{head}\n  {finding.remedy}".rstrip()


def _as_lines(findings: Sequence[Finding]) -> Iterator[OutputLine]:
    from wizard.cli.terminal import OutputLine, place_of

    for finding in findings:
        head = finding.severity.in_words
        if finding.path is not None:
            head = place_of(finding.path, finding.line)
        yield OutputLine(head, _MARKS[finding.severity], finding.code)
        yield OutputLine(finding.message, margin="  ")
        if finding.remedy:
            yield OutputLine(finding.remedy, "remedy", margin="  ")
    yield OutputLine(f"{_count(findings)}.")


def _count(findings: Iterable[Finding]) -> str:
    """Return how many there are of each severity, in words."""
    counts = Counter(finding.severity for finding in findings)
    words = {
        Severity.ERROR: (N_("1 error"), N_("{count} errors")),
        Severity.WARNING: (N_("1 warning"), N_("{count} warnings")),
        Severity.NOTE: (N_("1 note"), N_("{count} notes")),
    }
    parts = []
    for severity, (one, many) in words.items():
        if count := counts[severity]:
            form = one if count == 1 else many
            parts.append(_(form, count=count))
    return ", ".join(parts)

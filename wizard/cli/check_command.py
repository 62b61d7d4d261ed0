"""``check``: look for problems in configuration, ``.env``, compose file and permissions."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.cli import output
from wizard.compose.container import Container
from wizard.config.layout import Layout, find_layout
from wizard.errors import Finding, Severity
from wizard.text.language import _

FOUND_ERRORS = 8
_MARKS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "skip"}


def run(options: Namespace) -> int:
    """Print the findings; return 8 if there are errors among them."""
    layout = find_layout(options.config, options.env_file)
    findings = find_problems(layout)
    if options.json:
        output.document({"findings": [_as_json(finding) for finding in findings]})
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

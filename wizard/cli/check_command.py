"""``check``: look over configuration, ``.env``, compose file and permissions; no network."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.cli import output
from wizard.config.layout import Layout, find_layout
from wizard.errors import Finding, Severity
from wizard.text.language import _

FOUND_ERRORS = 8
_MARKS = {Severity.ERROR: "fail", Severity.WARNING: "warn", Severity.NOTE: "skip"}


def run(options: Namespace) -> int:
    """Print what is wrong; return 8 where that includes errors."""
    place = find_layout(options.config, options.env_file)
    found = find_problems(place)
    if options.json:
        output.document({"findings": [_as_json(finding) for finding in found]})
    elif found:
        for finding in found:
            output.result(_in_words(finding))
    else:
        output.result(_("Nothing to report about {path}.", path=place.config))
    return FOUND_ERRORS if any(one.severity is Severity.ERROR for one in found) else 0


def find_problems(place: Layout) -> Sequence[Finding]:
    """Look over everything that belongs to ``place``."""
    return check_all(inspect_config(place, os.environ))


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": str(finding.path),
        "line": finding.line,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _in_words(finding: Finding) -> str:
    mark = output.symbols()[_MARKS[finding.severity]]
    head = f"{mark} {finding.head}: {finding.message}"
    return f"{head}\n  {finding.remedy}".rstrip()

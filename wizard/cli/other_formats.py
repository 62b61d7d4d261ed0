"""What other programs read: annotations of GitHub Actions, SARIF, the line of a Nagios plugin.

Sources: GitHub's "Workflow commands for GitHub Actions", OASIS SARIF 2.1.0, and the guidelines of
monitoring-plugins.org.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wizard import __version__
from wizard.errors import Finding, Severity
from wizard.text.display import sanitize

_GITHUB_COMMANDS = {
    Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice",
}  # fmt: skip
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
_LONGEST_STATUS = 600
"""Characters: with the rest of the line they fit into the 1024 bytes that an old NRPE passes on."""


NAGIOS_STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
"""Each is the exit code of its place."""


def nagios_line(code: int, text: str, seconds: float | None = None) -> str:
    """Return the one line of a plugin that ends with ``code``; ``seconds`` is performance data."""
    # What follows a bar would be taken as performance data.
    status = f"SMTP {NAGIOS_STATES[code]} - {sanitize(text, _LONGEST_STATUS).replace('|', '/')}"
    return status if seconds is None else f"{status} | time={seconds:.3f}s;;;0"


def github_annotation(finding: Finding, environ: Mapping[str, str] = os.environ) -> str:
    """Return the workflow command that shows a finding at its line of a pull request."""
    properties = {}
    if finding.path is not None:
        properties["file"] = str(_relative(finding.path, environ) or finding.path)
    if finding.line is not None:
        properties["line"] = str(finding.line)
    properties["title"] = finding.code
    shown = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items())
    message = finding.advice.translate(_DATA)
    return f"::{_GITHUB_COMMANDS[finding.severity]} {shown}::{message}"


def sarif_log(
    findings: Sequence[Finding], environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return findings as a SARIF log; equal findings make an equal log."""
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "smtp-wizard",
        "version": __version__,
        "rules": [_rule(code, [each for each in findings if each.code == code]) for code in codes],
    }
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": str(finding.severity),
            "message": {"text": finding.advice},
            "locations": _locations(finding, environ),
        }
        for finding in findings
    ]
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _rule(code: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what a code stands for: its words, and what to do about each of its findings."""
    advice = dict.fromkeys(finding.remedy or finding.message for finding in findings)
    return {
        "id": code,
        "shortDescription": {"text": code.replace("-", " ").capitalize()},
        "help": {"text": "\n".join(advice)},
        "defaultConfiguration": {"level": str(findings[0].severity)},
    }


def _locations(finding: Finding, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    if finding.path is None:
        return []
    path = _relative(finding.path, environ)
    # The bytes of the name: it need not be valid UTF-8.
    uri = finding.path.as_uri() if path is None else quote(os.fsencode(path))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
    return [{"physicalLocation": place}]


def _relative(path: Path, environ: Mapping[str, str]) -> Path | None:
    """Return ``path`` within the workspace, or within the working directory; else None."""
    for root in (environ.get("GITHUB_WORKSPACE"), "."):
        if root:
            for base in (Path(root).absolute(), Path(root).resolve()):
                if path.is_relative_to(base):
                    return path.relative_to(base)
    return None

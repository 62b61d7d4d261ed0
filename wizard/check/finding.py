"""One thing that is wrong, or may be: where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wizard.errors import WizardError


class Severity(StrEnum):
    """How bad a finding is.

    An error keeps the server from starting or sending, or shows the secret to other accounts;
    a warning works but is a risk; a note is good to know.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding; ``code`` is kebab-case and stable, ``line`` is 1-based.

    Neither sentence ever contains a secret.
    """

    code: str
    severity: Severity
    path: Path
    line: int | None
    message: str
    remedy: str


def of_error(problem: WizardError, path: Path, line: int | None = None) -> Finding:
    """Return a problem that was raised as a finding."""
    return Finding(
        problem.code,
        Severity.ERROR,
        problem.path or path,
        problem.line or line,
        problem.message,
        problem.remedy,
    )

"""One thing that is wrong, or may be: where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wizard.errors import WizardError
from wizard.text.language import N_, _

_SEVERITIES = {"error": N_("error"), "warning": N_("warning"), "note": N_("note")}


class Severity(StrEnum):
    """How bad a finding is.

    An error keeps the server from starting or sending, or shows the secret to other accounts;
    a warning works but is a risk; a note is good to know.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def in_words(self) -> str:
        """The operator's word for it."""
        return _(_SEVERITIES[self])


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

    @property
    def head(self) -> str:
        """How bad it is, and where."""
        if self.line is None:
            return f"{self.severity.in_words}: {self.path}"
        return _(
            "{severity}: {path}, line {line}",
            severity=self.severity.in_words,
            path=self.path,
            line=self.line,
        )


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

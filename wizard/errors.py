"""The one family of errors that an operator can cause, and the exit code of each.

Every message is a whole sentence for the operator; ``remedy`` says what to do next.
Neither may ever contain a secret or a line of a file that could hold one.

One thing that is wrong, or may be: where, why, and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Self

from wizard.text.language import N_, _


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that works, or may work, and that the operator should know. Codes are stable."""

    code: str
    field: str
    message: str


class WizardError(Exception):
    """Something an operator can cause and mend.

    ``code`` is kebab-case and stable (it is printed with ``--json``), ``line`` is 1-based.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str = "",
        *,
        path: Path | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.path = path
        self.line = line

    def at(self, path: Path) -> Self:
        """Say which file is meant; formats work on text and do not know."""
        self.path = path
        return self

    def __str__(self) -> str:
        place = "" if self.path is None else str(self.path)
        if self.line is not None:
            line = _("line {number}", number=self.line)
            place = f"{place}, {line}" if place else line
        head = f"{place}: {self.message}" if place else self.message
        return f"{head} {self.remedy}".rstrip()


class InvalidValue(WizardError):
    """A value that cannot work, from a flag or a field (exit 2)."""

    exit_code = 2


class UsageError(WizardError):
    """A command that cannot be carried out as it was called (exit 2)."""

    exit_code = 2


class FileRefused(WizardError):
    """A file that cannot be edited safely; nothing was written (exit 4)."""

    exit_code = 4


class WriteFailed(WizardError):
    """Writing failed and everything is as before (exit 5)."""

    exit_code = 5


class StoreUnusable(WizardError):
    """The secret store cannot be used (exit 6)."""

    exit_code = 6


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


def finding_of(problem: WizardError, path: Path, line: int | None = None) -> Finding:
    """Return a problem that was raised as a finding."""
    return Finding(
        problem.code,
        Severity.ERROR,
        problem.path or path,
        problem.line or line,
        problem.message,
        problem.remedy,
    )

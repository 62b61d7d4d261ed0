"""What is wrong, raised or reported: the errors that an operator can cause, and the findings.

Every message is a whole sentence for the operator; ``remedy`` says what to do next.
Neither may ever contain a secret or a line of a file that could hold one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

from wizard.text.display import on_one_line
from wizard.text.language import N_, _


class WizardError(Exception):
    """Something that an operator can cause and repair.

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
        parts = [] if self.path is None else [on_one_line(str(self.path))]
        if self.line is not None:
            parts.append(_("line {number}", number=self.line))
        place = ", ".join(parts)
        head = f"{place}: {self.message}" if place else self.message
        return f"{head} {self.remedy}".rstrip()


class InvalidValue(WizardError):
    """A value that cannot work, from a flag or a field (exit 2)."""

    exit_code = 2
    field = ""
    """The setting that has the value, where that is known: user, endpoint, starttls or secret."""
    correction: Mapping[str, str | bool] = MappingProxyType({})
    """The settings that were meant, where that is certain; :func:`as_flags` spells them as flags.

    Mostly the one with the value; ``host:587`` means an endpoint and a starttls.
    """


def as_flags(correction: Mapping[str, str | bool]) -> str:
    """Return settings as flags of ``set``, quoted for the shell."""
    import shlex  # only where somebody has made a mistake

    words: list[str] = []
    for key, value in correction.items():
        if isinstance(value, bool):
            words.append(f"--{key}" if value else f"--no-{key}")
        elif value.startswith("-"):
            words.append(f"--{key}={value}")
        else:
            words += [f"--{key}", value]
    return shlex.join(words)


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
_COUNTS = {
    "error": (N_("1 error"), N_("{count} errors")),
    "warning": (N_("1 warning"), N_("{count} warnings")),
    "note": (N_("1 note"), N_("{count} notes")),
}


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


def count_in_words(severities: Iterable[Severity]) -> str:
    """Return how many there are of each severity, such as "1 error, 2 warnings"."""
    counts = Counter(severities)
    return ", ".join(
        _(_COUNTS[each][counts[each] != 1], count=counts[each]) for each in Severity if counts[each]
    )


class Finding(NamedTuple):
    """Something that is wrong, or works differently from what the operator may expect.

    ``code`` is kebab-case and stable, ``line`` is 1-based. ``field`` is the key of ``[smtp]`` that
    it is about, where that is one. ``fixable`` says that ``check --fix`` repairs it. Neither
    sentence ever contains a secret.
    """

    code: str
    message: str
    remedy: str = ""
    severity: Severity = Severity.WARNING
    path: Path | None = None
    line: int | None = None
    field: str = ""
    fixable: bool = False

    @classmethod
    def from_error(cls, problem: WizardError, path: Path, line: int | None = None) -> Self:
        """Return a problem that was raised; ``path`` and ``line`` are used where it names none."""
        return cls(
            problem.code,
            problem.message,
            problem.remedy,
            Severity.ERROR,
            problem.path or path,
            problem.line or line,
        )

    @property
    def advice(self) -> str:
        """What is wrong and what to do about it; lines to paste follow on lines of their own."""
        return f"{self.message} {self.remedy}".rstrip()

    @property
    def sentence(self) -> str:
        """What is wrong, after the place where that is known."""
        return str(WizardError(self.code, self.message, path=self.path, line=self.line))

    @property
    def head(self) -> str:
        """How bad it is, and where."""
        severity = self.severity.in_words
        if self.path is None:
            return severity
        if self.line is None:
            return f"{severity}: {on_one_line(str(self.path))}"
        return _(
            "{severity}: {path}, line {line}", severity=severity, path=self.path, line=self.line
        )

"""Texts that lie over a step: a page to read, and a question that is answered by yes or no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wizard.check.finding import Finding
from wizard.kept_draft import KeptDraft


@dataclass(frozen=True, slots=True)
class Page:
    """A title and a text: an explanation, details of a test, findings of the check."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """Yes or no, by these words; without a ``yes`` it only tells something."""

    text: str
    no: str
    yes: str | None = None


LEAVE = Question(
    "Leave the wizard? What you entered is lost; no changes were made to any files.",
    no="Stay",
    yes="Leave",
)


_MISSED = {
    "user": "The user has to be entered again.",
    "endpoint": "The mail server has to be entered again.",
    "secret": "The secret has to be entered again.",
}
_FILE_CHANGED = (
    "config.toml has been changed since then; what you did not touch is taken from it as it is now."
)


CHANGED_MEANWHILE = (
    "✗ Not written: somebody else has changed a file meanwhile. What you entered is kept; look at "
    "the changes again."
)


def notices(sentences: Iterable[str]) -> Page:
    """Return what the operator should know before the first step."""
    return Page("Before you begin", "\n\n".join(sentences))


def resume(kept: KeptDraft) -> Question:
    """Ask what to do with what was entered and never written; going on with it is the default."""
    sentences = [
        "What you entered on {date} was not written. Begin anew without it?".format(
            date=f"{kept.saved.astimezone():%Y-%m-%d %H:%M}"
        ),
        *(words for name, words in _MISSED.items() if name in kept.left_out),
        *([_FILE_CHANGED] if kept.config_changed else ()),
    ]
    return Question(" ".join(sentences), no="Go on with it", yes="Begin anew")


def refusal(text: str) -> Question:
    """Tell why it does not go on."""
    return Question(text, no="Back")


def findings(found: Iterable[Finding]) -> Page:
    """Return what the check has found, each with its remedy."""
    return Page("Check", "\n\n".join(map(_finding, found)))


def _finding(finding: Finding) -> str:
    line = "" if finding.line is None else f", line {finding.line}"
    return f"{finding.severity}: {finding.path}{line}\n{finding.message}\n→ {finding.remedy}"

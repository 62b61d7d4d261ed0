"""What is shown over a step: a page to read, or a yes-or-no question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from wizard.text.language import N_, _

if TYPE_CHECKING:  # not loaded by a first start
    from wizard.errors import Finding
    from wizard.ui.saved_draft import SavedDraft


class Page(NamedTuple):
    """A title and a text, such as an explanation or the findings of the check."""

    title: str
    text: str


class Question(NamedTuple):
    """A question with its words for no and yes; without a ``yes``, only a message."""

    text: str
    no: str
    yes: str | None = None


_OMITTED = {
    "user": N_("The user has to be entered again."),
    "endpoint": N_("The mail server has to be entered again."),
    "secret": N_("The secret has to be entered again."),
}
_FILE_CHANGED = N_(
    "config.toml has been changed since then; what you did not touch is taken from it as it is now."
)
CHANGED_MEANWHILE = N_(
    "✗ Not written: somebody else has changed a file meanwhile. What you entered is kept; look at "
    "the changes again."
)


def notices_page(sentences: Iterable[str]) -> Page:
    """Return what the operator should know before the first step."""
    return Page(_("Before you begin"), "\n\n".join(sentences))


def leave_question() -> Question:
    """Ask whether what was entered may be lost."""
    return Question(
        _("Leave the wizard? What you entered is lost; no changes were made to any files."),
        no=_("Stay"),
        yes=_("Leave"),
    )


def resume_question(saved: SavedDraft) -> Question:
    """Ask whether to discard what was entered and never written; going on is the default."""
    sentences = [
        _(
            "What you entered on {date:%Y-%m-%d %H:%M} was not written. Begin anew without it?",
            date=saved.saved.astimezone(),
        ),
        *(_(words) for name, words in _OMITTED.items() if name in saved.omitted),
        *([_(_FILE_CHANGED)] if saved.config_changed else ()),
    ]
    return Question(" ".join(sentences), no=_("Go on with it"), yes=_("Begin anew"))


def refusal_notice(text: str) -> Question:
    """Say why the wizard cannot go on."""
    return Question(text, no=_("Back"))


def findings_page(findings: Iterable[Finding]) -> Page:
    """Return what the check has found, with remedies."""
    return Page(_("Check"), "\n\n".join(map(_finding, findings)))


def _finding(finding: Finding) -> str:
    return f"{finding.head}\n{finding.message}\n→ {finding.remedy}"

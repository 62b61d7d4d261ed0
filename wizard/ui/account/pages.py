"""What is shown over the form: explanations, details of a test, the question before leaving."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

from wizard.text.language import N_, _, day_and_time
from wizard.ui.account.view import Field, Line, Mark, Page, Question

if TYPE_CHECKING:
    from wizard.errors import Finding
    from wizard.ui.account.form import AccountForm
    from wizard.ui.saved_draft import SavedDraft

TO_WHOM = N_("Send a real mail with these settings. To whom?")
CHANGED_MEANWHILE = N_(
    "Not written: somebody else has changed a file meanwhile. What you entered is kept; look at "
    "the changes again."
)


class Leave(Enum):
    """Whether to leave, and what becomes of what was entered."""

    STAY = auto()
    KEEP = auto()
    DISCARD = auto()


def resumed_notices(saved: SavedDraft) -> list[str]:
    """Say what was put back from an earlier run."""
    words = N_("What you entered on {when} is here again; it was not written.")
    notices = [_(words, when=day_and_time(saved.saved))]
    for name in sorted(saved.omitted - {"secret"}):
        words = N_("{name} was not kept: it could contain a secret.")
        notices.append(_(words, name=name))
    if saved.config_changed:
        notices.append(_("config.toml has changed since then; the rest is taken from it."))
    return notices


def leave_question(*, can_keep: bool) -> Question:
    """Ask what to do with what was entered."""
    keep = [(_("Leave, and keep it for next time (but no password)"), Leave.KEEP)]
    return Question(
        _("Leave?"),
        _("What you entered is not written. No file has changed."),
        [
            (_("Stay"), Leave.STAY),
            *(keep if can_keep else []),
            (_("Leave, and throw it away"), Leave.DISCARD),
        ],
    )


def details_page(form: AccountForm) -> Page:
    """Return everything about the last test, and what the check has found, with remedies."""
    lines: list[Line] = []
    last = form.session.last_test
    if last is not None:
        from wizard.live_test.evidence import ticket

        lines += [Line(text=line) for line in ticket(last[1]).splitlines()]
    for finding in form.session.findings:
        lines += [*([Line()] if lines else []), *finding_lines(finding)]
    if not lines:
        lines.append(Line(text=_("Nothing was tested yet, and the check has found nothing.")))
    return Page(_("Details"), lines)


def finding_lines(finding: Finding) -> Iterator[Line]:
    """Yield where something is wrong, what it is, and what to do about it."""
    from wizard.ui.account.panels import SEVERITY_MARKS

    yield Line(SEVERITY_MARKS[finding.severity], finding.head)
    yield Line(text=finding.message)
    for line in finding.remedy.splitlines():
        yield Line(Mark.REMEDY if line == finding.remedy.splitlines()[0] else "", line)


def how_it_is_written() -> Page:
    """Say how files are written."""
    lines = [
        Line("1 ", _("All files are written, or none. config.toml comes last.")),
        Line("2 ", _("Each is replaced in one step: the server never reads half a file.")),
        Line("3 ", _("Owner, group and mode stay as they are. Secrets are shown as ********.")),
        Line("4 ", _("Take it back at any time: smtp-wizard undo")),
    ]
    return Page(_("Review"), lines)


_HELP = {
    Field.USER: (
        N_("Mail address"),
        N_(
            "The name you log in with at your mail provider, in most cases your full mail address. "
            "The server also sends its mails from it.\n"
            "A few providers want only the part before the @, or a fixed name such as apikey. That "
            "works for the login, but many of them then refuse the name as a sender; the test "
            "shows it.\n"
            "When you go on, the wizard looks for the mail server of the address's domain: in its "
            "own list of providers, without any network, then in the DNS and, by HTTPS, on the "
            "domain's own web servers. Only the domain leaves this machine, never what is before "
            "the @. Started with --no-lookup, the wizard asks nobody."
        ),
    ),
    Field.SECRET: (
        N_("Password"),
        N_(
            "The password of the mail account, or the API key of a mail service. Many providers "
            "want an app password instead: Google, Yahoo, iCloud, and most accounts with "
            "two-factor login.\n"
            "It is shown nowhere, not even in the review. An empty field keeps the password that "
            "is stored.\n"
            "Paste works; blanks and a line break around the pasted text are left out."
        ),
    ),
    Field.ENDPOINT: (
        N_("Mail server"),
        N_(
            "The host name of your provider's server for outgoing mail, often smtp.example.org or "
            "mail.example.org, without a port. Providers call it SMTP server or outgoing mail "
            "server.\n"
            "What the wizard finds within the domain of the address is filled in; all else is "
            "only offered. You can change it at any time.\n"
            "A local relay is written smtp://host:port, for example smtp://localhost:2500. The "
            "server then connects without encryption; append ?tls=required for STARTTLS."
        ),
    ),
    Field.STARTTLS: (
        N_("Encryption"),
        N_(
            "SMTPS encrypts from the first byte, on port 465. Choose it wherever the mail server "
            "offers it.\n"
            "STARTTLS begins in clear text on port 587 and encrypts before the login; the server "
            "insists on it.\n"
            "If only the other one works, the test finds it, and Enter takes it over."
        ),
    ),
    Field.STORE: (
        N_("Secret kept in"),
        N_(
            ".env is a file that only its owner can read; the server, or Docker Compose, reads it "
            "by itself, also after a reboot.\n"
            "The keyring, or a systemd credential, is offered where it can be used. The server "
            "then has to be started through smtp-wizard exec.\n"
            "No login is for a relay of your own that takes mails without a password."
        ),
    ),
    Field.VERSION: (
        N_("Server version"),
        N_(
            "The line that switches verification off has another name since version 0.7, and a "
            "server does not start with the wrong one. The version is part of the image's tag, or "
            "of the downloaded file's name. Every server since July 2025 is 0.7 or later."
        ),
    ),
    Field.VERIFY: (
        N_("Verify users"),
        N_(
            "BOMnipotent Server sends a mail to everybody who requests an account, to prove that "
            "the address is theirs. For that it needs an account at a mail server.\n"
            "Without verification anybody can register with any address. The server warns about "
            "it in its log for every mail it does not send. Use this for a trial, or until mail "
            "works."
        ),
    ),
    Field.RELAY: (
        N_("Sender"),
        N_(
            "The server sends its mails from the name that it logs in with. Where that is no mail "
            "address, a relay in between can set another sender: the wizard puts one "
            "(crazymax/msmtpd) beside the server. Leave the field empty to do without."
        ),
    ),
}
_KEYS = (
    (
        "Enter",
        N_("goes on: to the next missing field, then to the test, then to the review"),
    ),
    ("Tab ↓", N_("next field; Shift+Tab and ↑ the previous one")),
    ("←→", N_("choose; Space, too")),
    ("^R", N_("tests what is on the screen")),
    ("^S", N_("sends a real mail")),
    ("^T", N_("details: the whole dialogue, the certificate, and what the check has found")),
    ("^O", N_("another config.toml")),
    ("^N", N_("switches between what is stored and what you entered")),
    ("^L", N_("draws the screen again")),
    ("Esc", N_("stops a test, goes back, leaves")),
    ("^Q", N_("leaves from anywhere")),
)


def help_page(field: Field) -> Page:
    """Return the explanation of a field, and what the keys do."""
    title, text = _HELP[field]
    paragraphs = [Line(text=paragraph) for paragraph in _(text).split("\n")]
    keys = [Line(key, _(words)) for key, words in _KEYS]
    return Page(_(title), [*paragraphs, Line(), *keys])


def explanation(field: Field) -> str:
    """Return the explanation of a field alone, for the terminal line by line."""
    return _(_HELP[field][1])

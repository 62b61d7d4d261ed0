"""Where a reconfiguration begins: what is set, and what can be done with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto

from wizard.check.finding import Severity
from wizard.current import Place
from wizard.draft import Draft
from wizard.errors import InvalidValue
from wizard.flow.session import Session
from wizard.flow.step import Step
from wizard.probe.events import Verdict
from wizard.secret import Keep, Remove, Replace
from wizard.settings import Endpoint, Security, expand, mask_url_password

TITLE = "SMTP settings"
HELP = (
    "Choose a part with the arrows and Enter to change it; everything else stays as it is.\n\n"
    "Nothing is written before you choose Review and write and confirm the changes."
)
HELP_IN_LINES = (
    "Enter the number of a part to change it; everything else stays as it is.\n\n"
    "Nothing is written before you choose Review and write and confirm the changes."
)
_PLACES = {
    Place.ENV_FILE: "stored in .env",
    Place.ENVIRONMENT: "set in the environment",
    Place.CREDENTIAL: "stored as a systemd credential; the unit needs smtp-wizard exec",
    Place.KEYRING: "stored in the keyring; the server needs smtp-wizard exec",
    Place.LITERAL: "! stands in config.toml itself: open to move it to .env",
}
_TESTED = {
    Verdict.PASS: "✓ passed",
    Verdict.WARN: "! passed, with a caveat",
    Verdict.FAIL: "✗ failed",
    Verdict.UNTESTABLE: "! not testable from here",
}
_ROUTES = {
    Security.TLS: "{endpoint}, port {port}, SMTPS",
    Security.STARTTLS: "{endpoint}, port {port}, STARTTLS",
    Security.NONE: "{endpoint}, port {port}, not encrypted",
}
_COUNTS = {
    Severity.ERROR: ("{count} error", "{count} errors"),
    Severity.WARNING: ("{count} warning", "{count} warnings"),
    Severity.NOTE: ("{count} note", "{count} notes"),
}
_NOT_SET = "✗ not set"
_WRONG = "✗ {value}: {problem}"


class Action(Enum):
    """What can be chosen besides the steps."""

    WRITE = auto()
    LEAVE = auto()
    RENAME = auto()
    FINDINGS = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the menu."""

    choice: Step | Action
    label: str
    value: str


def rows(session: Session, draft: Draft) -> list[Row]:
    """Return what can be chosen now; what the check has found comes once it is known."""
    found = [
        Row(Action.RENAME, "Wrong section", f"! [{name}] in line {line}: rename it to [smtp]")
        for name, line in session.current.view.misnamed
    ]
    found.append(Row(Step.DELIVERY, "Verification", "skipped" if draft.skip else "by mail"))
    if not draft.skip:
        found += [
            Row(Step.USER, "User", _user(session, draft)),
            Row(Step.SERVER, "Mail server", _server(session, draft)),
            Row(Step.SECRET, "Secret", _secret(session, draft)),
            Row(Step.TEST, "Live test", _tested(session, draft)),
        ]
    if session.findings:
        found.append(Row(Action.FINDINGS, "Check", _findings(session)))
    changed = draft != Draft.of(session.current)
    found.append(Row(Action.WRITE, "Review and write", "" if changed else "nothing changed yet"))
    found.append(Row(Action.LEAVE, "Leave", ""))
    return found


def _user(session: Session, draft: Draft) -> str:
    if not draft.user:
        return _NOT_SET
    problem = draft.problems(session.current).get("user")
    if problem is None:
        return draft.user
    return _WRONG.format(value=draft.user, problem=problem.message)


def _server(session: Session, draft: Draft) -> str:
    shown = mask_url_password(draft.endpoint)
    if not shown:
        return _NOT_SET
    try:
        text = expand(draft.endpoint, session.current.lookup)
        starttls = session.current.starttls() if draft.starttls is None else draft.starttls
        route = Endpoint.parse(text).route(starttls)
    except InvalidValue as problem:
        return _WRONG.format(value=shown, problem=problem.message)
    return _ROUTES[route.security].format(endpoint=shown, port=route.port)


def _secret(session: Session, draft: Draft) -> str:
    match draft.secret:
        case Replace():
            return "entered, not stored yet"
        case Remove():
            return "none: no login"
        case Keep():
            return _kept_secret(session, draft)


def _kept_secret(session: Session, draft: Draft) -> str:
    current = session.current
    if draft.store is not Draft.of(current).store:
        return "will be moved"
    places = current.places()
    if places and current.secret() is None:
        return f"✗ {_PLACES[places[0]]}, but empty"
    if places:
        return _PLACES[places[0]]
    if _login_in_endpoint(session, draft):
        return "! stands in the endpoint"
    if current.reference is not None:
        return f"✗ config.toml refers to ${{{current.reference}}}, which is not set"
    return "none: no login"


def _login_in_endpoint(session: Session, draft: Draft) -> bool:
    try:
        text = expand(draft.endpoint, session.current.lookup)
        return Endpoint.parse(text).credentials is not None
    except InvalidValue:
        return False


def _tested(session: Session, draft: Draft) -> str:
    report = session.report_for(draft)
    return "not tested yet" if report is None else _TESTED[report.verdict]


def _findings(session: Session) -> str:
    """Count the findings by how bad they are."""
    counts = Counter(finding.severity for finding in session.findings)
    parts = [
        _COUNTS[severity][counts[severity] != 1].format(count=counts[severity])
        for severity in Severity
        if counts[severity]
    ]
    worst = "✗" if counts[Severity.ERROR] else "!"
    return f"{worst} {', '.join(parts)}: open to read"

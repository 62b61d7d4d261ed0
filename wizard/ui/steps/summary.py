"""The menu of a reconfiguration: what is set, and what can be done with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto

from wizard.config.draft import Draft
from wizard.config.endpoint import Endpoint, Security
from wizard.errors import InvalidValue, Severity
from wizard.formats.urls import mask_url_password
from wizard.formats.variables import expand, references
from wizard.live_test.failure import Verdict
from wizard.secrets.secret import Keep, Remove, Replace
from wizard.secrets.sources import LITERAL
from wizard.text.display import on_one_line
from wizard.text.language import N_, _
from wizard.ui.steps.model import Step
from wizard.ui.steps.session import WizardSession

TITLE = N_("SMTP settings")
HELP = N_(
    "Choose a part with the arrows and Enter to change it; everything else stays as it is.\n\n"
    "Nothing is written before you choose Review and write and confirm the changes."
)
HELP_IN_LINES = N_(
    "Enter the number of a part to change it; everything else stays as it is.\n\n"
    "Nothing is written before you choose Review and write and confirm the changes."
)
_TESTED = {
    Verdict.PASS: N_("✓ passed"),
    Verdict.WARN: N_("! with a caveat"),
    Verdict.FAIL: N_("✗ failed"),
    Verdict.UNTESTABLE: N_("! not testable from here"),
}
_ROUTES = {
    Security.TLS: N_("{endpoint}, port {port}, SMTPS"),
    Security.STARTTLS: N_("{endpoint}, port {port}, STARTTLS"),
    Security.NONE: N_("{endpoint}, port {port}, not encrypted"),
}
_COUNTS = {
    Severity.ERROR: (N_("{count} error"), N_("{count} errors")),
    Severity.WARNING: (N_("{count} warning"), N_("{count} warnings")),
    Severity.NOTE: (N_("{count} note"), N_("{count} notes")),
}
_NOT_SET = N_("✗ not set")
_NO_LOGIN = N_("none: no login")
_WRONG = "✗ {value}: {problem}"
_ASKING_COMPOSE = N_("Docker Compose is being asked …")


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


def rows(session: WizardSession, draft: Draft) -> list[Row]:
    """Return what can be chosen now; the check's findings are added once they are known."""
    entries = [
        Row(
            Action.RENAME,
            _("Wrong section"),
            _("! [{name}] in line {line}: rename it to [smtp]", name=name, line=line),
        )
        for name, line in session.current.view.misnamed
    ]
    entries.append(
        Row(Step.DELIVERY, _("Verification"), _("skipped") if draft.skip else _("by mail"))
    )
    if not draft.skip:
        entries += [
            Row(Step.USER, _("User"), _user(session, draft)),
            Row(Step.SERVER, _("Mail server"), _server(session, draft)),
            Row(Step.SECRET, _("Secret"), _secret(session, draft)),
            Row(Step.TEST, _("Live test"), _tested(session, draft)),
        ]
    if session.findings:
        entries.append(Row(Action.FINDINGS, _("Check"), _findings(session)))
    changed = draft != Draft.of(session.current)
    entries.append(
        Row(Action.WRITE, _("Review and write"), "" if changed else _("nothing changed yet"))
    )
    entries.append(Row(Action.LEAVE, _("Leave"), ""))
    return entries


def _user(session: WizardSession, draft: Draft) -> str:
    if not draft.user:
        return _(_NOT_SET)
    user = on_one_line(draft.user)
    if _awaits_compose(session, draft.user):
        return user
    problem = draft.problems(session.current).get("user")
    return user if problem is None else _WRONG.format(value=user, problem=problem.message)


def _server(session: WizardSession, draft: Draft) -> str:
    shown = on_one_line(mask_url_password(draft.endpoint))
    if not shown:
        return _(_NOT_SET)
    if _awaits_compose(session, draft.endpoint):
        return shown
    try:
        text = expand(draft.endpoint, session.current.lookup)
        starttls = session.current.switch("starttls") if draft.starttls is None else draft.starttls
        route = Endpoint.parse(text).route(starttls)
    except InvalidValue as problem:
        return _WRONG.format(value=shown, problem=problem.message)
    return _(_ROUTES[route.security], endpoint=shown, port=route.port)


def _secret(session: WizardSession, draft: Draft) -> str:
    match draft.secret:
        case Replace():
            return _("entered, not stored yet")
        case Remove():
            return _(_NO_LOGIN)
        case Keep():
            return _kept_secret(session, draft)


def _kept_secret(session: WizardSession, draft: Draft) -> str:
    current = session.current
    if draft.store is not Draft.of(current).store:
        return _("will be moved")
    if _awaits_compose(session, current.resolver.value or ""):
        return _(_ASKING_COMPOSE)
    if current.secret_doubt:
        return _("! not judged: {reason}", reason=current.secret_doubt)
    source = current.resolver.sources().effective
    if source is not None:
        try:
            empty = current.resolver.text() == ""
        except InvalidValue as problem:
            if source is LITERAL:  # it contains a reference that is not set
                return f"✗ {problem.message}"
            empty = False  # it exists, but this account cannot read it
        return _(source.in_summary_empty) if empty else _(source.in_summary)
    if _login_in_endpoint(session, draft):
        return _("! stands in the endpoint")
    if current.reference is not None:
        return _("✗ config.toml refers to ${{{name}}}, which is not set", name=current.reference)
    return _(_NO_LOGIN)


def _awaits_compose(session: WizardSession, text: str) -> bool:
    """Whether what the server makes of ``text`` is for Compose to say, which has not answered."""
    return session.asked_compose is not None and bool(references(text))


def _login_in_endpoint(session: WizardSession, draft: Draft) -> bool:
    try:
        text = expand(draft.endpoint, session.current.lookup)
        return Endpoint.parse(text).credentials is not None
    except InvalidValue:
        return False


def _tested(session: WizardSession, draft: Draft) -> str:
    report = session.report_for(draft)
    if report is None:
        return _("not tested yet")
    verdict, diagnosis = _(_TESTED[report.verdict]), report.diagnosis
    return verdict if diagnosis is None else f"{verdict}: {diagnosis.reason}"


def _findings(session: WizardSession) -> str:
    """Count the findings by severity."""
    counts = Counter(finding.severity for finding in session.findings)
    parts = [
        _(_COUNTS[severity][counts[severity] != 1], count=counts[severity])
        for severity in Severity
        if counts[severity]
    ]
    worst = "✗" if counts[Severity.ERROR] else "!"
    return _("{worst} {counts}: open to read", worst=worst, counts=", ".join(parts))

"""The panel below the form: whatever matters now, and the buttons that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.config.layout import LayoutKind
from wizard.config.settings import settings_findings
from wizard.errors import Finding, InvalidValue, Severity, WizardError, count_in_words
from wizard.text.display import place_of, short_path
from wizard.text.language import N_, _
from wizard.ui.account.form import AccountForm
from wizard.ui.account.rows import WAYS, secret_file_name, unusable_suggestion
from wizard.ui.account.view import Action, ButtonView, Field, Line, Mark, PanelView, Role

if TYPE_CHECKING:  # what a test needs is loaded by the first one
    from wizard.discovery.suggestion import Suggestion
    from wizard.ui.account.live_test import RunningTest

SEVERITY_MARKS = {
    Severity.ERROR: Mark.FAILED,
    Severity.WARNING: Mark.WARNING,
    Severity.NOTE: Mark.NONE,
}
_BLANK = Line()


def panel(form: AccountForm, focus: Field | None, test: RunningTest | None) -> PanelView:
    """Return what matters now, given the field with the focus and the test that runs."""
    if test is not None:
        return test.panel()
    if form.refusal is not None:
        return _refused(form.refusal)
    if form.values.skip:
        return _skipping(form)
    report = form.report
    if report is not None:
        from wizard.ui.account.live_test import result_panel

        return _with_findings(form, result_panel(report))
    wrong = _wrong_value(form, focus)
    if wrong is not None:
        return wrong
    if form.failed_before is not None:
        from wizard.ui.account.live_test import failed_before_panel

        return failed_before_panel(form, form.failed_before)
    shown = _guidance(form, focus) or (_how_it_goes(form) if form.is_new else _as_set_up(form))
    return shown._replace(lines=[*_notices(form), *shown.lines])


def _refused(error: WizardError) -> PanelView:
    """Say why what was entered cannot be written, or another file cannot be used."""
    place = "" if error.path is None else f"{short_path(error.path)}:"
    lines = [Line(Mark.FAILED, error.message, lead=place)]
    lines += [Line(Mark.REMEDY, error.remedy)] if error.remedy else []
    return PanelView(_("This cannot be done"), lines, role=Role.FAILED)


def _guidance(form: AccountForm, focus: Field | None) -> PanelView | None:
    """Return what helps with the field that is to be filled in next."""
    unusable = unusable_suggestion(form)
    if unusable is not None:
        return unusable_panel(unusable)
    if _asks_for_mail_server(form, focus):
        return mail_servers(form, form.offers())
    if form.values.secret is None and form.is_new:
        return app_password(form)
    return None


def _with_findings(form: AccountForm, view: PanelView) -> PanelView:
    """Add that the files need repair: above a good result, below what has failed."""
    errors = [each for each in form.session.findings if each.severity is Severity.ERROR]
    if not errors:
        return view
    counts = count_in_words(each.severity for each in errors)
    words = _("In the files: {counts}. ^T tells how to repair this.", counts=counts)
    line = Line(Mark.FAILED, words)
    failed = view.role is Role.FAILED
    return view._replace(lines=[*view.lines, line] if failed else [line, *view.lines])


# Fields


def _wrong_value(form: AccountForm, focus: Field | None) -> PanelView | None:
    """Explain the value of the field with the focus once it was found to be wrong."""
    problem = None if focus is None else form.problems().get(focus)
    if problem is None or focus is None:
        return None
    empty = form.value(focus) in ("", None) and problem.code != "compose-variable-not-passed"
    if empty or (focus not in form.finished and form.value(focus) not in ("", None)):
        return None
    lines = [Line(Mark.FAILED, problem.message)]
    if problem.remedy:
        lines.append(Line(Mark.REMEDY, problem.remedy))
    meant = form.meant(focus)
    if meant:
        lines += [
            _BLANK,
            Line(text=_("Enter puts in what was probably meant: {meant}", meant=meant)),
        ]
    return PanelView(_("This cannot work"), lines, role=Role.FAILED)


def _asks_for_mail_server(form: AccountForm, focus: Field | None) -> bool:
    state = form.session.discovery.state
    asks_directory = form.values.endpoint.isdecimal() and form.may_ask_directory()
    if form.values.endpoint and not form.offers() and not asks_directory:
        return False
    return state is not None and (focus is Field.ENDPOINT or bool(form.offers()))


def mail_servers(form: AccountForm, offers: Sequence[Suggestion]) -> PanelView:
    """Return the mail servers that can be taken by their number, and where the search stands."""
    from wizard.discovery.sentences import search_status

    state = form.session.discovery.state
    lines: list[Line] = []
    for number, each in enumerate(offers, 1):
        lines += _offer(form, number, each)
    if state is not None and not offers:
        searching = form.session.discovery.searching
        status = _("Looking for the mail server of {domain} …", domain=state.domain)
        lines += [Line(text=status if searching else search_status(state))]
        lines += [Line(text=remark) for remark in state.remarks]
    if form.may_ask_directory():
        lines += [
            Line("1 ", _("Ask Mozilla's directory of mail servers")),
            Line("  ", _("Type 1 to do so. Mozilla learns the domain, nothing else.")),
        ]
    lines += [
        _BLANK,
        Line(
            text=_("Or type the host name that your provider calls SMTP server or outgoing mail.")
        ),
    ]
    return PanelView(_("Which mail server?"), lines)


def _offer(form: AccountForm, number: int, suggestion: Suggestion) -> Iterator[Line]:
    route = suggestion.route
    if route is None:
        return
    yield Line(f"{number} ", _(WAYS[route.security], port=route.port), word=suggestion.endpoint)
    yield Line("  ", suggestion.origin)
    for note in suggestion.notes:
        yield Line("   !", note)
    if form.has_other_user(suggestion):
        yield Line("   !", _("The user there is {theirs}.", theirs=suggestion.user))


def app_password(form: AccountForm) -> PanelView | None:
    """Say how to get the password that a provider wants in place of the usual one."""
    if not form.values.endpoint:
        return None
    from wizard.discovery.offers import guide_to_secret

    guide = guide_to_secret(form.session.expanded(form.values.endpoint))
    if guide is None:
        return None
    lines = [Line(text=guide.text)]
    if guide.steps:
        width = max((len(step.text) for step in guide.steps if step.url), default=0)
        lines.append(_BLANK)
        for number, step in enumerate(guide.steps, 1):
            text = f"{step.text:<{width}}  {step.url}" if step.url else step.text
            lines.append(Line(f"{number} ", text))
    return PanelView(guide.title, [*lines, _BLANK, *_route_line(form)])


def _route_line(form: AccountForm) -> list[Line]:
    route = form.route
    if route is None:
        return []
    words = _("The server will connect to {host}, port {port}.", host=route.host, port=route.port)
    return [Line(text=words)]


def unusable_panel(suggestion: Suggestion) -> PanelView:
    """Say why nothing can be sent through a provider."""
    title = _("Nothing can be sent through {name}", name=suggestion.provider or "")
    notes = [Line(text=note) for note in suggestion.notes]
    return PanelView(title, [Line(text=suggestion.origin), *notes], role=Role.FAILED)


# Skipping, first steps, and what is set up


def _skipping(form: AccountForm) -> PanelView:
    lines = [
        Line(
            text=_(
                "Anybody can register with an address that is not theirs. The server warns in its "
                "log for each mail it does not send. Good for a trial, or for the start."
            )
        )
    ]
    if form.asks_version:
        lines += [
            _BLANK,
            Line(text=_("Nothing tells which version your server is, and the line differs:")),
            Line("  ", "skip_user_verification = true", word=_("0.5 or 0.6")),
            Line("  ", "[user] skip_verification = true", word=_("0.7 or later")),
            Line(
                Mark.REMEDY,
                _(
                    "The image's tag or the downloaded file's name has it; since July 2025 it is "
                    "0.7 or later. The wrong line keeps the server from starting."
                ),
            ),
        ]
    return PanelView(_("Nobody's mail address will be verified"), lines, role=Role.WARNING)


def _how_it_goes(form: AccountForm) -> PanelView:
    if form.problems():
        steps = [
            Line(
                "1 ", _("Type your mail address and its password. Enter goes on to what is left.")
            ),
            Line("2 ", _("The wizard logs in just as the server will. No mail is sent.")),
            Line("3 ", _("You see every line that changes before it is written.")),
        ]
        return PanelView(_("How it goes"), [*steps, _BLANK, *_files(form)])
    lines = [*_route_line(form), *_cautions(form), _BLANK, Line(text=_("Enter tests it."))]
    return PanelView(_("Ready to be tested"), lines)


def _notices(form: AccountForm) -> list[Line]:
    notices = [Line(Mark.WARNING, notice) for notice in form.session.notices]
    notices += [Line(Mark.CHANGED, notice) for notice in form.resumed]
    return [*notices, _BLANK] if notices else []


def _cautions(form: AccountForm) -> list[Line]:
    """Say what to know about settings that can be used."""
    try:
        findings = settings_findings(form.draft.settings(form.session.current))
    except InvalidValue:
        return []
    return [Line(Mark.WARNING, finding.advice) for finding in findings]


def _with_directory(path: Path) -> str:
    """Return the path so that it does not only repeat the file's name, which comes before it."""
    shown = short_path(path)
    return shown if "/" in shown else f"./{shown}"


def _files(form: AccountForm) -> Iterator[Line]:
    current = form.session.current
    config = _with_directory(current.config.path)
    state = N_("{path}, without mail settings so far")
    if not current.config.exists:
        state = N_("{path}, will be a new file")
    yield Line(text=_(state, path=config), word="config.toml")
    env = _("being asked …")
    if form.session.asked_compose is None:
        path = current.env.path
        if current.container is not None:
            path = current.secret_target(current.variable).path
        shown = _with_directory(path)
        words = N_("{path}, gets one more line for the password")
        if not path.exists():
            words = N_("{path}, will be a new file for the password")
        env = _(words, path=shown)
    yield Line(text=env, word=secret_file_name(form))
    where = N_("runs in Docker Compose")
    if current.layout.kind is LayoutKind.STANDALONE:
        where = N_("runs on this machine, and reads .env beside config.toml")
    if current.layout.kind is LayoutKind.STANDALONE and not current.config.exists:
        words = N_("No server was found here. If it has its files elsewhere: smtp-wizard -c PATH")
        yield Line(Mark.WARNING, _(words))
    else:
        yield Line(text=_(where), word=_("server"))


def _as_set_up(form: AccountForm) -> PanelView:
    changed = form.draft != form.stored
    title = _("Not tested with this change") if changed else _("As it is set up")
    lines = state_lines(form)
    if form.session.findings:
        lines.append(Line(text=_("^T tells how to repair this.")))
    elif form.session.running_check is not None and not form.session.running_check.done():
        lines += [_BLANK, Line(text=_("The files are being checked …"))]
    return PanelView(title, lines)


def state_lines(form: AccountForm) -> list[Line]:
    """Return where the server will connect to, and what is wrong with the settings and files."""
    lines = _route_line(form)
    lines += [
        Line(
            Mark.WARNING,
            _("[{name}] in line {line} will be renamed to [smtp].", name=name, line=line),
        )
        for name, line in form.session.misnamed
    ]
    lines += _cautions(form)
    findings = form.session.findings
    if findings:
        counts = count_in_words(each.severity for each in findings)
        lines += [_BLANK, Line(text=_("In the files: {counts}.", counts=counts))]
        lines += [finding_line(each) for each in findings if each.severity is not Severity.NOTE]
    return lines


def finding_line(finding: Finding) -> Line:
    """Return one finding: where it is, and what is wrong."""
    place = "" if finding.path is None else f"{place_of(finding.path, finding.line)}:"
    return Line(SEVERITY_MARKS[finding.severity], finding.message, lead=place)


# Buttons


def buttons(form: AccountForm, test: RunningTest | None) -> Sequence[ButtonView]:
    """Return the buttons below the panel, the one that is suggested first."""
    if test is not None:
        return (ButtonView(Action.STOP, _("Stop"), _("stop")),)
    review = ButtonView(Action.REVIEW, _("Review"), _("review"))
    if form.values.skip:
        return (review,)
    if form.report is None:
        return (ButtonView(Action.TEST, _("Test"), _("test")), review)
    from wizard.ui.account.live_test import result_buttons

    return result_buttons(form, form.report)

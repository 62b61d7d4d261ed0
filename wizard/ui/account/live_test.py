"""The live test of what the form shows: its events, and what is said of them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from wizard.config.draft import Draft
from wizard.config.endpoint import Endpoint, Security
from wizard.config.settings import SmtpSettings
from wizard.errors import InvalidValue
from wizard.live_test.events import (
    Alternative,
    Event,
    StageFinished,
    StageOutcome,
    StageStarted,
    TestFinished,
    TestReport,
    VerdictReached,
    headline,
    unusable_report,
)
from wizard.live_test.failure import Stage, Verdict, in_progress
from wizard.text.language import N_, _, decimal
from wizard.ui.account.form import AccountForm
from wizard.ui.account.rows import WAYS
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action, ButtonView, Line, Mark, PanelView, Role

MARKS = {
    StageOutcome.PASS: "✓",
    StageOutcome.WARN: "!",
    StageOutcome.FAIL: "✗",
    StageOutcome.SKIP: "-",
}
STOPPED = N_("The test was stopped; nothing is proven.")
_ROLES = {
    Verdict.PASS: Role.PASSED,
    Verdict.WARN: Role.WARNING,
    Verdict.FAIL: Role.FAILED,
    Verdict.UNTESTABLE: Role.WARNING,
}
_AWAITED = (Stage.DNS, Stage.TCP, Stage.TLS, Stage.GREETING, Stage.AUTH, Stage.MAIL, Stage.RCPT)
"""The stages that are named before they begin."""
_BLANK = Line()

_TECHNICAL = frozenset({Stage.EHLO, Stage.STARTTLS, Stage.RSET, Stage.QUIT})
"""Stages that say nothing to the operator unless something is wrong; the details have them."""


def lines_to_show(stages: Sequence[StageFinished]) -> Sequence[StageFinished]:
    """Return the stages that the operator reads about."""
    return [
        event
        for event in stages
        if event.stage not in _TECHNICAL or event.outcome is not StageOutcome.PASS
    ]


def recipient_for(draft: Draft) -> str:
    """Return the address to suggest for a real mail."""
    return draft.user if "@" in draft.user else ""


async def live_test_events(
    form: AccountForm, recipient: str | None = None
) -> AsyncGenerator[Event, None]:
    """Test what the form shows, and remember the report; send ``recipient`` a real mail, if any.

    Closing the generator closes the connection; then nothing is remembered.
    """
    session = form.session
    await session.wait_for_compose()
    draft = form.draft
    try:
        settings = draft.settings(session.current)
    except InvalidValue as problem:
        report = unusable_report(problem, draft.endpoint)
        session.last_test = draft, report
        yield TestFinished(report)
        return
    test = session.live_test(
        settings,
        container=session.current.container,
        recipient=recipient,
        deliver=recipient is not None,
    )
    async with aclosing(test):
        async for event in test:
            if isinstance(event, TestFinished):
                report = _with_remark(session, event.report)
                session.last_test = draft, report
                event = TestFinished(report)
            yield event


def _with_remark(session: WizardSession, report: TestReport) -> TestReport:
    """Return the report with what keeps the container from starting, or from being judged.

    It is no verdict here: the files are about to change.
    """
    current = session.current
    if current.container is None:
        return report
    from wizard.check.compose_rules import doubt_findings, start_findings

    names = current.smtp_references
    found = next(start_findings(current.container, names), None)
    found = found or next(doubt_findings(current.container, names), None)
    if found is None:
        return report
    remark = f"{report.remark} {found.sentence} {found.remedy}".strip()
    return replace(report, remark=remark)


@dataclass(slots=True)
class RunningTest:
    """A live test while it runs."""

    form: AccountForm
    began: float = field(default_factory=time.monotonic)
    finished: list[StageFinished] = field(default_factory=list)
    current: Stage | None = None
    decided: bool = False

    def follow(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case StageStarted(stage):
                self.current = stage
            case StageFinished():
                self.current = None
                self.finished.append(event)
            case VerdictReached():
                self.decided = True

    def panel(self) -> PanelView:
        """Return the stages so far, and those to come."""
        settings = self._settings()
        lines = [_stage_line(event) for event in lines_to_show(self.finished)]
        if self.current is not None and self.current not in _TECHNICAL:
            words = "…" if settings is None else in_progress(self.current, settings)
            lines.append(Line(Mark.RUNNING, words, word=self.current.in_words))
        begun = {event.stage for event in self.finished} | {self.current}
        if not self.decided:
            skipped = set() if settings is None else _skipped(settings)
            waiting = [stage for stage in _AWAITED if stage not in begun | skipped]
            lines += [Line(Mark.WAITING, word=stage.in_words) for stage in waiting]
        lines.append(Line(text=_("No mail is sent. A change above stops the test.")))
        seconds, most = time.monotonic() - self.began, self.form.session.timeout
        clock = _("{seconds:.0f} s of {most:.0f} s", seconds=seconds, most=most)
        return PanelView(_("Live test"), lines, clock)

    def _settings(self) -> SmtpSettings | None:
        """Return what is tested; None where Compose has said meanwhile that it is not complete."""
        try:
            return self.form.draft.settings(self.form.session.current)
        except InvalidValue:
            return None


def _skipped(settings: SmtpSettings) -> set[Stage]:
    """Return the stages that these settings do without."""
    skipped = set()
    if settings.login is None:
        skipped.add(Stage.AUTH)
    if settings.route.security is Security.NONE:
        skipped.add(Stage.TLS)
    return skipped


def _stage_line(event: StageFinished) -> Line:
    milliseconds = f"{event.seconds * 1000:.0f} ms"
    return Line(MARKS[event.outcome], event.message, milliseconds, event.stage.in_words)


def result_panel(report: TestReport) -> PanelView:
    """Return the verdict of a test, with cause and remedy."""
    role = _ROLES[report.verdict]
    stages = lines_to_show(report.stages)
    lines: list[Line]
    before: list[Line] = []
    if report.diagnosis is None:
        lines = [_stage_line(event) for event in stages]
        sent = any(event.stage is Stage.DATA for event in stages)
        ending = N_("No mail was sent; ^S sends a real one. ^T shows all that was said.")
        lines.append(Line(text=_("^T shows all that was said.") if sent else _(ending)))
        if report.remark:
            lines.insert(0, Line(Mark.WARNING, report.remark))
    else:
        before = [Line(text=_in_one_line(stages)), _BLANK] if stages else []
        lines = list(cause_and_remedy(report))
        if report.alternatives:
            lines.append(_BLANK)
        code = report.diagnosis.code
        lines.append(Line(text=_("{code} · ^T shows all that was said", code=code)))
    short = ""
    if report.verdict is Verdict.FAIL and report.diagnosis is not None:
        short = report.diagnosis.reason_alone
    return PanelView(headline(report), lines, _seconds(report), role, short, before)


def _in_one_line(stages: Sequence[StageFinished]) -> str:
    shown = [event for event in stages if event.outcome is not StageOutcome.SKIP]
    return "  ".join(f"{MARKS[event.outcome]} {event.stage.in_words}" for event in shown)


def cause_and_remedy(report: TestReport) -> Iterator[Line]:
    """Yield what went wrong, what to do about it, and in which words of the mail server."""
    diagnosis = report.diagnosis
    if diagnosis is None:
        return
    yield Line(text=diagnosis.summary)
    if diagnosis.remedy and not report.alternatives:  # which are the remedy
        yield Line(Mark.REMEDY, diagnosis.remedy)
    for other in report.alternatives:
        yield _BLANK
        yield Line(Mark.PASSED, _("Another way works: {way}.", way=other.way))
        yield Line(" ", other.details)
    if diagnosis.reply_sentence:
        yield _BLANK
        yield Line(text=diagnosis.reply_sentence)
    if report.remark:
        yield Line(text=report.remark)


def _seconds(report: TestReport) -> str:
    return _("{seconds} s", seconds=decimal(report.decided_after or report.seconds))


def failed_before_panel(form: AccountForm, report: TestReport) -> PanelView:
    """Keep the remedy in view while the value that failed is typed once more."""
    why = report.diagnosis.reason if report.diagnosis is not None else ""
    lines = [*cause_and_remedy(report)]
    route = form.route
    if route is not None and not form.problems():
        lines.append(Line(text=_("Enter tests what is entered now.")))
    title = _("Last test: {why}", why=why)
    return PanelView(title, lines, short=title)


def result_buttons(form: AccountForm, report: TestReport) -> Sequence[ButtonView]:
    """Return what can be done about a result, the best first."""
    again = ButtonView(Action.TEST, _("Test again"), _("test again"))
    match report.verdict:
        case Verdict.FAIL:
            anyway = ButtonView(Action.REVIEW, _("Review anyway"), _("review anyway"))
            return (*_alternatives(form, report), again, anyway)
        case Verdict.UNTESTABLE:
            return (ButtonView(Action.REVIEW, _("Review untested"), _("review")), again)
        case _:
            first = ButtonView(Action.REVIEW, _("Review the changes"), _("review"))
            if form.draft == form.stored and not form.session.misnamed:
                first = ButtonView(Action.CLOSE, _("Close"), _("close"))
            return (first, again, ButtonView(Action.SEND, _("Send a mail"), _("send a mail")))


def _alternatives(form: AccountForm, report: TestReport) -> Iterator[ButtonView]:
    for number, other in enumerate(report.alternatives, 1):
        yield ButtonView(
            Action.USE,
            _("Use {way}", way=_way(form, other)),
            _("use it and test"),
            number,
        )


def _way(form: AccountForm, other: Alternative) -> str:
    """Say in a few words what is different about another form of the endpoint."""
    route = Endpoint.parse(other.endpoint).route(other.starttls)
    way = _(WAYS[route.security], port=route.port)
    same_host = form.route is not None and form.route.host == route.host
    return way if same_host else f"{route.host}, {way}"

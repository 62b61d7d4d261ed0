"""Sixth step: the live test of a draft, and the text about its results."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from wizard.config.draft import Draft
from wizard.errors import InvalidValue
from wizard.live_test.events import (
    Alternative,
    Event,
    StageFinished,
    StageOutcome,
    TestFinished,
    TestReport,
    unusable_report,
)
from wizard.live_test.failure import Stage, Verdict
from wizard.text.language import N_, _
from wizard.ui.steps.model import Heading, Step
from wizard.ui.steps.session import WizardSession

HEADING = Heading(
    Step.TEST,
    N_("Live test"),
    N_(
        "The wizard connects exactly as the server will: same port, same encryption, same login, "
        "same sender. Nothing is delivered unless you ask for a real mail.\n\n"
        "The password is sent once, and never over an unencrypted connection unless the "
        "endpoint itself asks for one.\n\n"
        "Ctrl+S sends a real mail, Ctrl+T shows the whole dialogue for a ticket. Where "
        "another form of the endpoint works, its number takes it over.\n\n"
        "Esc stops a running test. A failed test does not lock you in: you can go on and write "
        "the settings anyway."
    ),
    N_(
        "The wizard connects exactly as the server will: same port, same encryption, same login, "
        "same sender. Nothing is delivered unless you ask for a real mail.\n\n"
        "The password is sent once, and never over an unencrypted connection unless the "
        "endpoint itself asks for one.\n\n"
        "Ctrl+C stops a running test. A failed test does not lock you in: you can go on and "
        "write the settings anyway."
    ),
)
MARKS = {
    StageOutcome.PASS: "✓",
    StageOutcome.WARN: "!",
    StageOutcome.FAIL: "✗",
    StageOutcome.SKIP: "-",
}
STAGES = {
    Stage.DNS: N_("Name"),
    Stage.TCP: N_("Connection"),
    Stage.TLS: N_("Encryption"),
    Stage.GREETING: N_("Greeting"),
    Stage.EHLO: "EHLO",
    Stage.STARTTLS: "STARTTLS",
    Stage.AUTH: N_("Login"),
    Stage.MAIL: N_("Sender"),
    Stage.RCPT: N_("Recipient"),
    Stage.RSET: N_("Reset"),
    Stage.DATA: N_("Message"),
    Stage.QUIT: N_("Goodbye"),
}
STOPPED = N_("! The test was stopped; nothing is proven.")
TO_WHOM = N_("Send a real mail with these settings. To whom?")
ADDRESS = N_("Address")
DETAILS = N_("Details")
ENDS = N_("Ends in {seconds:.0f} s at the latest.")
AGAIN, SEND, BACK = N_("Test again"), N_("Send a mail"), N_("Back")
GO_ON = N_("Go on")
GO_ON_ANYWAY = N_("Go on anyway")
GO_ON_UNTESTED = N_("Go on without a test")

_VERDICT_MARKS = {
    Verdict.PASS: "✓",
    Verdict.WARN: "!",
    Verdict.FAIL: "✗",
    Verdict.UNTESTABLE: "!",
}
_AFTER_TEST = frozenset({Stage.RSET, Stage.QUIT})
_OFFERS = {
    True: N_("takes over {endpoint} with STARTTLS: {words}"),
    False: N_("takes over {endpoint} without starttls: {words}"),
}


def verdict_in_words(verdict: Verdict) -> str:
    """Return the verdict as a marked sentence."""
    return f"{_VERDICT_MARKS[verdict]} {verdict.in_words}"


def route_of(session: WizardSession, draft: Draft) -> str:
    """Say where ``draft`` connects to; nothing if it is unusable."""
    try:
        return draft.settings(session.current).route.as_sentence()
    except InvalidValue:
        return ""


def explanation(report: TestReport) -> tuple[str, ...]:
    """Return what went wrong, what to do, the mail server's own words, and where that was seen."""
    diagnosis = report.diagnosis
    if diagnosis is None:
        return (report.remark,) if report.remark else ()
    lines = (diagnosis.summary, f"→ {diagnosis.remedy}", diagnosis.reply_sentence, report.remark)
    return tuple(filter(None, lines))


def offer(other: Alternative) -> str:
    """Say what choosing another form of the endpoint does; a number goes before it."""
    return _(_OFFERS[other.starttls], endpoint=other.endpoint, words=other.description)


def lines_to_show(stages: Sequence[StageFinished]) -> Sequence[StageFinished]:
    """Return the stages without the end of the test before a real mail, to fit on the screen."""
    if not stages or stages[-1].stage is not Stage.DATA:
        return stages
    return [
        event
        for event in stages
        if event.stage not in _AFTER_TEST or event.outcome is not StageOutcome.PASS
    ]


def recipient_for(draft: Draft) -> str:
    """Return the address to suggest for a real mail."""
    return draft.user if "@" in draft.user else ""


async def live_test_events(
    session: WizardSession, draft: Draft, recipient: str | None = None
) -> AsyncGenerator[Event, None]:
    """Test ``draft``, and remember the report; send a real mail to ``recipient``, if any.

    Closing the generator closes the connection; then nothing is remembered.
    """
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

"""Sixth step: the live test of a draft, and the words for what it meets."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from wizard.draft import Draft
from wizard.errors import InvalidValue
from wizard.flow.session import Session
from wizard.flow.step import Heading, Step
from wizard.probe.events import Alternative, Concluded, Event, Outcome, Report, Stage, Verdict
from wizard.probe.unconnected import unusable
from wizard.settings import Route, Security

_ABOUT = (
    "The wizard connects exactly as the server will: same port, same encryption, same login, "
    "same sender. Nothing is delivered unless you ask for a real mail.\n\n"
    "The password is sent once, and never over an unencrypted connection unless the "
    "endpoint itself asks for one.\n\n"
)
HEADING = Heading(
    Step.TEST,
    "Live test",
    f"{_ABOUT}Ctrl+S sends a real mail, Ctrl+T shows the whole dialogue for a ticket. Where "
    "another form of the endpoint works, its number takes it over.\n\n"
    "Esc stops a running test. A failed test does not lock you in: you can go on and write "
    "the settings anyway.",
    f"{_ABOUT}Ctrl+C stops a running test. A failed test does not lock you in: you can go on and "
    "write the settings anyway.",
)
MARKS = {Outcome.PASS: "✓", Outcome.WARN: "!", Outcome.FAIL: "✗", Outcome.SKIP: "-"}
STAGES = {
    Stage.DNS: "Name",
    Stage.TCP: "Connection",
    Stage.TLS: "Encryption",
    Stage.GREETING: "Greeting",
    Stage.EHLO: "EHLO",
    Stage.STARTTLS: "STARTTLS",
    Stage.AUTH: "Login",
    Stage.MAIL: "Sender",
    Stage.RCPT: "Recipient",
    Stage.RSET: "Reset",
    Stage.DATA: "Message",
    Stage.QUIT: "Goodbye",
}
VERDICTS = {
    Verdict.PASS: "✓ The server will be able to send its mails.",
    Verdict.WARN: "! The server will be able to send its mails, with a caveat.",
    Verdict.FAIL: "✗ The server will fail to send its mails.",
    Verdict.UNTESTABLE: "! This cannot be tested from here.",
}
STOPPED = "! The test was stopped; nothing is proven."
TO_WHOM = "Send a real mail with these settings. To whom?"
ADDRESS = "Address"
DETAILS = "Details"
ENDS = "Ends in {seconds:.0f} s at the latest."
AGAIN, SEND, BACK = "Test again", "Send a mail", "Back"
GO_ON, GO_ON_ANYWAY, GO_ON_UNTESTED = "Go on", "Go on anyway", "Go on without a test"

_ROUTES = {
    Security.TLS: "The server connects to {host}, port {port}, encrypted from the first byte "
    "(SMTPS).",
    Security.STARTTLS: "The server connects to {host}, port {port}, encrypted by STARTTLS before "
    "the login.",
    Security.NONE: "The server connects to {host}, port {port}, not encrypted.",
}
_SAID = "The mail server said: {words}"
_OFFERS = {
    True: "takes over {endpoint} with STARTTLS: {words}",
    False: "takes over {endpoint} without starttls: {words}",
}


def route_in_words(route: Route) -> str:
    """Say where the server connects to, as one sentence."""
    return _ROUTES[route.security].format(host=route.host, port=route.port)


def route_of(session: Session, draft: Draft) -> str:
    """Say where ``draft`` leads; nothing where it leads nowhere."""
    try:
        return route_in_words(draft.settings(session.current).route)
    except InvalidValue:
        return ""


def explanation(report: Report) -> tuple[str, ...]:
    """Return what went wrong, what to do, and the mail server's own words; nothing on a pass."""
    found = report.diagnosis
    if found is None:
        return ()
    said = (_SAID.format(words=found.server_said),) if found.server_said else ()
    return (found.summary, f"→ {found.remedy}", *said)


def offer(other: Alternative) -> str:
    """Say what the number in front of it does with another form of the endpoint."""
    return _OFFERS[other.starttls].format(endpoint=other.endpoint, words=other.words)


def recipient_for(draft: Draft) -> str:
    """Return the address to suggest for a real mail."""
    return draft.user if "@" in draft.user else ""


async def events(
    session: Session, draft: Draft, recipient: str | None = None
) -> AsyncGenerator[Event, None]:
    """Test ``draft``, and remember the report; with a ``recipient`` a real mail is sent there.

    Closing the generator closes the connection, and nothing is remembered.
    """
    try:
        settings = draft.settings(session.current)
    except InvalidValue as problem:
        report = unusable(problem, draft.endpoint)
        session.tested = draft, report
        yield Concluded(report)
        return
    probing = session.probe(settings, recipient=recipient, deliver=recipient is not None)
    async with aclosing(probing):
        async for event in probing:
            if isinstance(event, Concluded):
                session.tested = draft, event.report
            yield event

"""Sixth step: the live test as a checklist that fills while it runs."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Static

from wizard.errors import InvalidValue
from wizard.probe.events import (
    Concluded,
    Decided,
    Event,
    Finished,
    Outcome,
    Report,
    Stage,
    Started,
    Verdict,
)
from wizard.probe.evidence import ticket
from wizard.probe.unconnected import unusable
from wizard.tui.screens.address import AddressScreen
from wizard.tui.screens.page import PageScreen
from wizard.tui.session import Step
from wizard.tui.step import StepScreen
from wizard.tui.widgets.sentence import Sentence

_MARKS = {
    Outcome.PASS: ("✓", "$success"),
    Outcome.WARN: ("!", "$warning"),
    Outcome.FAIL: ("✗", "$error"),
    Outcome.SKIP: ("-", "dim"),
}
_NAMES = {
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
_VERDICTS = {
    Verdict.PASS: ("✓ The server will be able to send its mails.", "passed"),
    Verdict.WARN: ("! The server will be able to send its mails, with a caveat.", "warned"),
    Verdict.FAIL: ("✗ The server will fail to send its mails.", "failed"),
    Verdict.UNTESTABLE: ("! This cannot be tested from here.", "warned"),
}


class LiveTestScreen(StepScreen):
    """Runs the test at once, unless these very values were tested already."""

    STEP = Step.TEST
    TITLE_TEXT = "Live test"
    NEXT_LABEL = "Go on"
    HELP_TEXT = (
        "The wizard connects exactly as the server will: same port, same encryption, same login, "
        "same sender. Nothing is delivered unless you ask for a real mail.\n\n"
        "The password is sent once, and never over an unencrypted connection unless the "
        "endpoint itself asks for one.\n\n"
        "Ctrl+S sends a real mail, Ctrl+T shows the whole dialogue for a ticket. Where another "
        "form of the endpoint works, its number takes it over.\n\n"
        "Esc stops a running test. A failed test does not lock you in: you can go on and write "
        "the settings anyway."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "again", "Again"),
        Binding("ctrl+s", "send", "Send a mail"),
        Binding("ctrl+t", "details", "Details"),
        *(Binding(str(number), f"take({number})", show=False) for number in range(1, 10)),
    ]

    def compose_body(self) -> ComposeResult:
        """Verdict and remedy first, then the stages."""
        yield Sentence(id="verdict")
        yield Sentence(id="diagnosis")
        yield Sentence(id="alternatives")
        yield Sentence(id="route", classes="route")
        yield Static(id="stages", markup=False)

    def compose_buttons(self) -> ComposeResult:
        """Going on is named after what it means."""
        yield Button("Stop", id="next", variant="primary", compact=True)
        yield Button("Test again", id="again", compact=True)
        yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        """Show the report there is, or make one."""
        self._lines: list[Finished] = []
        self._started: tuple[Stage, float] | None = None
        self._begun = time.monotonic()
        self._testing = False
        self.set_interval(1.0, self._tick)
        report = self.session.report_for(self.draft)
        if report is None:
            self.action_again()
        else:
            self._conclude(report)

    def action_again(self) -> None:
        """Test once more."""
        self._test()

    def _test(self, recipient: str | None = None) -> None:
        self._lines, self._started, self._testing = [], None, True
        self._begun = time.monotonic()
        self._say("", "", "")
        self._label("Stop")
        self._paint()
        self._run(recipient)

    @work(exclusive=True)
    async def _run(self, recipient: str | None) -> None:
        try:
            settings = self.draft.settings(self.session.current)
        except InvalidValue as problem:
            self._finish(unusable(problem, self.draft.endpoint))
            return
        self.query_one("#route", Sentence).say(f"The server {settings.route.in_words()}.")
        probing = self.session.probe(settings, recipient=recipient, deliver=recipient is not None)
        async with aclosing(probing) as events:
            async for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Started(stage):
                self._started = stage, time.monotonic()
            case Finished():
                self._started = None
                self._lines.append(event)
            case Decided(verdict):
                self._say(_VERDICTS[verdict][0], "", _VERDICTS[verdict][1])
            case Concluded(report):
                self._finish(report)
                return
        self._paint()

    def _finish(self, report: Report) -> None:
        self.session.tested = self.draft, report
        self._conclude(report)

    def _conclude(self, report: Report) -> None:
        self._testing, self._started = False, None
        self._lines = list(report.stages)
        if report.route is not None:
            self.query_one("#route", Sentence).say(f"The server {report.route.in_words()}.")
        words, style = _VERDICTS[report.verdict]
        diagnosis = ""
        if report.diagnosis is not None:
            found = report.diagnosis
            diagnosis = f"{found.summary}\n→ {found.remedy}"
            if found.server_said:
                diagnosis += f"\nThe mail server said: {found.server_said}"
        self._say(words, diagnosis, style, "\n".join(_offers(report)))
        self._label("Go on anyway" if report.verdict is Verdict.FAIL else "Go on")
        self._paint()
        self.query_one("#back" if report.verdict is Verdict.FAIL else "#next", Button).focus()

    def _say(self, verdict: str, diagnosis: str, style: str, offers: str = "") -> None:
        self.query_one("#verdict", Sentence).set_classes(style)
        self.query_one("#verdict", Sentence).say(verdict)
        self.query_one("#diagnosis", Sentence).say(diagnosis)
        self.query_one("#alternatives", Sentence).say(offers)

    def _label(self, text: str) -> None:
        button = self.query_one("#next", Button)
        button.label = text
        button.refresh(layout=True)

    def _tick(self) -> None:
        if self._testing:
            self._paint()

    def _paint(self) -> None:
        lines = [_line(event) for event in self._lines]
        if self._started is not None:
            stage, since = self._started
            waited = time.monotonic() - since
            clock = f"{waited:.0f} s" if waited >= 1 else ""
            lines.append(Content(f"▸ {_NAMES[stage]:<11} {clock:>8}"))
        if self._testing:
            left = max(0.0, self.session.timeout - (time.monotonic() - self._begun))
            lines.append(Content.styled(f"Ends in {left:.0f} s at the latest. Esc stops.", "dim"))
        self.query_one("#stages", Static).update(Content("\n").join(lines))

    def action_next(self) -> None:
        """Stop a running test; else go on, whatever it said."""
        if self._testing:
            self._stop()
        else:
            super().action_next()

    def action_back(self) -> None:
        """Stop a running test; else go back."""
        if self._testing:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_node(self)
        self._testing, self._started = False, None
        self._say("! The test was stopped; nothing is proven.", "", "warned")
        self._label("Go on without a test")
        self._paint()

    def action_take(self, number: int) -> None:
        """Take over an alternative, and test it with the login."""
        report = self.session.report_for(self.draft)
        if self._testing or report is None or number > len(report.alternatives):
            return
        other = report.alternatives[number - 1]
        self.draft = replace(self.draft, endpoint=other.endpoint, starttls=other.starttls)
        self._test()

    def action_send(self) -> None:
        """Send a real mail with the values of this draft."""
        if not self._testing:
            user = self.draft.user if "@" in self.draft.user else ""
            self.app.push_screen(AddressScreen(user), self._send_to)

    def _send_to(self, recipient: str | None) -> None:
        if recipient is not None:
            self._test(recipient)

    def action_details(self) -> None:
        """Show everything that is known of the test, fit for a ticket."""
        report = self.session.report_for(self.draft)
        if not self._testing and report is not None:
            self.app.push_screen(PageScreen("Details", ticket(report)))

    def check(self, draft: object) -> dict[str, str]:
        """A failed test does not lock the operator in."""
        return {}

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Test again; the other buttons are those of every step."""
        if event.button.id == "again":
            event.stop()
            self.action_again()


def _offers(report: Report) -> list[str]:
    """Return what to press for each alternative, and what is known of it."""
    return [
        f"{number} takes over {other.endpoint} "
        f"{'with STARTTLS' if other.starttls else 'without starttls'}: {other.words}"
        for number, other in enumerate(report.alternatives, start=1)
    ]


def _line(event: Finished) -> Content:
    mark, style = _MARKS[event.outcome]
    return Content.assemble(
        (mark, style),
        f" {_NAMES[event.stage]:<11} {event.seconds * 1000:>5.0f} ms  ",
        Content(event.message),
    )

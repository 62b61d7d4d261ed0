"""The live test line by line, and what can be done about its result."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from enum import Enum, auto

from wizard.config.draft import Draft
from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.live_test.events import (
    Alternative,
    StageFinished,
    TestFinished,
    TestReport,
    VerdictReached,
)
from wizard.live_test.evidence import ticket
from wizard.live_test.failure import Verdict
from wizard.text.language import N_, _
from wizard.ui.plain.prompt import GoBack, Prompt
from wizard.ui.plain.terminal import InputInterrupted, LineTerminal
from wizard.ui.steps import live_test
from wizard.ui.steps.live_test import live_test_events
from wizard.ui.steps.model import Navigation
from wizard.ui.steps.session import WizardSession

_STAGE = "{mark} {stage}, {milliseconds:.0f} ms: {message}"
_STOPS = N_("Ctrl+C stops it.")


class _Action(Enum):
    """What can be done besides choosing another form of the endpoint."""

    GO_ON = auto()
    TEST_AGAIN = auto()
    SEND = auto()
    DETAILS = auto()
    BACK = auto()


class TestDialogue:
    """Tests at once, unless exactly these values were tested already."""

    __test__ = False  # for pytest

    def __init__(
        self,
        session: WizardSession,
        terminal: LineTerminal,
        prompt: Prompt,
        enter: Callable[[Draft], None],
    ) -> None:
        self._session = session
        self._terminal = terminal
        self._prompt = prompt
        self._enter = enter

    async def run(self, draft: Draft) -> Navigation:
        """Test and ask what to do, until the operator goes on or back."""
        self._enter(draft)
        report = self._session.report_for(draft)
        if report is None:
            report = await self._test(draft)
        else:
            self._terminal.say(live_test.verdict_in_words(report.verdict))
            self._explain(report)
        while True:
            action = await self._choose_action(report)
            match action:
                case _Action.GO_ON:
                    return Navigation.NEXT
                case _Action.BACK:
                    return Navigation.BACK
                case _Action.TEST_AGAIN:
                    report = await self._test(draft)
                case _Action.SEND:
                    recipient = await self._recipient(draft)
                    report = await self._test(draft, recipient) if recipient else report
                case _Action.DETAILS if report is not None:
                    self._terminal.say(ticket(report))
                case Alternative():
                    draft = replace(draft, endpoint=action.endpoint, starttls=action.starttls)
                    self._enter(draft)
                    report = await self._test(draft)

    async def _test(self, draft: Draft, recipient: str | None = None) -> TestReport | None:
        """Return the report; None if the test was stopped."""
        route = live_test.route_of(self._session, draft)
        if route:
            self._terminal.say(route)
            ends = _(live_test.ENDS, seconds=self._session.timeout)
            self._terminal.say(f"{ends} {_(_STOPS)}")
        try:
            await self._terminal.run(self._follow(draft, recipient))
        except InputInterrupted:
            self._terminal.say("\n" + _(live_test.STOPPED))
            return None
        return self._session.report_for(draft)

    async def _follow(self, draft: Draft, recipient: str | None) -> None:
        """Say each event as it comes, and the verdict before the last stages.

        A caveat is said only together with its explanation.
        """
        verdict_said = False
        async with aclosing(live_test_events(self._session, draft, recipient)) as events:
            async for event in events:
                match event:
                    case StageFinished():
                        self._terminal.say(_stage(event))
                    case VerdictReached(verdict) if verdict is not Verdict.WARN:
                        verdict_said = True
                        self._terminal.say(live_test.verdict_in_words(verdict))
                    case TestFinished(report):
                        if not verdict_said:
                            self._terminal.say(live_test.verdict_in_words(report.verdict))
                        self._explain(report)

    def _explain(self, report: TestReport) -> None:
        for line in live_test.explanation(report):
            self._terminal.say(line)

    async def _choose_action(self, report: TestReport | None) -> _Action | Alternative:
        options: list[tuple[str, _Action | Alternative]] = []
        if report is not None:
            options += [(live_test.offer(other), other) for other in report.alternatives]
        failed = report is not None and report.verdict is Verdict.FAIL
        go_on = live_test.GO_ON_ANYWAY if failed else live_test.GO_ON
        go_on = live_test.GO_ON_UNTESTED if report is None else go_on
        options.append((_(go_on), _Action.GO_ON))
        options.append((_(live_test.AGAIN), _Action.TEST_AGAIN))
        options.append((_(live_test.SEND), _Action.SEND))
        if report is not None:
            options.append((_(live_test.DETAILS), _Action.DETAILS))
        options.append((_(live_test.BACK), _Action.BACK))
        default = _Action.BACK if failed else _Action.GO_ON
        default = _Action.TEST_AGAIN if report is None else default
        try:
            return await self._prompt.choice(options, default)
        except GoBack:
            return _Action.BACK

    async def _recipient(self, draft: Draft) -> str | None:
        """Return where a real mail should go; None if the operator cancels."""
        default = live_test.recipient_for(draft)
        label = _(live_test.ADDRESS)
        question = f"{label} [{default}]: " if default else f"{label}: "
        self._terminal.say(_(live_test.TO_WHOM))
        while True:
            try:
                return check_recipient((await self._prompt.answer(question)).strip() or default)
            except InvalidValue as problem:
                self._terminal.say(f"✗ {problem.message} {problem.remedy}")
            except GoBack:
                return None


def _stage(event: StageFinished) -> str:
    return _STAGE.format(
        mark=live_test.MARKS[event.outcome],
        stage=_(live_test.STAGES[event.stage]),
        milliseconds=event.seconds * 1000,
        message=event.message,
    )

"""The live test line by line: its stages as they come, and the verdict when they are over."""

from __future__ import annotations

from contextlib import aclosing

from wizard.live_test.events import StageFinished, TestReport
from wizard.live_test.failure import Stage
from wizard.text.language import _
from wizard.ui.account import live_test
from wizard.ui.account.form import AccountForm
from wizard.ui.plain.terminal import InputInterrupted, LineTerminal


async def run_test(
    form: AccountForm, terminal: LineTerminal, recipient: str | None = None
) -> TestReport | None:
    """Test what the form shows; return None if that was stopped."""
    route = form.route
    if route is not None:
        words = _("Testing {host}, port {port}.", host=route.host, port=route.port)
        limit = _("{seconds:.0f} s at most, Ctrl+C stops it.", seconds=form.session.timeout)
        terminal.say(f"{words} {limit}")
    try:
        await terminal.run(_follow(form, terminal, recipient))
    except InputInterrupted:
        terminal.say()
        terminal.say(_(live_test.STOPPED))
        return None
    report = form.report
    if report is not None:
        _say_verdict(report, terminal)
    return report


async def _follow(form: AccountForm, terminal: LineTerminal, recipient: str | None) -> None:
    async with aclosing(live_test.live_test_events(form, recipient)) as events:
        async for event in events:
            if isinstance(event, StageFinished) and live_test.lines_to_show([event]):
                stage = f"{live_test.MARKS[event.outcome]} {event.stage.in_words}"
                if terminal.one_by_one or event.stage is Stage.DATA:
                    terminal.say(f"{stage}: {event.message}")
                else:
                    terminal.add(f"{stage}.")


def _say_verdict(report: TestReport, terminal: LineTerminal) -> None:
    code = "" if report.diagnosis is None else f" ({report.diagnosis.code})"
    if not code and report.remark:
        terminal.say(report.remark, "!")
    panel = live_test.result_panel(report)
    lines = [*live_test.cause_and_remedy(report)]
    terminal.say_panel(panel._replace(title=f"{panel.title}{code}.", lines=lines))

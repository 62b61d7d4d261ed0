"""``test``: test live what the server would use, or values given by flags."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import TextIO

from wizard.cli import output, values
from wizard.cli.output import say_nothing
from wizard.cli.terminal import OutputLine
from wizard.config.current import CurrentConfig, load_config, stranger_findings
from wizard.config.draft import Draft
from wizard.config.endpoint import Route
from wizard.config.layout import Layout, command_for, find_layout
from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.formats.urls import mask_url_password
from wizard.live_test.events import (
    Alternative,
    Event,
    StageFinished,
    StageOutcome,
    TestedFrom,
    TestFinished,
    TestReport,
    headline,
    not_configured_report,
    not_judged_report,
    obstacle_diagnosis,
    unusable_report,
)
from wizard.live_test.evidence import reply_for_strangers, reproduce, ticket
from wizard.live_test.failure import Diagnosis, Stage, Verdict
from wizard.live_test.run import run_live_test
from wizard.text.language import _, decimal

_USUAL = frozenset({Stage.EHLO, Stage.RSET, Stage.QUIT})
_FITS = 39
"""Characters of a line that must not wrap, on any terminal."""
EXIT = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.FAIL: 3, Verdict.UNTESTABLE: 7}
NAGIOS_EXIT = {
    Verdict.PASS: 0, Verdict.WARN: 1, Verdict.FAIL: 2, Verdict.UNTESTABLE: output.NAGIOS_UNKNOWN,
}  # fmt: skip


def run(options: Namespace) -> int:
    """Test; return the exit code of the verdict."""
    if options.to is not None:
        check_recipient(options.to)
    current = load_config(find_layout(options.config, options.env_file))
    current = current.with_container().with_stored()
    draft = values.apply_flags(Draft.of(current), options)
    nagios = options.format == "nagios"
    if nagios:
        options.no_alternatives = True  # nobody would read of them
    else:
        output.warn(stranger_findings(current))
    # Values that are only tried say nothing about the container.
    obstacle = None if values.values_given(options) else _obstacle(current)
    show: TestPrinter = TestPrinter(say_nothing)
    if options.format == "text" and not options.report:
        show = TerminalPrinter() if output.on_terminal() else TestPrinter(output.result)
    report = live_test(current, draft, options, show, obstacle)
    if nagios:
        return _print_for_nagios(report)
    if options.json:
        transcript = {"transcript": [str(line) for line in report.transcript]}
        output.document(report.to_json() | (transcript if options.transcript else {}))
    elif options.report:
        output.result(ticket(report).rstrip(), as_it_is=True)
    else:
        if options.transcript:
            output.result("\n".join(map(str, report.transcript)), as_it_is=True)
        if report.verdict is Verdict.FAIL and reproduce(report.at_fault):
            command = _report_command(options)
            show.remark(_("The whole dialogue, for a ticket: {command}", command=command))
    return EXIT[report.verdict]


def live_test(
    current: CurrentConfig,
    draft: Draft,
    options: Namespace,
    show: TestPrinter,
    obstacle: Diagnosis | None = None,
) -> TestReport:
    """Test ``draft`` live; ``show`` prints each stage and the verdict.

    An ``obstacle`` is what can be said before. Where it lets the server fail whatever the mail
    server says, no real mail is sent.
    """
    output.silence_libraries()
    if draft.delivers or current.view.smtp is not None:
        fails = obstacle is not None and obstacle.verdict is Verdict.FAIL
        report = asyncio.run(_test(current, draft, options, show, deliver=not fails))
        if obstacle is not None and (fails or report.verdict is Verdict.PASS):
            report = replace(report, verdict=obstacle.verdict, diagnosis=obstacle)
    else:
        report = not_configured_report(None if current.config.exists else current.config.path)
    show.verdict(report, current.layout)
    return report


def _print_for_nagios(report: TestReport) -> int:
    """Print the line of a Nagios plugin; return its exit code."""
    from wizard.cli.other_formats import nagios_line

    text, diagnosis = headline(report), report.diagnosis
    if diagnosis is not None:
        text = f"{text} ({diagnosis.code}). {diagnosis.summary}"
        if said := reply_for_strangers(report):
            text += " " + _("It said: {words}", words=said)
    elif report.route is not None:
        text = f"{text} ({report.route.in_short})"
    code = NAGIOS_EXIT[report.verdict]
    output.result(nagios_line(code, text, report.seconds), as_it_is=True)
    return code


def _obstacle(current: CurrentConfig) -> Diagnosis | None:
    """Return why the server does not start, or what is not certain of it; None if all is."""
    from wizard.check.config_rules import smtp_key_findings

    smtp = current.view.smtp
    if smtp is not None:
        for found in smtp_key_findings(current.config.path, smtp):
            return obstacle_diagnosis(found, Verdict.FAIL, _("server does not start"))
    container = current.container
    if container is None:
        return None
    from wizard.check.compose_rules import doubt_findings, start_findings

    for found in start_findings(container, current.smtp_references):
        return obstacle_diagnosis(found, Verdict.FAIL, _("server does not start"))
    for found in doubt_findings(container, current.smtp_references):
        return obstacle_diagnosis(found, Verdict.WARN, _("container not judged"))
    return None


async def _test(
    current: CurrentConfig,
    draft: Draft,
    options: Namespace,
    show: TestPrinter,
    *,
    deliver: bool,
) -> TestReport:
    if doubt := current.doubt(draft.user, draft.endpoint):
        return not_judged_report(doubt, draft.endpoint)
    try:
        settings = draft.settings(current)
    except InvalidValue as problem:
        return unusable_report(values.with_flag(problem.field, problem), draft.endpoint)
    show.route(settings.route)
    recipient, place = getattr(options, "to", None), getattr(options, "place", None)
    events = run_live_test(
        settings,
        timeout=options.timeout,
        recipient=recipient,
        deliver=deliver and recipient is not None,
        alternatives=not getattr(options, "no_alternatives", False),
        container=current.container,
        place=None if place is None else TestedFrom(place),
    )
    report = await _follow(events, show)
    if current.container is None:
        return report
    from wizard.live_test.relay import RelayTest  # only where there are other services

    test = RelayTest.of(current.container, settings)
    if test is None:
        return report
    tested = None
    if test.settings is not None:
        way = test.settings.route.in_words()
        show.sentence(_("The relay {name} {way}.", name=test.relay.service, way=way))
        tested = await _follow(test.run(options.timeout, report.place), show)
    elif test.problem is None:
        show.sentence(
            _(
                "How the relay {name} logs in is not known here, so that was not tested. Look into "
                "its log after the first mail: docker compose logs {quoted}",
                name=test.relay.service,
                quoted=shlex.quote(test.relay.service),
            )
        )
    return test.merge(report, tested)


async def _follow(events: AsyncGenerator[Event, None], show: TestPrinter) -> TestReport:
    """Show each stage; return the report."""
    async for event in events:
        if isinstance(event, StageFinished):
            show.stage(event)
        elif isinstance(event, TestFinished):
            report = event.report
    return report


class TestPrinter:
    """Prints a test line by line, for pipes and logs."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def route(self, route: Route) -> None:
        """Say where the test leads."""
        self._show(route.as_sentence())

    def stage(self, event: StageFinished) -> None:
        """Say how a stage has ended."""
        self._show(stage_line(event))

    def sentence(self, text: str) -> None:
        """Say something about the test as a whole."""
        self._show(text)

    def remark(self, text: str) -> None:
        """Say something that belongs to the verdict."""
        self._show(text)

    def verdict(self, report: TestReport, layout: Layout) -> None:
        """Say what the test has come to, and what to do about it."""
        for line in verdict_lines(report, layout):
            self._show(line)


class TerminalPrinter(TestPrinter):
    """Prints a test on a terminal: ``stream``, or else stdout."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(lambda text: self._print(OutputLine(text)))
        self._stream = stream

    def _print(self, *lines: OutputLine) -> None:
        output.show_lines(lines, self._stream)

    def route(self, route: Route) -> None:
        """Say host, port and encryption."""
        self._print(OutputLine(f"{route.host}, {route.way}"))

    def stage(self, event: StageFinished) -> None:
        """Print a stage with its time at the right; what is usual around them is left out."""
        if event.stage in _USUAL and event.outcome is StageOutcome.PASS:
            return
        width = max(len(stage.in_words) for stage in Stage)
        name, took = event.stage.in_words, _("{time:.0f} ms", time=event.seconds * 1000)
        head = f"{name:<{max(width, 12)}} "
        self._print(OutputLine(event.message, event.outcome, took, margin="  ", head=head))

    def remark(self, text: str) -> None:
        """Print a sentence below the verdict."""
        self._print(OutputLine(text, margin="  "))

    def verdict(self, report: TestReport, layout: Layout) -> None:
        """Print the verdict with its code, cause and remedy below it."""
        diagnosis = report.diagnosis
        mark = "warn" if report.verdict is Verdict.UNTESTABLE else report.verdict.value
        code = (
            _("{seconds} s", seconds=decimal(report.seconds))
            if diagnosis is None
            else diagnosis.code
        )
        lines = [OutputLine(headline(report), mark, code)]
        if diagnosis is not None:
            lines.append(OutputLine(diagnosis.summary, margin="  "))
            lines.append(OutputLine(diagnosis.remedy, "remedy", margin="  "))
            if diagnosis.server_said:
                said = _("It said: {words}", words=diagnosis.server_said)
                lines.append(OutputLine(said, margin="  "))
        if report.remark:
            lines.append(OutputLine(report.remark, margin="  "))
        for other in report.alternatives:
            words = _("Another way works: {way}.", way=other.way)
            lines.append(OutputLine(words, other.verdict.value, margin="  "))
            if other.details:
                lines.append(OutputLine(other.details, margin="    "))
            command = _set_command(other, layout)
            lines.append(OutputLine(command, "remedy", margin="    ", as_it_is=True))
        if report.stages:
            lines.insert(0, OutputLine())
        self._print(*lines)


class _SetPrinter(TerminalPrinter):
    """Prints a test before a write: in one line, unless the operator has to read more of it."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._waiting: list[OutputLine] = []

    def _print(self, *lines: OutputLine) -> None:
        self._waiting += lines

    def route(self, route: Route) -> None:
        """Say what the program is waiting for; what is printed next takes its place."""
        super().route(route)
        if os.environ.get("TERM", "dumb") != "dumb":
            text = _("Testing {host} …", host=route.host)
            sys.stderr.write(f"{text[:_FITS]}\r")
            sys.stderr.flush()

    def verdict(self, report: TestReport, layout: Layout) -> None:
        """Print the verdict, and what has led to it where that matters."""
        if report.verdict in (Verdict.PASS, Verdict.WARN) and report.route is not None:
            route = report.route
            words = _(
                "{verdict}: {host}, port {port}, tested in {seconds} s",
                verdict=report.verdict.in_words.removesuffix("."),
                host=route.host,
                port=route.port,
                seconds=decimal(report.seconds),
            )
            self._waiting = [OutputLine(words, report.verdict.value)]
        else:
            super().verdict(report, layout)
        if os.environ.get("TERM", "dumb") != "dumb":
            sys.stderr.write("\x1b[K")
        output.show_lines(self._waiting, sys.stderr)


def printer_of_set(options: Namespace) -> TestPrinter:
    """Return what prints the test of a command that writes afterwards; all goes to stderr."""
    if options.json:
        return TestPrinter(say_nothing)
    return _SetPrinter() if output.on_terminal(errors=True) else TestPrinter(output.say)


def stage_line(event: StageFinished) -> str:
    """Return one stage of the test as a line of text."""
    mark = output.symbols()[event.outcome]
    return f"{mark} {event.stage:<9} {event.seconds * 1000:>6.0f} ms  {event.message}"


def verdict_lines(report: TestReport, layout: Layout) -> list[str]:
    """Return the verdict, and what to do about it if it is not a pass."""
    lines = [report.verdict.in_words]
    diagnosis = report.diagnosis
    if diagnosis is not None:
        lines += [f"{diagnosis.summary} ({diagnosis.code})", diagnosis.remedy]
        if diagnosis.reply_sentence:
            lines.append(diagnosis.reply_sentence)
    if report.remark:
        lines.append(report.remark)
    for other in report.alternatives:
        lines.append(_("Another form: {words}", words=other.description))
        lines.append(f"  {_set_command(other, layout)}")
    return lines


def _set_command(other: Alternative, layout: Layout) -> str:
    flag = "--starttls" if other.starttls else "--no-starttls"
    return command_for(layout, "set", "--endpoint", other.endpoint, flag)


def _report_command(options: Namespace) -> str:
    """Return the command that makes a report of the same test."""
    words = ["smtp-wizard", "test"]
    for flag in ("config", "env_file", "user", "endpoint", "secret_file", "secret_env"):
        if (value := getattr(options, flag)) is not None:
            words += [f"--{flag.replace('_', '-')}", mask_url_password(str(value))]
    if options.starttls is not None:
        words.append("--starttls" if options.starttls else "--no-starttls")
    words += ["--secret-stdin"] if options.secret_stdin else []
    words += ["--no-secret"] if options.no_secret else []
    words += ["--from", options.place] if options.place else []
    return shlex.join([*words, "--report"])

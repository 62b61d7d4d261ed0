"""``test``: test live what the server would use, or values given by flags."""

from __future__ import annotations

import asyncio
import shlex
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from wizard.cli import output, values
from wizard.cli.output import say_nothing
from wizard.config.current import CurrentConfig, load_config, stranger_findings
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.config.settings import check_recipient
from wizard.errors import InvalidValue
from wizard.live_test.events import (
    Alternative,
    Event,
    StageFinished,
    TestedFrom,
    TestFinished,
    TestReport,
    compose_diagnosis,
    not_configured_report,
    not_judged_report,
    unusable_report,
)
from wizard.live_test.evidence import reproduce, ticket
from wizard.live_test.failure import Diagnosis, Verdict
from wizard.live_test.run import run_live_test
from wizard.text.language import _

EXIT = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.FAIL: 3, Verdict.UNTESTABLE: 7}


def run(options: Namespace) -> int:
    """Test; return the exit code of the verdict."""
    if options.to is not None:
        check_recipient(options.to)
    current = load_config(find_layout(options.config, options.env_file))
    current = current.with_container().with_stored()
    draft = values.apply_flags(Draft.of(current), options)
    output.warn(stranger_findings(current))
    silent = options.json or options.report
    # Values that are only tried say nothing about the container.
    obstacle = None if values.values_given(options) else _obstacle(current)
    show = say_nothing if silent else output.result
    report = live_test(current, draft, options, show, obstacle)
    if options.json:
        transcript = {"transcript": [str(line) for line in report.transcript]}
        output.document(report.to_json() | (transcript if options.transcript else {}))
    elif options.report:
        output.result(ticket(report).rstrip(), as_it_is=True)
    else:
        for line in _evidence(report, options):
            output.result(line)
    return EXIT[report.verdict]


def live_test(
    current: CurrentConfig,
    draft: Draft,
    options: Namespace,
    show: Callable[[str], None],
    obstacle: Diagnosis | None = None,
) -> TestReport:
    """Test ``draft`` live; ``show`` prints each stage and the verdict.

    An ``obstacle`` is what can be said before. Where it lets the server fail whatever the mail
    server says, no real mail is sent.
    """
    output.silence_libraries()
    if draft.delivers:
        fails = obstacle is not None and obstacle.verdict is Verdict.FAIL
        report = asyncio.run(_test(current, draft, options, show, deliver=not fails))
        if obstacle is not None and (fails or report.verdict is Verdict.PASS):
            report = replace(report, verdict=obstacle.verdict, diagnosis=obstacle)
    else:
        report = not_configured_report()
    for line in verdict_lines(report):
        show(line)
    return report


def _obstacle(current: CurrentConfig) -> Diagnosis | None:
    """Return why Compose does not start the server, or what is not certain; None if all is."""
    container = current.container
    if container is None:
        return None
    from wizard.check.compose_rules import doubt_findings, start_findings

    for found in start_findings(container, current.smtp_references):
        return compose_diagnosis(found, Verdict.FAIL, _("server does not start"))
    for found in doubt_findings(container, current.smtp_references):
        return compose_diagnosis(found, Verdict.WARN, _("container not judged"))
    return None


async def _test(
    current: CurrentConfig,
    draft: Draft,
    options: Namespace,
    show: Callable[[str], None],
    *,
    deliver: bool,
) -> TestReport:
    if doubt := current.doubt(draft.user, draft.endpoint):
        return not_judged_report(doubt, draft.endpoint)
    try:
        settings = draft.settings(current)
    except InvalidValue as problem:
        return unusable_report(values.with_flag(problem.field, problem), draft.endpoint)
    show(settings.route.as_sentence())
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
        show(_("The relay {name} {way}.", name=test.relay.service, way=way))
        tested = await _follow(test.run(options.timeout, report.place), show)
    elif test.problem is None:
        show(
            _(
                "How the relay {name} logs in is not known here, so that was not tested. Look into "
                "its log after the first mail: docker compose logs {quoted}",
                name=test.relay.service,
                quoted=shlex.quote(test.relay.service),
            )
        )
    return test.merge(report, tested)


async def _follow(events: AsyncGenerator[Event, None], show: Callable[[str], None]) -> TestReport:
    """Show each stage; return the report."""
    async for event in events:
        if isinstance(event, StageFinished):
            show(stage_line(event))
        elif isinstance(event, TestFinished):
            report = event.report
    return report


def stage_line(event: StageFinished) -> str:
    """Return one stage of the test as a line of text."""
    mark = output.symbols()[event.outcome]
    return f"{mark} {event.stage:<9} {event.seconds * 1000:>6.0f} ms  {event.message}"


def verdict_lines(report: TestReport) -> list[str]:
    """Return the verdict, and what to do about it if it is not a pass."""
    lines = [report.verdict.in_words]
    diagnosis = report.diagnosis
    if diagnosis is not None:
        lines += [f"{diagnosis.summary} ({diagnosis.code})", diagnosis.remedy]
        if diagnosis.reply_sentence:
            lines.append(diagnosis.reply_sentence)
    if report.remark:
        lines.append(report.remark)
    lines += [line for other in report.alternatives for line in _alternative_lines(other)]
    return lines


def _alternative_lines(other: Alternative) -> tuple[str, str]:
    flag = "--starttls" if other.starttls else "--no-starttls"
    command = f"  smtp-wizard set --endpoint {shlex.quote(other.endpoint)} {flag}"
    return _("Another form: {words}", words=other.description), command


def _evidence(report: TestReport, options: Namespace) -> list[str]:
    lines = [str(line) for line in report.transcript] if options.transcript else []
    failed = report.at_fault
    if failed.verdict is Verdict.FAIL and reproduce(failed):
        lines += [_("By hand:"), *(f"  {command}" for command in reproduce(failed))]
    return lines

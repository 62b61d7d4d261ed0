"""Every server of the catalogue gets its verdict, in time, and leaves only printable text."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import pytest
import trustme

from tests.live_test import scripts
from tests.live_test.catalogue import CASES, Case, outcome, play
from tests.live_test.servers import HOST, Run, Serve
from wizard.live_test.events import MOST_LINES, Event, StageFinished, TestReport
from wizard.text.redaction import encodings_of

SLACK = 30.0
"""Seconds; how late a busy machine may be."""


def texts(value: object) -> Iterator[str]:
    """Yield every text in a JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from texts(item)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_verdict(case: Case, catalogue_authority: trustme.CA) -> None:
    # Some of these servers make asyncio's TLS complain about what its peer does.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    events: list[Event] = []
    report = await play(case, catalogue_authority, events)
    assert outcome(report) == case.expected
    assert report.seconds < case.deadline + SLACK
    assert_printable(report)
    assert report.stages == tuple(event for event in events if isinstance(event, StageFinished))
    for form in encodings_of(case.password, [case.user]) if case.password else ():
        assert form not in repr(report) + repr(events)


def assert_printable(report: TestReport) -> None:
    shown = [*texts(report.to_json()), *(line.text for line in report.transcript)]
    assert [text for text in shown if not text.isprintable()] == []
    assert len(report.transcript) <= MOST_LINES + 1
    assert max(map(len, shown)) <= 1000


class Counted:
    """A script's writer that counts what goes through."""

    def __init__(self, writer: scripts.Writer) -> None:
        self._writer = writer
        self.written = 0

    def write(self, data: bytes) -> None:
        self._writer.write(data)
        self.written += len(data)

    async def drain(self) -> None:
        await self._writer.drain()


@pytest.mark.parametrize(
    "script",
    [scripts.long_line, scripts.endless_greeting, scripts.flood_after_greeting],
    ids=lambda script: script.__name__,
)
@pytest.mark.parametrize("tls", [True, False])
async def test_a_flood_is_not_buffered(serve: Serve, run: Run, script: object, tls: bool) -> None:
    counted: list[Counted] = []

    async def play(reader: scripts.Reader, writer: scripts.Writer) -> None:
        counted.append(Counted(writer))
        await script(reader, counted[-1])  # type: ignore[operator]  # as much of a writer as it uses

    async with serve(play, tls=tls) as port:
        report = await run(port, HOST if tls else "smtp://localhost")
    assert report.verdict == "fail"
    # Most of what was written is in the buffers of the system, which are a few megabytes.
    assert counted[0].written < 30_000_000

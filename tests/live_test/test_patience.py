"""Silence at any stage, and an operator who does not want to wait."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from contextlib import aclosing

import pytest

from tests.live_test.servers import Run, Serve, run_to_end, verdict
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SmtpSettings
from wizard.live_test.events import Event, StageStarted
from wizard.live_test.failure import Stage
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.network import Network

SILENT = {
    "greeting": {"GREETING": ""},
    "ehlo": {"EHLO": ""},
    "starttls": {"STARTTLS": ""},
    "auth": {"AUTH": ""},
    "mail": {"MAIL": ""},
    "rcpt": {"RCPT": ""},
}


class TimeRunsOut(list[Event]):
    """Takes events, and leaves half a second of a minute when a stage begins.

    Without a stage it does so when a mail server, to whom :meth:`silence` is an answer, is asked.
    """

    def __init__(self, stage: str, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self._begun = StageStarted(Stage(stage)) if stage else None
        self._patch = patch

    def append(self, event: Event) -> None:
        super().append(event)
        if event == self._begun:
            self.silence()

    def silence(self) -> str:
        loop = asyncio.get_running_loop()
        now = loop.time
        self._patch.setattr(loop, "time", lambda: now() + 59.5)
        return ""


@pytest.mark.parametrize("stage", [*SILENT, "tls"])
async def test_silence_ends_at_the_deadline_and_names_the_stage(
    serve: Serve, run: Run, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = TimeRunsOut(stage, monkeypatch)
    answers = SILENT.get(stage, {"GREETING": ""})
    smtps = stage == "tls"
    async with serve(answers) as port:
        report = await run(
            port, starttls=not smtps, timeout=60, recipient="a@example.net", events=events
        )
    expected = ("fail", "timeout", "tls") if smtps else ("untestable", "slow", stage)
    assert verdict(report) == expected
    assert report.stages[-1].stage == stage
    assert report.diagnosis is not None
    assert smtps or "--timeout" in report.diagnosis.remedy


async def test_a_reply_that_trickles_in_does_not_move_the_deadline(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = TimeRunsOut("ehlo", monkeypatch)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        while True:
            writer.write(b"250-more\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serve(play) as port:
        report = await run(port, "smtp://localhost", timeout=60, events=events)
    assert verdict(report) == ("untestable", "slow", "ehlo")


async def test_an_endless_reply_is_not_collected_for_ever(serve: Serve, run: Run) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 60_000)
            await writer.drain()

    async with serve(play) as port:
        report = await run(port, "smtp://localhost")
    assert report.diagnosis is not None
    assert report.diagnosis.code == "not-a-mail-server"


CANCELLED = [
    *("tcp", "tls", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "quit"),
]
AT_ONCE = 30.0
"""Seconds; a fifth of one is the aim, but the machine may be busy; the test's own limit is 60."""


@pytest.mark.parametrize("how", ["cancel", "close"])
@pytest.mark.parametrize("stage", CANCELLED)
async def test_cancelling_leaves_no_socket_no_task_and_no_complaint(
    serve: Serve, network: Callable[[int], Network], stage: str, how: str
) -> None:
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    answers = {stage.upper(): ""} if stage not in {"tcp", "tls"} else {"GREETING": ""}
    settings = SmtpSettings(
        "you@example.org", Endpoint.parse("mail.example.org"), stage != "tls", Secret("password")
    )
    async with serve(answers) as port:
        known = asyncio.all_tasks()
        through = network(port)
        reached = asyncio.Event()

        async def consume() -> None:
            test = run_live_test(
                settings,
                network=through,
                timeout=60,
                recipient="a@example.net",
                deliver=True,
            )
            async with aclosing(test) as stream:
                async for event in stream:
                    if event == StageStarted(Stage(stage)):
                        reached.set()
                        if how == "close":
                            return

        consumer = asyncio.create_task(consume())
        await reached.wait()
        if how == "cancel":
            await asyncio.sleep(0.02)  # into the middle of the stage
            consumer.cancel()
        began = loop.time()
        with contextlib.suppress(asyncio.CancelledError):
            await consumer
        assert loop.time() - began < AT_ONCE
        sockets = getattr(through, "sockets", [])
        assert [sock.fileno() for sock in sockets] == [-1] * len(sockets)
        ours = [task for task in asyncio.all_tasks() - known if "connected" not in repr(task)]
        assert ours == []
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_cancelling_the_fetch_of_the_certificate_closes_it_too(
    serve: Serve, network: Callable[[int], Network]
) -> None:
    looked = asyncio.Event()

    class Script:
        """Stays silent, and reports the second connection."""

        calls = 0

        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            self.calls += 1
            if self.calls == 2:
                looked.set()
            await reader.read()
            await asyncio.Event().wait()

    settings = SmtpSettings("you@example.org", Endpoint.parse("smtp://localhost"))
    async with serve(Script()) as port:
        through = network(port)

        consumer = asyncio.create_task(run_to_end(settings, through, seconds=60))
        await looked.wait()
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        sockets = getattr(through, "sockets", [])
        assert len(sockets) >= 2
        assert {sock.fileno() for sock in sockets} == {-1}

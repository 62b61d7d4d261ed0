"""What a real process writes into its log when config.toml changes, and what is made of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.server.conftest import (
    LOG,
    SECRET,
    Docker,
    StartServer,
    composed,
    load,
    standalone,
)
from wizard.config.draft import Draft
from wizard.saving.plan import Plan, make_plan
from wizard.server.log import LogReader
from wizard.server.next_steps import NextStep, StepKind
from wizard.server.reload import (
    ReloadOutcome,
    ReloadResult,
    ReloadWatch,
    observe_server,
    reload_message,
    watch_reload,
)

LONG = 60.0
"""Seconds; what is waited for comes long before."""


def prepare(config: Path, **environ: str) -> tuple[ReloadWatch, Plan]:
    now = load(config, **environ)
    draft = replace(Draft.of(now), user="other@example.org")
    plan = make_plan(now, draft)
    watch = watch_reload(observe_server(now), draft, plan)
    assert watch is not None
    return watch, plan


@pytest.mark.parametrize("manner", ["append", "rotate", "truncate", "late", "noise"])
async def test_reload_is_noticed_however_the_log_is_kept(
    tmp_path: Path, start_server: StartServer, manner: str
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), manner)
    watch, plan = prepare(config)
    plan.apply()
    outcome = await replace(watch, timeout=LONG).outcome()
    assert outcome.result is ReloadResult.RELOADED


async def test_last_verdict_counts_where_the_file_was_read_half_written(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "torn")
    watch, plan = prepare(config)
    plan.apply()
    outcome = await replace(watch, timeout=LONG, settle_time=3.0).outcome()
    assert outcome.result is ReloadResult.RELOADED


async def test_refusal_comes_with_its_reason_and_without_what_it_quotes(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "refuse")
    watch, plan = prepare(config)
    plan.apply()
    outcome = await replace(watch, timeout=LONG).outcome()
    assert outcome.result is ReloadResult.REFUSED
    assert outcome.words == (
        "Failed to parse config file: TOML parse error at line 5, column 1; "
        'invalid type: string "********", expected a boolean'
    )
    undo = NextStep(f"smtp-wizard -c {config} undo", StepKind.COMMAND)
    assert undo in reload_message(outcome, watch).steps


async def test_reload_in_a_container_is_noticed(
    tmp_path: Path, docker: Docker, start_server: StartServer
) -> None:
    config = composed(tmp_path)
    start_server(config, docker.log, "append")
    watch, plan = prepare(config, PATH=docker.path)
    plan.apply()
    outcome = await replace(watch, timeout=LONG).outcome()
    assert outcome.result is ReloadResult.RELOADED


@pytest.mark.parametrize(
    ("manner", "result"),
    [
        ("works", ReloadResult.SILENT),
        ("hangs", ReloadResult.SILENT),
        ("stopped", ReloadResult.ENDED),
        ("no-daemon", ReloadResult.UNREADABLE),
        ("denied", ReloadResult.UNREADABLE),
        ("no-service", ReloadResult.UNREADABLE),
    ],
)
async def test_docker_that_tells_nothing(
    tmp_path: Path, docker: Docker, manner: str, result: ReloadResult
) -> None:
    docker.behave(manner)
    watch, _ = prepare(composed(tmp_path), PATH=docker.path)
    timeout = 0.5 if result is ReloadResult.SILENT else LONG
    assert (await replace(watch, timeout=timeout).outcome()).result is result


@pytest.mark.parametrize(
    ("more", "result"),
    [("", ReloadResult.SILENT), ('level = "warn"', ReloadResult.QUIET)],
    ids=["level unset", "level warn"],
)
async def test_silence_means_more_where_the_level_shows_reloads(
    tmp_path: Path, start_server: StartServer, more: str, result: ReloadResult
) -> None:
    config = standalone(tmp_path, LOG + more)
    log = config.with_name("server.log")
    start_server(config, log, "silent")
    watch, plan = prepare(config)
    plan.apply()
    watch = replace(watch, timeout=0.5)
    outcome = await watch.outcome()
    assert outcome.result is result
    read_log = NextStep(f"tail -n 20 {log}", StepKind.COMMAND)
    assert read_log in reload_message(outcome, watch).steps


async def test_what_was_said_before_the_write_does_not_count(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "append")  # begins with an old reload
    watch, _ = prepare(config)
    assert (await replace(watch, timeout=0.5).outcome()).result is ReloadResult.SILENT


async def test_time_limit_holds_while_a_log_grows_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = standalone(tmp_path)
    watch, _plan = prepare(config)
    size = 64 << 20
    config.with_name("server.log").write_bytes(b"\n" * size)
    times = []

    class Timed(LogReader):
        def feed(self, data: bytes) -> None:
            times.append(asyncio.get_running_loop().time())
            super().feed(data)

    monkeypatch.setattr("wizard.server.reload.LogReader", Timed)
    limit = asyncio.timeout(0.5)
    monkeypatch.setattr(asyncio, "timeout", {0.5: limit}.__getitem__)
    assert (await replace(watch, timeout=0.5).outcome()).result is ReloadResult.SILENT
    assert len(times) < size >> 16
    end = limit.when()
    assert end is not None
    assert sum(time > end for time in times) <= 5, "the chunks that were on their way"


async def test_cancelling_takes_no_time_even_when_docker_hangs(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("hangs")
    watch, _ = prepare(composed(tmp_path), PATH=docker.path)
    waiting = asyncio.ensure_future(replace(watch, timeout=LONG).outcome())
    await asyncio.sleep(0.2)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=LONG / 2)
    assert waiting.cancelled()


def test_every_outcome_has_a_message_without_placeholders(tmp_path: Path) -> None:
    watch, _ = prepare(standalone(tmp_path, LOG + 'level = "error"'))
    for result in ReloadResult:
        message = reload_message(ReloadOutcome(result, "why"), watch)
        assert bool(message.verdict) is (result is not ReloadResult.UNREADABLE)
        assert "{" not in "".join((*message.verdict, *map(str, message.steps)))


def test_nothing_of_the_secret_is_in_a_repr(tmp_path: Path) -> None:
    watch, _ = prepare(standalone(tmp_path))
    assert SECRET not in repr(watch)

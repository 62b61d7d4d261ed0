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
    listening = watch_reload(observe_server(now), draft, plan)
    assert listening is not None
    return listening, plan


@pytest.mark.parametrize("manner", ["append", "rotate", "truncate", "late", "noise"])
async def test_reload_is_heard_however_the_log_is_kept(
    tmp_path: Path, start_server: StartServer, manner: str
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), manner)
    listening, plan = prepare(config)
    plan.apply()
    outcome = await replace(listening, seconds=LONG).outcome()
    assert outcome.heard is ReloadResult.RELOADED


async def test_last_word_counts_where_the_file_was_read_half_written(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "torn")
    listening, plan = prepare(config)
    plan.apply()
    outcome = await replace(listening, seconds=LONG, settles=3.0).outcome()
    assert outcome.heard is ReloadResult.RELOADED


async def test_refusal_is_heard_with_its_reason_and_without_what_it_quotes(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "refuse")
    listening, plan = prepare(config)
    plan.apply()
    outcome = await replace(listening, seconds=LONG).outcome()
    assert outcome.heard is ReloadResult.REFUSED
    assert outcome.words == (
        "Failed to parse config file: TOML parse error at line 5, column 1; "
        'invalid type: string "********", expected a boolean'
    )
    assert f"$ smtp-wizard -c {config} undo" in reload_message(outcome, listening).steps


async def test_reload_is_heard_from_a_container(
    tmp_path: Path, docker: Docker, start_server: StartServer
) -> None:
    config = composed(tmp_path)
    start_server(config, docker.log, "append")
    listening, plan = prepare(config, PATH=docker.path)
    plan.apply()
    outcome = await replace(listening, seconds=LONG).outcome()
    assert outcome.heard is ReloadResult.RELOADED


@pytest.mark.parametrize(
    ("manner", "heard"),
    [
        ("works", ReloadResult.SILENT),
        ("hangs", ReloadResult.SILENT),
        ("stopped", ReloadResult.ENDED),
        ("no-daemon", ReloadResult.UNREADABLE),
        ("denied", ReloadResult.UNREADABLE),
        ("no-service", ReloadResult.UNREADABLE),
    ],
)
async def test_docker_that_does_not_help(
    tmp_path: Path, docker: Docker, manner: str, heard: ReloadResult
) -> None:
    docker.behave(manner)
    listening, _ = prepare(composed(tmp_path), PATH=docker.path)
    seconds = 0.5 if heard is ReloadResult.SILENT else LONG
    assert (await replace(listening, seconds=seconds).outcome()).heard is heard


@pytest.mark.parametrize(
    ("more", "heard"), [("", ReloadResult.SILENT), ('level = "warn"', ReloadResult.QUIET)]
)
async def test_silence_means_more_where_the_level_lets_a_reload_be_told(
    tmp_path: Path, start_server: StartServer, more: str, heard: ReloadResult
) -> None:
    config = standalone(tmp_path, LOG + more)
    log = config.with_name("server.log")
    start_server(config, log, "silent")
    listening, plan = prepare(config)
    plan.apply()
    listening = replace(listening, seconds=0.5)
    outcome = await listening.outcome()
    assert outcome.heard is heard
    assert f"$ tail -n 20 {log}" in reload_message(outcome, listening).steps


async def test_what_was_said_before_the_write_does_not_count(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path)
    start_server(config, config.with_name("server.log"), "append")  # begins with an old reload
    listening, _ = prepare(config)
    assert (await replace(listening, seconds=0.5).outcome()).heard is ReloadResult.SILENT


async def test_cancelling_takes_no_time_even_when_docker_hangs(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("hangs")
    listening, _ = prepare(composed(tmp_path), PATH=docker.path)
    waiting = asyncio.ensure_future(replace(listening, seconds=LONG).outcome())
    await asyncio.sleep(0.2)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=LONG / 2)
    assert waiting.cancelled()


def test_every_outcome_has_words_that_hold_no_placeholder(tmp_path: Path) -> None:
    listening, _ = prepare(standalone(tmp_path, LOG + 'level = "error"'))
    for heard in ReloadResult:
        words = reload_message(ReloadOutcome(heard, "why"), listening)
        assert bool(words.heard) is (heard is not ReloadResult.UNREADABLE)
        assert "{" not in "".join((*words.heard, *words.steps))


def test_nothing_of_the_secret_is_in_a_repr(tmp_path: Path) -> None:
    listening, _ = prepare(standalone(tmp_path))
    assert SECRET not in repr(listening)

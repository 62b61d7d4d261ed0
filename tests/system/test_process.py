"""A child process leaves nothing behind, and costs no more than its caller allows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wizard.system.process import (
    ChildOutputTooLong,
    ChildTimeout,
    run_child,
    run_child_async,
    run_tool,
    stream_child,
)

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
PATIENCE = 20
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(60)
def test_closing_the_loop_never_waits_for_a_child_that_is_starting() -> None:
    """Python 3.11's own way of starting a child waits forever when it is cancelled half-way."""

    async def leave(turns: int) -> None:
        task = asyncio.ensure_future(run_child_async(SLEEPS, b"", {}, 60))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert not task.done()

    for turns in range(20):
        asyncio.run(leave(turns))


async def test_deadline_holds_in_the_background() -> None:
    with pytest.raises(ChildTimeout):
        await run_child_async(SLEEPS, b"", {}, 0.2)


# What a child has started ends with it, although it has ended by itself


def _descendant() -> tuple[str, str]:
    """Return a command that runs for long, and what marks it."""
    mark = f"310.{secrets.randbelow(10**9):09}"
    return f"sleep {mark}", mark


def test_a_descendant_ends_with_its_leader() -> None:
    sleeps, mark = _descendant()
    result = run_child(["sh", "-c", f"{sleeps} >/dev/null 2>&1 & echo started"], b"", os.environ)
    assert result.output == b"started\n"
    assert _ends(mark)


async def test_a_descendant_of_a_streamed_child_ends_with_its_leader() -> None:
    sleeps, mark = _descendant()
    command = ["sh", "-c", f"{sleeps} >/dev/null 2>&1 & echo started"]
    async with stream_child(command, os.environ, {}) as process:
        assert await process.wait() == 0
        assert _begins(mark)
    assert _ends(mark)


def test_a_descendant_that_holds_the_output_is_not_waited_for(tmp_path: Path) -> None:
    sleeps, mark = _descendant()
    result = run_tool(["sh", "-c", f"{sleeps} & echo started"], tmp_path, os.environ, 300)
    assert result.output == b"started\n"
    assert _ends(mark)


def test_what_a_thread_still_waits_for_ends_with_the_program() -> None:
    sleeps, mark = _descendant()
    code = (
        "import os, pathlib, threading, time; from wizard.system import process\n"
        f"run = lambda: process.run_tool({sleeps.split()}, pathlib.Path('/'), os.environ, 300)\n"
        "threading.Thread(target=run, daemon=True).start()\n"
        "while not process._running: time.sleep(0.01)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True)
    assert _ends(mark)


def test_another_process_that_has_got_the_same_number_is_left_alone() -> None:
    """A stand-in: the number of a running process, as if the child had ended before."""
    from wizard.system.process import _kill

    with subprocess.Popen(SLEEPS, start_new_session=True) as process:
        _kill(process.pid, 0)
        time.sleep(0.1)
        assert process.poll() is None
        process.kill()


# A tool that acts in the operator's place


def test_a_tool_has_the_directory_and_the_environment_of_the_operator(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///nowhere"}
    result = run_tool(["sh", "-c", 'pwd; echo "$DOCKER_HOST"; cat'], tmp_path, environ)
    assert result.output.decode() == f"{tmp_path}\nunix:///nowhere\n"
    assert result.code == 0


def test_a_tools_reason_is_kept_and_its_output_shown_by_nothing(tmp_path: Path) -> None:
    script = "echo the value; echo 'the reason' >&2; exit 14"
    result = run_tool(["sh", "-c", script], tmp_path, os.environ)
    assert (result.code, result.output, result.errors) == (14, b"the value\n", b"the reason\n")
    assert "value" not in repr(result)
    assert "reason" not in repr(result)


def test_a_tool_that_hangs_ends_with_all_that_it_has_started(tmp_path: Path) -> None:
    sleeps, mark = _descendant()
    with pytest.raises(ChildTimeout):
        run_tool(["sh", "-c", f"{sleeps} & {sleeps}"], tmp_path, os.environ, 0.5)
    assert _ends(mark)


def test_a_tool_that_closes_its_output_and_hangs_meets_the_deadline(tmp_path: Path) -> None:
    sleeps, mark = _descendant()
    with pytest.raises(ChildTimeout):
        run_tool(["sh", "-c", f"exec >&- 2>&-; {sleeps}"], tmp_path, os.environ, 0.5)
    assert _ends(mark)


def test_a_tool_that_never_ends_its_output_is_stopped_by_its_length(tmp_path: Path) -> None:
    with pytest.raises(ChildOutputTooLong):
        run_tool(["cat", "/dev/zero"], tmp_path, os.environ, 300)


def test_output_of_exactly_the_limit_is_taken(tmp_path: Path) -> None:
    command = ["head", "-c", "300000", "/dev/zero"]
    assert len(run_tool(command, tmp_path, os.environ, limit=300_000).output) == 300_000
    with pytest.raises(ChildOutputTooLong):
        run_tool(command, tmp_path, os.environ, limit=299_999)


def test_only_the_end_of_what_a_tool_complains_is_kept(tmp_path: Path) -> None:
    script = "head -c 3000000 /dev/zero >&2; echo 'the reason' >&2; exit 1"
    result = run_tool(["sh", "-c", script], tmp_path, os.environ, 300)
    assert result.errors.endswith(b"\0the reason\n")
    assert len(result.errors) == 64 << 10


def test_endless_complaints_meet_the_deadline(tmp_path: Path) -> None:
    with pytest.raises(ChildTimeout):
        run_tool(["sh", "-c", "cat /dev/zero >&2"], tmp_path, os.environ, 0.5)


def test_a_tool_runs_as_another_account_without_further_groups(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may become another account")
    script = "id -u; id -G"
    result = run_tool(["sh", "-c", script], Path("/"), os.environ, user=1234, group=4321)
    assert result.output == b"1234\n4321\n"


def test_a_tool_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        run_tool(["/nowhere/docker"], tmp_path, os.environ)


def _is_running(mark: str) -> bool:
    """Whether any process has ``mark`` on its command line."""
    found = False
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found |= mark.encode() in process.read_bytes()
    return found


def _begins(mark: str) -> bool:
    """Whether the process is there; while it replaces the shell, its command line is empty."""
    return _within_patience(lambda: _is_running(mark))


def _ends(mark: str) -> bool:
    """Whether the process goes; one that was killed takes a moment."""
    return _within_patience(lambda: not _is_running(mark))


def _within_patience(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met

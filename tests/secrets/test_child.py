"""A child process never outlives the one that started it."""

from __future__ import annotations

import asyncio
import sys

import pytest

from wizard.system.process import ChildTimeout, run_child_async

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


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

"""Blocking calls beside the event loop that do not hold up the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(function: Callable[[], T]) -> T:
    """Run ``function`` in a daemon thread; return its result or raise its exception.

    For what cannot be interrupted, such as the resolver: the loop's own executor would wait for
    it before the program ends.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # T may itself allow None

    def work() -> None:
        result, error = None, None
        try:
            result = function()
        except Exception as caught:  # noqa: BLE001  (raised again where it is awaited)
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, daemon=True, name="background").start()
    return await future

"""A mail server that answers as a scenario says, in a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread

from tests.live_test.certificates import good
from tests.live_test.servers import Answers, serving

ANSWERS: Mapping[str, Answers] = {
    "accepts anybody": {},
    "greylisting": {"RCPT": "450 4.2.0 <you@example.org>: Recipient address rejected: Greylisted"},
    "block list": {
        "RCPT": "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example"
    },
    "broken": {"RCPT": "451 4.3.5 Server configuration error"},
    "never greets": {"GREETING": ""},
}
"""What a server's name in a scenario means; see :func:`tests.live_test.servers.answering`."""


@contextmanager
def scripted(name: str, *, tls: bool = True) -> Iterator[int]:
    """Run the server; yield its port. The certificate is for mail.example.org."""
    ready: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve() -> None:
        over = asyncio.Event()
        async with serving(ANSWERS[name], good(), tls=tls) as port:
            ready.put((port, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=asyncio.run, args=(serve(),), name=name, daemon=True)
    thread.start()
    port, loop, over = ready.get(timeout=10)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)

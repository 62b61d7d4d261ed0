"""Asks everybody who may know about the mail server of an address, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any

from wizard.discovery import sentences
from wizard.discovery.by_autoconfig import by_autoconfig
from wizard.discovery.by_dns import by_mx, by_srv
from wizard.discovery.dns import SystemRecords
from wizard.discovery.domain import domain_of
from wizard.discovery.guess import by_guess
from wizard.discovery.known import recognise
from wizard.discovery.records import Records
from wizard.discovery.suggestion import Answer, Found, Source, ranked
from wizard.probe.network import Network, SystemNetwork

DEFAULT_SECONDS = 5.0


async def discover(
    address: str,
    *,
    network: Network | None = None,
    records: Records | None = None,
    seconds: float = DEFAULT_SECONDS,
    ask_anyway: bool = False,
) -> AsyncGenerator[Found, None]:
    """Yield the picture so far, whole and ranked, each time that it changes; the last is `over`.

    The first comes at once, the last within ``seconds``. A provider that is known by the domain is
    the only answer, without any network, unless ``ask_anyway``. Raises
    :class:`wizard.errors.InvalidValue` for what is no mail address. Cancelling the consumer, or
    closing the generator (``contextlib.aclosing``), closes all connections at once.
    """
    domain = domain_of(address)
    known = recognise(address)
    told = {} if known is None else {Source.DOMAIN: Answer((known,))}
    if known is not None and not ask_anyway:
        yield _picture(domain, told, ())
        return
    questions = _questions(address, domain, network or SystemNetwork(), records or SystemRecords())
    tasks = {asyncio.create_task(ask): source for source, ask in questions.items()}
    deadline = asyncio.get_running_loop().time() + seconds
    pending = set(tasks)
    try:
        yield _picture(domain, told, tuple(tasks.values()))
        while pending:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            done, pending = await asyncio.wait(
                pending, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            told |= {tasks[task]: task.result() for task in done}
            if not done or _enough(told, {tasks[task] for task in pending}):
                break
            if pending:
                yield _picture(domain, told, tuple(s for t, s in tasks.items() if t in pending))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late = tuple(source for source in tasks.values() if source not in told)
    yield _picture(domain, told, (), late)


def _questions(
    address: str, domain: str, network: Network, records: Records
) -> Mapping[Source, Coroutine[Any, Any, Answer]]:
    return {
        Source.MX: by_mx(address, domain, records),
        Source.SRV: by_srv(domain, records),
        Source.AUTOCONFIG: by_autoconfig(address, domain, network),
        Source.GUESS: by_guess(domain, network),
    }


def _enough(told: Mapping[Source, Answer], pending: set[Source]) -> bool:
    """Whether all that is still missing are guesses, and somebody knows better."""
    return pending <= {Source.GUESS} and any(answer.suggestions for answer in told.values())


def _picture(
    domain: str,
    told: Mapping[Source, Answer],
    pending: tuple[Source, ...],
    late: tuple[Source, ...] = (),
) -> Found:
    suggestions = ranked([found for answer in told.values() for found in answer.suggestions])
    remarks = [remark for answer in told.values() for remark in answer.remarks]
    if late and not any(found.usable for found in suggestions):
        remarks += sentences.given_up(domain, late)
    return Found(domain, suggestions, pending, tuple(dict.fromkeys(remarks)))

"""Asks everybody who may know about the mail server of an address, all at once.

Hosts with usual names. Nothing is sent to them: they are only connected to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any

from wizard.config.settings import Route, Security
from wizard.discovery import sentences
from wizard.discovery.autoconfig import by_autoconfig
from wizard.discovery.dns import Records, SystemRecords, by_mx, by_srv
from wizard.discovery.offers import AdvertisedServer, suggest_by_domain, suggestions_from
from wizard.discovery.suggestion import (
    DiscoverySource,
    SearchState,
    SourceResult,
    domain_of,
    ranked_suggestions,
)
from wizard.system.network import Network, SystemNetwork, connect_first

DEFAULT_SECONDS = 5.0


async def discover(
    address: str,
    *,
    network: Network | None = None,
    records: Records | None = None,
    seconds: float = DEFAULT_SECONDS,
    ask_anyway: bool = False,
) -> AsyncGenerator[SearchState, None]:
    """Yield the picture so far, whole and ranked, each time that it changes; the last is `over`.

    The first comes at once, the last within ``seconds``. A provider that is known by the domain is
    the only answer, without any network, unless ``ask_anyway``. Raises
    :class:`wizard.errors.InvalidValue` for what is no mail address. Cancelling the consumer, or
    closing the generator (``contextlib.aclosing``), closes all connections at once.
    """
    domain = domain_of(address)
    known = suggest_by_domain(address)
    told = {} if known is None else {DiscoverySource.DOMAIN: SourceResult((known,))}
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
) -> Mapping[DiscoverySource, Coroutine[Any, Any, SourceResult]]:
    return {
        DiscoverySource.MX: by_mx(address, domain, records),
        DiscoverySource.SRV: by_srv(domain, records),
        DiscoverySource.AUTOCONFIG: by_autoconfig(address, domain, network),
        DiscoverySource.GUESS: by_guess(domain, network),
    }


def _enough(told: Mapping[DiscoverySource, SourceResult], pending: set[DiscoverySource]) -> bool:
    """Whether all that is still missing are guesses, and somebody knows better."""
    return pending <= {DiscoverySource.GUESS} and any(
        answer.suggestions for answer in told.values()
    )


def _picture(
    domain: str,
    told: Mapping[DiscoverySource, SourceResult],
    pending: tuple[DiscoverySource, ...],
    late: tuple[DiscoverySource, ...] = (),
) -> SearchState:
    suggestions = ranked_suggestions(
        [found for answer in told.values() for found in answer.suggestions]
    )
    remarks = [remark for answer in told.values() for remark in answer.remarks]
    if late and not any(found.usable for found in suggestions):
        remarks += sentences.given_up(domain, late)
    return SearchState(domain, suggestions, pending, tuple(dict.fromkeys(remarks)))


_NAMES = ("smtp", "mail")
_PORTS = {465: Security.TLS, 587: Security.STARTTLS}
"""The better one first."""
_PATIENCE = 0.5
"""Seconds that an address has left once another one of the same name has answered."""


async def by_guess(domain: str, network: Network) -> SourceResult:
    """Suggest each host with a usual name once, in its best form.

    A host that accepts connections on the port of SMTPS comes before those that do not.
    """
    routes = [
        Route(f"{name}.{domain}", port, security)
        for port, security in _PORTS.items()
        for name in _NAMES
    ]
    accepted = await asyncio.gather(*(_accepts(route, network) for route in routes))
    best: dict[str, Route] = {}
    for route, yes in zip(routes, accepted, strict=True):
        if yes:
            best.setdefault(route.host, route)
    answers = [
        suggestions_from(
            DiscoverySource.GUESS,
            domain,
            sentences.guessed(route.host, route.port),
            [AdvertisedServer(route)],
        )
        for route in best.values()
    ]
    return SourceResult(tuple(found for each in answers for found in each.suggestions))


async def _accepts(route: Route, network: Network) -> bool:
    try:
        addresses = await network.resolve(route.host, route.port)
        if not addresses:
            return False
        connected = await connect_first(network, addresses, _PATIENCE)
    except (OSError, UnicodeError):  # a label may be too long for the resolver
        return False
    connected.sock.close()
    return True

"""Asks every source about the mail server of an address, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any

from wizard.config.endpoint import Route, Security
from wizard.discovery import sentences
from wizard.discovery.autoconfig import by_autoconfig, by_directory
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
    even_if_known: bool = False,
) -> AsyncGenerator[SearchState, None]:
    """Yield everything found so far, ranked, each time it changes; the last state is `finished`.

    The first comes at once, the last within ``seconds``. If the provider is known by the domain,
    nobody is asked, unless ``even_if_known``. Raises :class:`wizard.errors.InvalidValue` if
    ``address`` is not a mail address. Cancelling the consumer, or closing the generator
    (``contextlib.aclosing``), closes all connections at once.
    """
    domain = domain_of(address)
    known = suggest_by_domain(address)
    results = {} if known is None else {DiscoverySource.DOMAIN: SourceResult((known,))}
    if known is not None and not even_if_known:
        yield _state(domain, results, ())
        return
    queries = _queries(address, domain, network or SystemNetwork(), records or SystemRecords())
    tasks = {asyncio.create_task(query): source for source, query in queries.items()}
    deadline = asyncio.get_running_loop().time() + seconds
    pending = set(tasks)
    try:
        yield _state(domain, results, tuple(tasks.values()))
        while pending:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            done, pending = await asyncio.wait(
                pending, timeout=left, return_when=asyncio.FIRST_COMPLETED
            )
            results |= {tasks[task]: task.result() for task in done}
            if not done or _is_enough(results, {tasks[task] for task in pending}):
                break
            if pending:
                yield _state(domain, results, tuple(s for t, s in tasks.items() if t in pending))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late = tuple(source for source in tasks.values() if source not in results)
    yield _state(domain, results, (), late)


async def ask_directory(
    address: str,
    found: SearchState,
    *,
    network: Network | None = None,
    seconds: float = DEFAULT_SECONDS,
) -> SearchState:
    """Return ``found`` together with what Mozilla's directory says about its domain.

    The directory learns the domain, so this is only for an operator who has chosen it.
    """
    source = DiscoverySource.DIRECTORY
    try:
        async with asyncio.timeout(seconds):
            result = await by_directory(address, found.domain, network or SystemNetwork())
    except TimeoutError:
        result = SourceResult(remarks=tuple(sentences.unanswered(found.domain, (source,))))
    suggestions = ranked_suggestions([*found.suggestions, *result.suggestions])
    remarks = tuple(dict.fromkeys([*found.remarks, *result.remarks]))
    return SearchState(found.domain, suggestions, remarks=remarks)


def _queries(
    address: str, domain: str, network: Network, records: Records
) -> Mapping[DiscoverySource, Coroutine[Any, Any, SourceResult]]:
    return {
        DiscoverySource.MX: by_mx(address, domain, records),
        DiscoverySource.SRV: by_srv(domain, records),
        DiscoverySource.AUTOCONFIG: by_autoconfig(address, domain, network),
        DiscoverySource.GUESS: by_guess(domain, network),
    }


def _is_enough(
    results: Mapping[DiscoverySource, SourceResult], pending: set[DiscoverySource]
) -> bool:
    """Whether only guesses are missing, and another source has suggestions."""
    return pending <= {DiscoverySource.GUESS} and any(
        result.suggestions for result in results.values()
    )


def _state(
    domain: str,
    results: Mapping[DiscoverySource, SourceResult],
    pending: tuple[DiscoverySource, ...],
    late: tuple[DiscoverySource, ...] = (),
) -> SearchState:
    suggestions = ranked_suggestions(
        [found for result in results.values() for found in result.suggestions]
    )
    remarks = [remark for result in results.values() for remark in result.remarks]
    if late and not any(found.usable for found in suggestions):
        remarks += sentences.unanswered(domain, late)
    return SearchState(domain, suggestions, pending, tuple(dict.fromkeys(remarks)))


_NAMES = ("smtp", "mail")
_PORTS = {465: Security.TLS, 587: Security.STARTTLS}
"""The better one first."""
_PATIENCE = 0.5
"""Seconds that an earlier address has left once a later one of the same name has answered."""


async def by_guess(domain: str, network: Network) -> SourceResult:
    """Suggest hosts with usual names that accept connections, each once with its best port.

    Nothing is sent to them. Those that accept SMTPS come first.
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
    results = [
        suggestions_from(
            DiscoverySource.GUESS,
            domain,
            sentences.guessed(route.host, route.port),
            [AdvertisedServer(route)],
        )
        for route in best.values()
    ]
    return SourceResult(tuple(found for each in results for found in each.suggestions))


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

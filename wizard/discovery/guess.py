"""Hosts with usual names. Nothing is sent to them: they are only connected to."""

from __future__ import annotations

import asyncio

from wizard.config.settings import Route, Security
from wizard.discovery import sentences
from wizard.discovery.offers import Offer, answer
from wizard.discovery.suggestion import Answer, Source
from wizard.probe.network import Network
from wizard.system.network import connect_first

_NAMES = ("smtp", "mail")
_PORTS = {465: Security.TLS, 587: Security.STARTTLS}
"""The better one first."""
_PATIENCE = 0.5
"""Seconds that an address has left once another one of the same name has answered."""


async def by_guess(domain: str, network: Network) -> Answer:
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
        answer(Source.GUESS, domain, sentences.guessed(route.host, route.port), [Offer(route)])
        for route in best.values()
    ]
    return Answer(tuple(found for each in answers for found in each.suggestions))


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

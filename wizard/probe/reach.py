"""From a host name to a connection, with what stands in the way told apart."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from wizard.config.settings import Route, is_container_name, is_loopback
from wizard.live_test.failure import Cause, Failure, Stage
from wizard.live_test.tls import words_of
from wizard.probe.network import Address, Network
from wizard.probe.step import Failed
from wizard.system.network import Connected, connect_first
from wizard.text.display import printable

_PATIENCE = 2.0
"""Seconds that an address has left once another one has answered."""
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


async def resolve(network: Network, route: Route, compose: bool) -> Sequence[Address]:
    """Return the addresses of the route's host, at least one; raise :class:`Failed`.

    ``compose``: the server runs in a container, to which loopback is itself, and which may know
    names that this machine does not.
    """
    if compose and is_loopback(route.host):
        raise Failed(Failure(Stage.DNS, Cause.CONTAINER_INTERNAL))
    try:
        addresses = await network.resolve(route.host, route.port)
    except socket.gaierror as error:
        text = printable(error.strerror or "")
        if compose and is_container_name(route.host):
            cause = Cause.CONTAINER_INTERNAL
        elif error.errno in _NO_SUCH_NAME:
            cause = Cause.NAME_UNKNOWN
        else:
            cause = Cause.RESOLVER_DOWN
        raise Failed(Failure(Stage.DNS, cause, text=text)) from error
    if not addresses:
        raise Failed(Failure(Stage.DNS, Cause.NAME_UNKNOWN))
    return addresses


async def connect(network: Network, addresses: Sequence[Address]) -> Connected:
    """Connect to the address that the server would use.

    Raises :class:`Failed`, or :class:`TimeoutError` where the system has waited long enough.
    """
    try:
        return await connect_first(network, addresses, _PATIENCE)
    except TimeoutError:
        raise
    except OSError as error:
        refused = isinstance(error, ConnectionRefusedError)
        cause = Cause.CONNECTION_REFUSED if refused else Cause.UNREACHABLE
        raise Failed(Failure(Stage.TCP, cause, text=words_of(error))) from error

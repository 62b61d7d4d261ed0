"""Which service a host name means in the server's container, and whether it can be reached.

Measured with Docker Engine 20.10 and Compose 2.40: on a network of a project, a container is found
by the names of its service and of itself, its aliases there, and its host name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from wizard.compose.container import Container, Model


class Obstacle(Enum):
    """Why a host name leads the server's container nowhere."""

    UNKNOWN = auto()
    """No service has that name."""
    APART = auto()
    """The services have no network in common."""
    HOST_NETWORK = auto()
    """The server uses the host's network, where nobody knows the names of services."""


class Peer(NamedTuple):
    """Who answers to a host name; ``service`` is empty where it is no service of the project."""

    service: str = ""
    obstacle: Obstacle | None = None
    shared: bool = False
    """Whether the containers of other projects can be on the server's networks as well."""


def find_peer(container: Container, host: str) -> Peer | None:
    """Return who answers to ``host`` in the server's container; None where that cannot be told."""
    host, services = host.lower(), container.services
    if container.refusal or container.not_judged or host in map(str.lower, container.extra_hosts):
        return None
    mode, own = _network(services, container.service)
    if mode not in ("", "none", "bridge", "host"):
        return None
    apart = ""
    for name, model in services.items():
        other_mode, networks = _network(services, name)
        if not _is_called(host, name, model, networks, container.model):
            continue
        if name == container.service:
            return Peer(name)
        if other_mode not in ("", "none", "bridge", "host") or name != _owner(services, name):
            return None
        if any(
            host in _aliases(networks[each]) or _is_called(host, name, model, {}, container.model)
            for each in own.keys() & networks.keys()
        ):
            return Peer(name)
        apart = apart or name
    if mode == "host":
        return Peer(apart, Obstacle.HOST_NETWORK) if apart else None
    shared = not container.external_networks.isdisjoint(own)
    return Peer(apart, Obstacle.APART if apart else Obstacle.UNKNOWN, shared)


def is_alone(container: Container) -> bool:
    """Whether ``localhost`` in the server's container is the server and nobody else."""
    services, service = container.services, container.service
    if container.refusal or container.not_judged or _network(services, service)[0] not in _OWN:
        return False
    return all(_owner(services, name) != service for name in services if name != service) and (
        _owner(services, service) == service
    )


_OWN = ("", "none", "bridge")


def _owner(services: Mapping[str, Model], name: str) -> str:
    """Return the service whose network a service uses, which is mostly its own."""
    for _step in services:
        kind, _sign, other = str(services.get(name, {}).get("network_mode") or "").partition(":")
        if kind != "service":
            break
        name = other
    return name


def _network(services: Mapping[str, Model], name: str) -> tuple[str, Mapping[str, Any]]:
    """Return ``network_mode`` (empty for networks of the project) and the networks by name."""
    model = services.get(_owner(services, name), {})
    mode = str(model.get("network_mode") or "")
    networks = model.get("networks")
    if mode:
        return mode, {}
    if not networks:
        return "", {"default": None}
    return "", networks if isinstance(networks, dict) else dict.fromkeys(networks)


def _is_called(
    host: str, name: str, model: Model, networks: Mapping[str, Any], server: Model
) -> bool:
    own = (name, model.get("container_name"), model.get("hostname"))
    links = (str(each).partition(":") for each in server.get("links") or ())
    linked = (alias for target, _sign, alias in links if target == name)
    aliases = (alias for each in networks.values() for alias in _aliases(each))
    if host in (str(each).lower() for each in (*own, *linked, *aliases) if each):
        return True
    # What Compose calls a container that has no other name: PROJECT-SERVICE-1.
    return re.fullmatch(rf".+[-_]{re.escape(name.lower())}[-_]\d+", host) is not None


def _aliases(network: Any) -> Iterator[str]:
    found = network.get("aliases") if isinstance(network, dict) else None
    yield from (str(each).lower() for each in found or ())

"""Where the live test is made from: this machine, or the network of the server's container."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wizard.config.endpoint import is_ip_address, is_loopback
from wizard.live_test.events import TestedFrom
from wizard.system.background import run_in_thread
from wizard.system.network import Network, SystemNetwork
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.compose.running import RunningContainer
    from wizard.system.namespace import NamespaceNetwork

_SOME_CONTAINER_ID = "4f5e6d7c8b9a"
"""What a container is called that has no ``hostname:`` and does not exist yet. Docker takes the
first twelve hex digits of its id; what a mail server makes of such a name is what will happen."""
_DNS_SECONDS = 2.0
"""For the DNS of Compose, which is on this machine."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a live test is made from, and what is different where the server is."""

    network: Network
    place: TestedFrom = TestedFrom.HOST
    in_container: bool = False
    """Whether the server runs in a container, with a trust store of its own."""
    names_differ: bool = False
    """Whether ``localhost`` and names without a dot mean something else here than to the server."""
    only_inside: frozenset[str] = frozenset()
    """Names that mean something else besides, in lower case."""
    ehlo_name: str | None = None
    """The name with which the server introduces itself; None if it is this machine's."""
    remark: str = ""
    """Where the test was made from, and how to make it inside; empty if there is but one place."""


class NotInside(Exception):
    """The test cannot be made from inside the container: a reason, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@contextlib.asynccontextmanager
async def take_standpoint(
    container: Container | None, place: TestedFrom | None, network: Network | None = None
) -> AsyncIterator[Standpoint]:
    """Go where the server runs, as far as that is possible and wanted, until the context ends.

    ``place`` is None for the container where that is possible, else this machine. A ``network``
    stands in for this machine's; nobody looks for a container then. Raises :class:`NotInside`.
    """
    if container is None:
        if place is TestedFrom.CONTAINER:
            raise NotInside(
                _("the server does not run in a container here."),
                _("Leave out --from container, or name the right config.toml with --config."),
            )
        yield Standpoint(network or SystemNetwork())
        return
    if network is not None:
        yield _on_host(container, network, container.hostname or _SOME_CONTAINER_ID, "")
        return
    running: RunningContainer | None = None
    inside: NamespaceNetwork | None = None
    obstacle: NotInside | None = None
    remark = _("Tested from this machine, as asked, not from inside the container.")
    try:
        running = await run_in_thread(partial(_find, container))
        if place is not TestedFrom.HOST:
            inside = _enter(running, container.asked)
    except NotInside as error:
        obstacle = error
    if obstacle is not None and await _shares_network(container):
        yield _beside(container)  # whatever was asked for: there is no other place
        return
    if obstacle is not None and place is not TestedFrom.HOST:
        remark = _outside(obstacle, place)
    name = container.hostname or (running.hostname if running else _SOME_CONTAINER_ID)
    if inside is None:
        extra_hosts = SystemNetwork(container.extra_hosts)
        yield _on_host(container, extra_hosts, name, remark)
        return
    with inside:
        yield Standpoint(
            inside,
            TestedFrom.CONTAINER,
            in_container=True,
            ehlo_name=name,
            remark=_("Tested from inside the container of {service}.", service=container.service),
        )


async def _shares_network(container: Container) -> bool:
    """Whether the wizard itself runs in a container, with the network of the server's."""
    from wizard.compose.running import shares_network

    if not container.service:
        return False
    looked = run_in_thread(partial(shares_network, container.service))
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(looked, _DNS_SECONDS)
    return False


def _beside(container: Container) -> Standpoint:
    return Standpoint(
        SystemNetwork(),
        TestedFrom.CONTAINER,
        in_container=True,
        ehlo_name=container.hostname or socket.gethostname(),  # Docker gives both the same name
        remark=_("Tested in the network of the container of {service}.", service=container.service),
    )


def _on_host(container: Container, network: Network, name: str, remark: str) -> Standpoint:
    shared = container.model.get("network_mode") == "host"
    names = {
        *container.services,
        *(
            name
            for name, ip in container.extra_hosts.items()
            if not is_ip_address(ip) or is_loopback(ip)  # host-gateway, or the container itself
        ),
    }
    return Standpoint(
        network,
        in_container=True,
        names_differ=not shared,
        only_inside=frozenset() if shared else frozenset(map(str.lower, names)),
        ehlo_name=None if shared else name,
        remark="" if shared else remark,
    )


def _outside(error: NotInside, place: TestedFrom | None) -> str:
    """Return what to say of a test from this machine; raise where the container was asked for."""
    if place is TestedFrom.CONTAINER:
        raise error
    return _(
        "Seen from this machine, not from inside the container: {reason} {remedy}",
        reason=error.reason,
        remedy=error.remedy,
    )


def _find(container: Container) -> RunningContainer:
    from wizard.compose.running import (
        ContainerNotRunning,
        ContainerUnknown,
        DaemonNotRunning,
        find_running,
        no_answer,
    )

    if container.refusal and not container.service:
        raise NotInside(
            _("Docker Compose starts nothing."), _("Correct the compose file, then test again.")
        )
    if not container.service:
        raise NotInside(
            _("no service in the compose file is the server."),
            _("Check its image in the compose file."),
        )
    project = container.project
    tools = ("podman",) if container.asked.startswith("podman") else ("docker", "podman")
    try:
        if container.no_answer_from:
            raise no_answer(container.no_answer_from)
        return find_running(
            container.service, (project.directory, project.base), project.environ, tools
        )
    except (DaemonNotRunning, ContainerNotRunning) as unknown:
        if container.lacks_plugin:  # which starting the service needs
            raise NotInside(
                _("the docker command here lacks its Compose plugin."),
                _("Install that, start the service with it, then test again."),
            ) from None
        raise NotInside(unknown.reason, unknown.remedy) from None
    except ContainerUnknown as unknown:
        raise NotInside(unknown.reason, unknown.remedy) from None


def _enter(running: RunningContainer, tool: str) -> NamespaceNetwork:
    """Return the container's network; raise :class:`NotInside`."""
    from wizard.system.namespace import NamespaceNetwork

    if os.geteuid() != 0 and tool.startswith("podman"):  # root does not see it
        raise NotInside(
            _("the network of this account's own containers cannot be entered."),
            _("Have the server send a mail: bomnipotent_client test-email ADDRESS."),
        )
    if os.geteuid() != 0:
        raise NotInside(
            _("only root may enter its network."), _("Run the test with sudo to enter it.")
        )
    try:
        return NamespaceNetwork(running.pid, running.identifier)
    except PermissionError:
        raise NotInside(
            _("this machine lets nobody enter its network."),
            _("Run the test outside of the container or sandbox that it runs in now."),
        ) from None
    except OSError:
        raise NotInside(
            _("its process is not on this machine."),
            _("Run the test on the machine with the container."),
        ) from None

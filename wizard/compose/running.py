"""Whether the container of a service is running, and which process it is."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from wizard.system.network import Address, is_own
from wizard.system.process import (
    ChildOutputTooLong,
    ChildResult,
    ChildTimeout,
    run_tool,
)
from wizard.text.language import _

_SECONDS = 4.0
"""For both questions together: the operator waits for five seconds at most."""
_MOST_OUTPUT = 1 << 20
_MOST_CONTAINERS = 50
_SERVICE = "com.docker.compose.service"
_DIRECTORY = "com.docker.compose.project.working_dir"
# Only this of a container, whose description holds the values of its variables as well.
_FACTS = {
    "id": ".Id",
    "pid": ".State.Pid",
    "hostname": ".Config.Hostname",
    "domain": ".Config.Domainname",
    "directory": f'(index .Config.Labels "{_DIRECTORY}")',
}
_TEMPLATE = "{" + ",".join(f'"{key}":{{{{json {path}}}}}' for key, path in _FACTS.items()) + "}"


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A container that is running; ``pid`` is its first process, as its daemon counts."""

    identifier: str
    pid: int
    hostname: str
    """The name that programs in it introduce themselves with."""


class ContainerUnknown(Exception):
    """Whether the container is running cannot be told, or it is not: a reason, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """A sentence."""
        self.remedy = remedy


class ContainerNotRunning(ContainerUnknown):
    """The daemon has answered: no container of the service is running."""


class DaemonNotRunning(ContainerUnknown):
    """There is no daemon that could answer."""


def no_answer(tool: str) -> ContainerUnknown:
    """Return what to say where ``tool`` did not answer in time."""
    return ContainerUnknown(
        _("{tool} did not answer in time.", tool=tool),
        _("Find out what holds it up, then test again: {tool} ps", tool=tool),
    )


def find_running(
    service: str,
    directories: Iterable[Path],
    environ: Mapping[str, str],
    tools: Sequence[str] = ("docker", "podman"),
) -> RunningContainer:
    """Return the running container of a service whose project is in one of ``directories``.

    Asked are the labels that Compose gives its containers, so that no compose file is read for it.
    The first of ``tools`` that is there counts. Raises :class:`ContainerUnknown`.
    """
    paths = (shutil.which(name, path=environ.get("PATH", "")) for name in tools)
    tool = next((path for path in paths if path is not None and Path(path).is_absolute()), None)
    if tool is None:
        remedy = _("Run the test on the machine with the container.")
        if _in_container():
            remedy = _(
                "Start smtp-wizard in the network of the server's container: docker run --network "
                "container:NAME"
            )
        raise ContainerUnknown(_("there is no docker command here."), remedy)
    daemon = _Daemon(tool, environ)
    label = f"label={_SERVICE}={service}"
    listed = daemon.ask("ps", "--quiet", "--no-trunc", "--filter", label).split()
    wanted = {os.path.realpath(directory) for directory in directories}
    for container, directory in daemon.inspect(listed[:_MOST_CONTAINERS]):
        if os.path.realpath(directory) in wanted and container.pid:
            return container
    raise ContainerNotRunning(
        _("the service {service} is not running.", service=service),
        _(
            "Start it, then test again: {tool} compose up -d {service}",
            tool=Path(tool).name,
            service=quote(service),
        ),
    )


_CONTAINER_SIGNS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""What Docker and Podman put into every container."""


def shares_network(service: str) -> bool:
    """Whether this process runs in a container that has the network of the service's.

    Compose's DNS gives the address of a container for the name of its service. Waits for that DNS.
    """
    if not _in_container():
        return False
    try:
        found = socket.getaddrinfo(service.encode("ascii"), None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    return any(is_own(Address(str(info[4][0]), 0)) for info in found)


def _in_container() -> bool:
    return any(map(Path.exists, _CONTAINER_SIGNS))


class _Daemon:
    """What the client of Docker or Podman is asked, with the operator's own environment."""

    def __init__(self, tool: str, environ: Mapping[str, str]) -> None:
        self._tool = tool
        self._environ = environ
        self._deadline = time.monotonic() + _SECONDS

    def ask(self, *arguments: str) -> str:
        """Return the output; raise :class:`ContainerUnknown` where there is none to rely on."""
        left = max(0.1, self._deadline - time.monotonic())
        command = [self._tool, *arguments]
        try:
            # Not in the project's directory, which may be another account's.
            result = run_tool(command, Path("/"), self._environ, left, _MOST_OUTPUT)
        except ChildTimeout:
            raise no_answer(self._name) from None
        except (ChildOutputTooLong, OSError):
            raise self._useless from None
        if result.code != 0:
            raise self._refused(result)
        return result.output.decode("utf-8", "replace")

    def inspect(self, identifiers: Sequence[str]) -> list[tuple[RunningContainer, str]]:
        """Return each container that is still there, with the directory of its project."""
        if not identifiers:
            return []
        output = self.ask("inspect", "--type", "container", "--format", _TEMPLATE, *identifiers)
        try:
            return [_parse(line) for line in output.splitlines() if line.strip()]
        except (ValueError, TypeError, KeyError):
            raise self._useless from None

    @property
    def _name(self) -> str:
        return Path(self._tool).name

    @property
    def _useless(self) -> ContainerUnknown:
        return ContainerUnknown(
            _("{tool} gave no usable answer.", tool=self._name),
            _("Check that it works, then test again: {tool} ps", tool=self._name),
        )

    def _refused(self, result: ChildResult) -> ContainerUnknown:
        words = result.errors.decode("utf-8", "replace").lower()
        if "permission denied" in words:
            return ContainerUnknown(
                _("this account may not ask {tool}.", tool=self._name),
                _("Run the test with sudo."),
            )
        if "cannot connect" in words or "is the docker daemon running" in words:
            return DaemonNotRunning(
                _("Docker is not running here."),
                _("Start Docker and the service, then test again."),
            )
        return self._useless


def _parse(line: str) -> tuple[RunningContainer, str]:
    """Return a container and its project's directory; raise as JSON's own errors do."""
    facts = json.loads(line)
    identifier, pid, hostname = facts["id"], facts["pid"], facts["hostname"]
    if not (isinstance(identifier, str) and identifier.isalnum()):
        raise ValueError
    if not (isinstance(pid, int) and isinstance(hostname, str)):
        raise TypeError
    name = ".".join(filter(None, (hostname, facts["domain"])))
    return RunningContainer(identifier, pid, name), str(facts["directory"])

"""What the server's container prints, as ``docker`` tells it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from wizard.afterwards.log import LogUnreadable
from wizard.compose.container import Container
from wizard.system.process import followed

_PASSED_ON = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH",
              "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION", "COMPOSE_PROJECT_NAME")  # fmt: skip
"""What tells ``docker`` which daemon and which project are meant, as in the operator's shell."""
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""What Docker takes for a name; nothing that could be a flag."""
_AT_ONCE = 1 << 16
_SLACK = timedelta(seconds=1)
"""The daemon's clock may be that of a virtual machine, a little behind."""


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """The log of one container from a moment on. ``docker`` is the program's absolute path."""

    docker: Path
    compose_files: tuple[Path, ...]
    service: str
    container_name: str
    """Where the compose file gives the container a name; for a ``docker`` without Compose."""
    since: datetime
    environ: Mapping[str, str] = field(repr=False)

    @property
    def command(self) -> str:
        """What shows the last lines in a shell."""
        return shlex.join(["docker", *self._compose, "logs", "--tail", "20", self.service])

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield what the server prints; the child is ended with this generator."""
        for command in self._commands():
            try:
                async with followed(command, self.environ, self._extra) as process:
                    if process.stdout is not None:
                        while data := await process.stdout.read(_AT_ONCE):
                            yield data
                    if await process.wait() == 0:
                        return
            except OSError:
                raise LogUnreadable from None
        raise LogUnreadable

    @property
    def _compose(self) -> list[str]:
        return ["compose", *(part for file in self.compose_files for part in ("-f", str(file)))]

    @property
    def _extra(self) -> dict[str, str]:
        return {name: self.environ[name] for name in _PASSED_ON if name in self.environ}

    def _commands(self) -> list[list[str]]:
        """Return what to try, in this order."""
        since = (self.since - _SLACK).isoformat(timespec="microseconds").replace("+00:00", "Z")
        how = ["logs", "--follow", "--since", since]
        plain = ["--no-log-prefix", "--no-color", self.service]
        commands = [[str(self.docker), *self._compose, *how, *plain]]
        if _NAME.fullmatch(self.container_name):
            commands.append([str(self.docker), *how, self.container_name])
        return commands


def container_log(
    container: Container, compose_file: Path, environ: Mapping[str, str], now: datetime
) -> ContainerLog | None:
    """Return the log of ``container`` from ``now`` (UTC) on; None without a ``docker``."""
    name = container.service.name
    if not _NAME.fullmatch(name):
        return None
    docker = _docker(environ)
    if docker is None:
        return None
    files = tuple(dict.fromkeys((compose_file, container.path)))
    return ContainerLog(docker, files, name, container.service.container_name, now, environ)


def _docker(environ: Mapping[str, str]) -> Path | None:
    """Find ``docker`` on the PATH; never in the working directory."""
    directories = environ.get("PATH", "").split(os.pathsep)
    path = os.pathsep.join(each for each in directories if Path(each).is_absolute())
    found = shutil.which("docker", path=path) if path else None
    return None if found is None else Path(found)

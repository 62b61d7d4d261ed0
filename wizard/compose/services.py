"""The services of a compose file, as far as they concern the server and its secret.

https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_SERVER_IMAGE = re.compile(r"(?:^|/)bomnipotent_server(?:[:@]|$)")


@dataclass(frozen=True, slots=True)
class EnvironmentEntry:
    """One variable of a service; ``value`` is None where Compose passes on its own."""

    value: str | None = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class EnvFile:
    """A file whose variables a service gets."""

    path: str
    line: int
    required: bool = True


@dataclass(frozen=True, slots=True)
class Mount:
    """A directory or file of the host, or a named volume, and where the service sees it."""

    source: str
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Service:
    """One service. ``open_ended`` says that more about it stands elsewhere."""

    name: str
    line: int
    image: str = ""
    environment: Mapping[str, EnvironmentEntry] = field(default_factory=dict, repr=False)
    env_files: tuple[EnvFile, ...] = ()
    mounts: tuple[Mount, ...] = ()
    open_ended: bool = False
    container_name: str = ""

    @property
    def is_server(self) -> bool:
        """Whether this is BOMnipotent Server, judged by its image."""
        return _SERVER_IMAGE.search(self.image) is not None

    def overridden_by(self, other: Service) -> Service:
        """Return the service as Compose merges it with that of an override file."""
        return replace(
            self,
            image=other.image or self.image,
            environment={**self.environment, **other.environment},
            env_files=self.env_files + other.env_files,
            mounts=self.mounts + other.mounts,
            open_ended=self.open_ended or other.open_ended,
            container_name=other.container_name or self.container_name,
        )


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services of one file. ``open_ended`` says that it includes other files."""

    services: Mapping[str, Service]
    open_ended: bool = False

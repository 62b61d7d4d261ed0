"""What the server's container gets from Compose: variables, and the files it can see."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wizard.compose.services import ComposeFile, EnvFile, EnvironmentEntry, Mount, Service
from wizard.config.layout import Layout
from wizard.errors import FileRefused
from wizard.files.reading import read_text
from wizard.formats.dotenv.compose_go import interpolate, read_compose
from wizard.formats.dotenv.reading import EnvSyntaxError

_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)


def read_compose_files(layout: Layout) -> Iterator[ComposeSource]:
    """Yield the compose file, where there is one, and its override."""
    if layout.compose_file is None:
        return
    yield _compose_source(layout.compose_file)
    for name in _OVERRIDES:
        path = layout.compose_file.with_name(name)
        if path.exists():
            yield _compose_source(path)
            return


def _compose_source(path: Path) -> ComposeSource:
    from wizard.compose.file import parse_compose

    file = read_text(path, path.name)
    if file.problem is not None:
        return ComposeSource(path, "", None, file.problem)
    try:
        return ComposeSource(path, file.text, parse_compose(file.text))
    except FileRefused as error:
        return ComposeSource(path, file.text, None, error.at(path))


def find_container(layout: Layout, env_text: str, environ: Mapping[str, str]) -> Container | None:
    """Read the compose files alone; return the server's container, None where none is found."""
    return server_container(layout, tuple(read_compose_files(layout)), env_text, environ)


def server_container(
    layout: Layout, sources: tuple[ComposeSource, ...], env_text: str, environ: Mapping[str, str]
) -> Container | None:
    """Return the server's container; None where the compose files name none."""
    found = find_server(sources, layout.config)
    if found is None:
        return None
    service, path = found
    variables = interpolation_variables(env_text, environ)
    env_files = []
    for named in service.env_files:
        env_path = _env_file_path(named.path, path.parent, variables)
        if env_path is not None:
            file = read_text(env_path, env_path.name)
            env_files.append(EnvFileContent(named, env_path, file.text if file.exists else None))
    open_ended = service.open_ended or any(
        source.content is None or source.content.open_ended for source in sources
    )
    return Container(service, path, variables, tuple(env_files), open_ended)


def _env_file_path(text: str, directory: Path, variables: Mapping[str, str]) -> Path | None:
    """Return the path of an ``env_file``, which needs no ``./`` as a mount does."""
    prefix = "" if text.startswith((".", "/", "~", "$")) else "./"
    return host_path(prefix + text, directory, variables)


@dataclass(frozen=True, slots=True)
class ComposeSource:
    """One compose file: what it says, or why it cannot be read."""

    path: Path
    text: str = field(repr=False)
    content: ComposeFile | None
    problem: FileRefused | None = None


@dataclass(frozen=True, slots=True)
class EnvFileContent:
    """An ``env_file`` of a service; ``text`` is None where there is no such file."""

    named: EnvFile
    path: Path
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Container:
    """The server's service as Compose starts it.

    ``variables`` are those that Compose itself has: its environment and ``.env``.
    ``env_files`` are the files that the service names, as far as their paths are known.
    """

    service: Service
    path: Path
    """The file that the service is in."""
    variables: Mapping[str, str] = field(repr=False)
    env_files: tuple[EnvFileContent, ...] = ()
    open_ended: bool = False
    """More about it stands elsewhere, so that what is missing here proves nothing."""

    def entry(self, name: str) -> EnvironmentEntry | None:
        """Return what ``environment:`` says about a variable."""
        return self.service.environment.get(name)

    def value(self, name: str) -> str | None:
        """Return a variable as the container gets it; None where it gets none.

        Raises :class:`EnvSyntaxError` where Compose refuses to start.
        """
        entry = self.entry(name)
        if entry is not None:
            if entry.value is None:
                return self.variables.get(name)
            return interpolate(entry.value, self.variables)
        found = None
        for file in self.env_files:
            for statement in read_compose(file.text or "", self.variables).assignments:
                if statement.name == name and statement.defined:
                    found = statement.value
        return found

    def source_of(self, mount: Mount) -> Path | None:
        """Return the host's path of a mount; None for a named volume or an unknown path."""
        return host_path(mount.source, self.path.parent, self.variables)


def host_path(text: str, directory: Path, variables: Mapping[str, str]) -> Path | None:
    """Return the path that Compose makes of ``text``; None where it is not one."""
    try:
        expanded = interpolate(text, variables)
    except EnvSyntaxError:
        return None
    if expanded.startswith("~"):
        expanded = variables.get("HOME", "~") + expanded[1:]
    if not expanded.startswith((".", "/")) or not _is_possible(expanded):
        return None
    return Path(os.path.normpath(directory / expanded))


def _is_possible(path: str) -> bool:
    """Whether a file system can have it: YAML can write a NUL or half a surrogate pair."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def interpolation_variables(env_text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return Compose's own variables: those of ``.env``, and above them its environment."""
    statements = read_compose(env_text, environ).assignments
    from_file = {each.name: each.value for each in statements if each.defined}
    return from_file | dict(environ)


def find_server(sources: tuple[ComposeSource, ...], config: Path) -> tuple[Service, Path] | None:
    """Return the server's service, merged over all files, and the file that it is in.

    It is the one with the server's image, else the one that mounts the directory of ``config``.
    """
    services: dict[str, tuple[Service, Path]] = {}
    for source in sources:
        for name, service in (source.content.services if source.content else {}).items():
            if name in services:
                base, path = services[name]
                services[name] = base.overridden_by(service), path
            else:
                services[name] = service, source.path
    found = [pair for pair in services.values() if pair[0].is_server]
    found += [pair for pair in services.values() if _mounts(pair, config)]
    found.sort(key=lambda pair: not _mounts(pair, config))
    return found[0] if found else None


def _mounts(pair: tuple[Service, Path], config: Path) -> bool:
    service, path = pair
    sources = (host_path(mount.source, path.parent, {}) for mount in service.mounts)
    return any(source in (config, config.parent) for source in sources)

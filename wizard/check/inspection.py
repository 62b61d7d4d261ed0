"""What :mod:`wizard.check` looks at, as it was read: files, modes, Compose, git, stores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wizard.check.git import GitState, state_of
from wizard.compose.container import (
    ComposeSource,
    Container,
    NamedFile,
    find_server,
    host_path,
    project_variables,
)
from wizard.config.current import Current
from wizard.config.layout import Layout, LayoutKind
from wizard.errors import FileRefused, StoreUnusable
from wizard.files import reading
from wizard.files.reading import Snapshot
from wizard.formats.config_toml.view import ConfigView, parse_config
from wizard.formats.text import decode
from wizard.secrets import resolver
from wizard.secrets.resolver import Where
from wizard.secrets.store import Store

_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_STRAY = re.compile(
    r"\.env(?:~|[._-](?:bak|backup|old|orig|save|copy|tmp|sw[op])\d*)|\.env\.sw[a-p]|#\.env#"
)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file as text; ``problem`` says why there is none."""

    path: Path
    snapshot: Snapshot | None
    text: str = field(default="", repr=False)
    problem: FileRefused | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a file, readable or not."""
        return self.problem is not None or (self.snapshot is not None and self.snapshot.exists)

    @property
    def mode(self) -> int | None:
        """Permission bits; None where they are not known."""
        return None if self.snapshot is None else self.snapshot.mode


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the findings are worked out from."""

    layout: Layout
    environ: Mapping[str, str] = field(repr=False)
    config: TextFile
    view: ConfigView | None
    current: Current | None
    """None where config.toml cannot be understood."""
    env: TextFile
    """The ``.env`` of this layout."""
    other_envs: tuple[TextFile, ...]
    """Existing ``.env`` files at other places where one might expect it."""
    compose: tuple[ComposeSource, ...]
    container: Container | None
    git: Mapping[Path, GitState]
    strays: tuple[Path, ...]
    where: Where

    @property
    def in_compose(self) -> bool:
        """Whether Docker Compose starts the server."""
        return self.layout.kind is LayoutKind.COMPOSE

    @property
    def env_beside_config(self) -> TextFile | None:
        """The ``.env`` that the server itself reads, where that is not the one of the layout."""
        beside = self.layout.config.with_name(".env")
        return next((env for env in self.other_envs if env.path == beside), None)


def look(layout: Layout, environ: Mapping[str, str], keyring: Store | None = None) -> Seen:
    """Read all there is to read; changes nothing, and needs no network."""
    config, env = read_text(layout.config, "config.toml"), read_text(layout.env_file, ".env")
    view = None
    if config.problem is None:
        try:
            view = parse_config(config.text)
        except FileRefused as error:
            config = TextFile(config.path, config.snapshot, config.text, error.at(config.path))
    current = None
    if view is not None and config.snapshot is not None:
        # A .env that cannot be read is a finding of its own; the others are worked out without.
        snapshot = env.snapshot or Snapshot(env.path, env.path, None)
        current = Current(
            layout, config.snapshot, snapshot, config.text, env.text, view, dict(environ)
        )
    others = tuple(_other_envs(layout))
    compose = tuple(_compose(layout))
    existing = [one.path for one in (env, *others) if one.exists]
    return Seen(
        layout,
        environ,
        config,
        view,
        current,
        env,
        others,
        compose,
        _container(layout, compose, env.text, environ),
        {path: state_of(path, environ) for path in existing},
        tuple(_strays(existing)),
        _where(current, keyring),
    )


def read_text(path: Path, what: str) -> TextFile:
    """Read a text file; a missing one has no text, and no problem either."""
    snapshot = None
    try:
        snapshot = reading.read(path)
        return TextFile(path, snapshot, decode(snapshot.data or b"", what))
    except FileRefused as error:
        return TextFile(path, snapshot, "", error.at(path))


def _other_envs(layout: Layout) -> Iterator[TextFile]:
    config, seen = layout.config, {layout.env_file}
    for path in (config.with_name(".env"), config.parent.parent / ".env"):
        if path not in seen:
            seen.add(path)
            found = read_text(path, ".env")
            if found.exists:
                yield found


def _compose(layout: Layout) -> Iterator[ComposeSource]:
    if layout.compose_file is None:
        return
    yield _compose_source(layout.compose_file)
    for name in _OVERRIDES:
        path = layout.compose_file.with_name(name)
        if path.exists():
            yield _compose_source(path)
            return


def _compose_source(path: Path) -> ComposeSource:
    from wizard.compose import file

    found = read_text(path, path.name)
    if found.problem is not None:
        return ComposeSource(path, "", None, found.problem)
    try:
        return ComposeSource(path, found.text, file.parse(found.text))
    except FileRefused as error:
        return ComposeSource(path, found.text, None, error.at(path))


def find_container(layout: Layout, env_text: str, environ: Mapping[str, str]) -> Container | None:
    """Read the compose files alone; return the server's container, None where none is found."""
    return _container(layout, tuple(_compose(layout)), env_text, environ)


def _container(
    layout: Layout, sources: tuple[ComposeSource, ...], env_text: str, environ: Mapping[str, str]
) -> Container | None:
    found = find_server(sources, layout.config)
    if found is None:
        return None
    service, path = found
    project = project_variables(env_text, environ)
    env_files = []
    for named in service.env_files:
        place = _relative(named.path, path.parent, project)
        if place is not None:
            text = read_text(place, place.name)
            env_files.append(NamedFile(named, place, text.text if text.exists else None))
    open_ended = service.open_ended or any(
        source.content is None or source.content.open_ended for source in sources
    )
    return Container(service, path, project, tuple(env_files), open_ended)


def _relative(text: str, directory: Path, project: Mapping[str, str]) -> Path | None:
    """Return the path of an ``env_file``, which needs no ``./`` as a mount does."""
    prefix = "" if text.startswith((".", "/", "~", "$")) else "./"
    return host_path(prefix + text, directory, project)


def _strays(envs: list[Path]) -> Iterator[Path]:
    for directory in dict.fromkeys(path.parent for path in envs):
        try:
            names = sorted(os.listdir(directory))  # noqa: PTH208  (names are all that is needed)
        except OSError:
            continue
        for name in names:
            path = directory / name
            if _STRAY.fullmatch(name) and path not in envs and path.is_file():
                yield path


def _where(current: Current | None, keyring: Store | None) -> Where:
    if current is None:
        return Where(())
    try:
        return resolver.find(current, keyring=keyring, thorough=False)
    except (FileRefused, StoreUnusable):
        return Where(())

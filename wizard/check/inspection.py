"""What the rules look at, read once: files, modes, Compose, git, and where the secret is."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wizard.check.git import GitState, git_state
from wizard.compose.container import Container, Mount
from wizard.config.current import CurrentConfig, find_stranger, visible_environ
from wizard.config.layout import Layout, LayoutKind
from wizard.errors import FileRefused, StoreUnusable
from wizard.files.reading import Snapshot, TextFile, read_text
from wizard.formats.config_toml.reading import parse_config
from wizard.formats.config_toml.view import EMPTY_CONFIG, ConfigView, SmtpValues
from wizard.formats.dotenv.variables import (
    Definition,
    find_definitions,
    line_number,
    read_definitions,
)
from wizard.formats.variables import Readers
from wizard.secrets.resolver import Ask, SecretSources

_STRAY_COPY = re.compile(
    r"\.env(?:~|[._-](?:bak|backup|old|orig|save|copy|tmp|sw[op])\d*)|\.env\.sw[a-p]|#\.env#"
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that the findings are worked out from."""

    layout: Layout
    environ: Mapping[str, str] = field(repr=False)
    config: TextFile
    current: CurrentConfig | None
    """None where config.toml cannot be understood."""
    env: TextFile
    """The ``.env`` of this layout."""
    other_envs: tuple[TextFile, ...]
    """Existing ``.env`` files in other places where one might expect it."""
    project: Container | None
    """What Compose says, whether or not a service of it is the server; None without Compose."""
    config_target: Path
    """Where config.toml is, links followed."""
    mounted: Mapping[Path, Mount]
    """What the container sees of the host, by its path there, links followed."""
    git: Mapping[Path, GitState]
    stray_copies: tuple[Path, ...]
    secret_sources: SecretSources

    @property
    def view(self) -> ConfigView | None:
        """What config.toml says; None where it cannot be understood."""
        return None if self.current is None else self.current.view

    @property
    def smtp(self) -> SmtpValues | None:
        """The section ``[smtp]``, where there is one."""
        return None if self.view is None else self.view.smtp

    @property
    def reference(self) -> str | None:
        """The variable that ``secret`` refers to; None where it does not."""
        return None if self.current is None else self.current.reference

    @property
    def in_compose(self) -> bool:
        """Whether Docker Compose starts the server."""
        return self.layout.kind is LayoutKind.COMPOSE

    @property
    def container(self) -> Container | None:
        """The server's container; None where it runs in none, or where no service is known."""
        return self.project if self.project is not None and self.project.service else None

    @property
    def env_beside_config(self) -> TextFile | None:
        """The ``.env`` that the server itself reads, where that is not the one of the layout."""
        beside = self.layout.config.with_name(".env")
        return next((env for env in self.other_envs if env.path == beside), None)

    def definitions(self, env: TextFile) -> list[Definition] | None:
        """Return the definitions in a ``.env``; None where its readers cannot understand it."""
        if env.problem is not None:
            return None
        try:
            return read_definitions(env.text, self.environ, readers=self.readers_of(env))
        except FileRefused:
            return None

    def definitions_of(self, env: TextFile, name: str) -> Sequence[Definition]:
        """Return those of one variable; none where the readers cannot understand the file."""
        if env.problem is not None:
            return ()
        try:
            return find_definitions(env.text, name, self.environ, self.readers_of(env))
        except FileRefused:
            return ()

    def readers_of(self, env: TextFile) -> Readers:
        """Return who reads a ``.env``: beside a compose file it is Compose alone."""
        beside_config = env.path.parent == self.layout.config.parent
        return Readers.SERVER_AND_COMPOSE if beside_config else Readers.COMPOSE

    def value_in(self, env: TextFile, name: str) -> str | None:
        """Return a variable's value in a ``.env`` as the server reads it; None without one."""
        found = self.definitions_of(env, name)
        return found[0].dotenvy.value if found else None

    def line_in(self, env: TextFile, name: str) -> int | None:
        """Return the line of a variable's first definition in a ``.env``."""
        found = self.definitions_of(env, name)
        return line_of(env, found[0]) if found else None

    def secret_as_received(self) -> str | None:
        """Return the secret as the server gets it without ``exec``; None if it gets none."""
        name = self.reference
        if name is None:
            return None
        if self.current is not None and self.current.doubt(f"${{{name}}}"):
            return None
        if self.container is None:
            return self.environ.get(name) or self.value_in(self.env, name)
        value = self.container.value(name)
        beside = self.env_beside_config
        return self.value_in(beside, name) if value is None and beside is not None else value

    def place_of_secret(self) -> tuple[Path, int | None]:
        """Return where the secret's value is; in no file: where config.toml refers to it."""
        name, path, line = self.reference, None, None
        if name is not None and self.container is not None and self.current is not None:
            origin = self.current.origin(name)
            path, line = (None, None) if origin is None else (origin.path, origin.line)
        elif name is not None and not self.environ.get(name):
            path, line = self.env.path, self.line_in(self.env, name)
        if path is None or line is None:
            path, line = self.config.path, self.smtp.lines.get("secret") if self.smtp else None
        return path, line


def line_of(env: TextFile, definition: Definition) -> int:
    """Return the line in which a definition begins."""
    return line_number(env.text, definition.dotenvy.start)


def inspect_config(
    layout: Layout, environ: Mapping[str, str], container: Container | None = None
) -> Inspection:
    """Read all there is to read; changes nothing, and needs no network.

    ``container`` is what Compose has said before in this run; without it, Compose is asked.
    """
    config, env = read_text(layout.config, "config.toml"), read_text(layout.env_file, ".env")
    files = [each.snapshot for each in (config, env) if each.snapshot is not None]
    stranger = find_stranger(*files)
    environ = visible_environ(environ, stranger)
    current = None
    if config.problem is None and config.snapshot is not None:
        # A .env that cannot be read is a finding of its own; the others are worked out without.
        snapshot = env.snapshot or Snapshot(env.path, env.path, None)
        try:
            view = parse_config(config.text)
            current = CurrentConfig(
                layout,
                config.snapshot,
                snapshot,
                config.text,
                env.text,
                view,
                environ,
                stranger=stranger,
            )
        except FileRefused as error:
            config = replace(config, problem=error.at(config.path))
    others = tuple(_other_envs(layout))
    if current is not None:
        current = current.with_container(container)
    asked = (container or _ask(layout, environ)) if current is None else current.container
    existing = [each.path for each in (env, *others) if each.exists]
    return Inspection(
        layout,
        environ,
        config,
        current,
        env,
        others,
        asked,
        Path(os.path.realpath(layout.config)),
        dict(_mounted(asked)),
        {path: git_state(path, environ) for path in existing},
        tuple(_stray_copies(existing)),
        _secret_sources(current),
    )


def _mounted(container: Container | None) -> Iterator[tuple[Path, Mount]]:
    for mount in container.mounts if container is not None else ():
        # YAML can write a NUL, or half a surrogate pair, which no path has.
        with contextlib.suppress(ValueError):
            yield Path(os.path.realpath(mount.source)), mount


def _ask(layout: Layout, environ: Mapping[str, str]) -> Container | None:
    """Ask Compose although config.toml cannot be understood."""
    nothing = Snapshot(layout.config, layout.config, None)
    env = Snapshot(layout.env_file, layout.env_file, None)
    current = CurrentConfig(layout, nothing, env, "", "", EMPTY_CONFIG, dict(environ))
    return current.with_container().container


def _other_envs(layout: Layout) -> Iterator[TextFile]:
    config = layout.config
    for path in dict.fromkeys((config.with_name(".env"), config.parent.parent / ".env")):
        if path != layout.env_file:
            env = read_text(path, ".env")
            if env.exists:
                yield env


def _stray_copies(envs: list[Path]) -> Iterator[Path]:
    for directory in dict.fromkeys(path.parent for path in envs):
        try:
            names = sorted(os.listdir(directory))  # noqa: PTH208  (names are all that is needed)
        except OSError:
            continue
        for name in names:
            path = directory / name
            if _STRAY_COPY.fullmatch(name) and path not in envs and path.is_file():
                yield path


def _secret_sources(current: CurrentConfig | None) -> SecretSources:
    if current is None:
        return SecretSources(())
    try:
        return current.resolver.sources(Ask.IF_NOWHERE_ELSE)
    except (FileRefused, StoreUnusable):
        return SecretSources(())

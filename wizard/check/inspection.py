"""What :mod:`wizard.check` looks at, as it was read: files, modes, Compose, git, stores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wizard.check.git import GitState, state_of
from wizard.compose.container import ComposeSource, Container, _compose, _container
from wizard.config.current import CurrentConfig
from wizard.config.layout import Layout, LayoutKind
from wizard.errors import FileRefused, StoreUnusable
from wizard.files.reading import Snapshot, TextFile, read_text
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.config_toml.view import ConfigView, parse_config
from wizard.formats.dotenv.reading import EnvSyntaxError
from wizard.formats.dotenv.variables import Definition, line_number, read_definitions
from wizard.secrets import resolver
from wizard.secrets.resolver import SecretSources
from wizard.secrets.store import Store


def _line(env: TextFile, entry: Definition) -> int:
    return line_number(env.text, entry.dotenvy.start)


def entries_of(env: TextFile, seen: Inspection) -> list[Definition] | None:
    """Return the definitions in a ``.env``; None where its readers cannot make sense of it."""
    if env.problem is not None:
        return None
    try:
        return read_definitions(env.text, seen.environ)
    except FileRefused:
        return None


def value_in(env: TextFile, name: str, seen: Inspection) -> str | None:
    """Return a variable's value in a ``.env`` as the server reads it; None where it has none."""
    entries = entries_of(env, seen) or []
    return next((entry.dotenvy.value for entry in entries if entry.name == name), None)


def line_in(env: TextFile, name: str, seen: Inspection) -> int | None:
    """Return the line of a variable's first definition in a ``.env``."""
    entries = entries_of(env, seen) or []
    return next((_line(env, entry) for entry in entries if entry.name == name), None)


def secret_as_received(seen: Inspection) -> str | None:
    """Return the secret as the server gets it without ``exec``; None if it gets none."""
    smtp = None if seen.view is None else seen.view.smtp
    name = None if smtp is None or smtp.secret is None else secret_reference(smtp.secret)
    if name is None:
        return None
    if seen.container is None:
        return seen.environ.get(name) or value_in(seen.env, name, seen)
    try:
        value = seen.container.value(name)
    except EnvSyntaxError:
        return None
    beside = seen.env_beside_config
    return value_in(beside, name, seen) if value is None and beside is not None else value


_STRAY = re.compile(
    r"\.env(?:~|[._-](?:bak|backup|old|orig|save|copy|tmp|sw[op])\d*)|\.env\.sw[a-p]|#\.env#"
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything that the findings are worked out from."""

    layout: Layout
    environ: Mapping[str, str] = field(repr=False)
    config: TextFile
    view: ConfigView | None
    current: CurrentConfig | None
    """None where config.toml cannot be understood."""
    env: TextFile
    """The ``.env`` of this layout."""
    other_envs: tuple[TextFile, ...]
    """Existing ``.env`` files at other places where one might expect it."""
    compose: tuple[ComposeSource, ...]
    container: Container | None
    git: Mapping[Path, GitState]
    strays: tuple[Path, ...]
    where: SecretSources

    @property
    def in_compose(self) -> bool:
        """Whether Docker Compose starts the server."""
        return self.layout.kind is LayoutKind.COMPOSE

    @property
    def env_beside_config(self) -> TextFile | None:
        """The ``.env`` that the server itself reads, where that is not the one of the layout."""
        beside = self.layout.config.with_name(".env")
        return next((env for env in self.other_envs if env.path == beside), None)


def inspect_config(
    layout: Layout, environ: Mapping[str, str], keyring: Store | None = None
) -> Inspection:
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
        current = CurrentConfig(
            layout, config.snapshot, snapshot, config.text, env.text, view, dict(environ)
        )
    others = tuple(_other_envs(layout))
    compose = tuple(_compose(layout))
    existing = [one.path for one in (env, *others) if one.exists]
    return Inspection(
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


def _other_envs(layout: Layout) -> Iterator[TextFile]:
    config, seen = layout.config, {layout.env_file}
    for path in (config.with_name(".env"), config.parent.parent / ".env"):
        if path not in seen:
            seen.add(path)
            found = read_text(path, ".env")
            if found.exists:
                yield found


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


def _where(current: CurrentConfig | None, keyring: Store | None) -> SecretSources:
    if current is None:
        return SecretSources(())
    try:
        return resolver.find(current, keyring=keyring, thorough=False)
    except (FileRefused, StoreUnusable):
        return SecretSources(())

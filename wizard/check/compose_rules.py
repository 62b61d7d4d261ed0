"""The compose file: can it be read, does it mount the configuration, does it hold the secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wizard.check.compose_model import Setting
from wizard.check.container_rules import secret_as_received
from wizard.check.finding import Finding, Severity, of_error
from wizard.check.inspection import Seen
from wizard.compose.container import Container
from wizard.formats.dotenv.reading import Unreadable
from wizard.formats.dotenv.template import substitute
from wizard.text.language import _

_SHORTEST = 6
"""A shorter secret would be found in words that are none."""


def findings(seen: Seen) -> Iterator[Finding]:
    """Yield what is wrong with the compose file and its override."""
    for source in seen.compose:
        if source.problem is not None:
            yield of_error(source.problem, source.path)
    container = seen.container
    if container is None:
        if seen.compose and all(source.problem is None for source in seen.compose):
            yield Finding(
                "compose-service-unknown",
                Severity.NOTE,
                seen.compose[0].path,
                None,
                _(
                    "No service here uses the image bomnipotent_server or mounts the directory of "
                    "config.toml, so that it is not known what the server gets."
                ),
                _(
                    "If the server is started in another way, name its files: -c PATH --env-file "
                    "PATH"
                ),
            )
        return
    yield from _env_files(container)
    yield from _mounts(seen, container)
    yield from _in_clear(seen, container)


def _env_files(container: Container) -> Iterator[Finding]:
    for file in container.env_files:
        if file.text is None and file.named.required:
            yield Finding(
                "compose-env-file-missing",
                Severity.ERROR,
                container.path,
                file.named.line,
                _(
                    "The env_file {path} does not exist, so Docker Compose starts nothing.",
                    path=file.path,
                ),
                _("Create it, or remove it from the service."),
            )


def _mounts(seen: Seen, container: Container) -> Iterator[Finding]:
    config = Path(os.path.realpath(seen.layout.config))
    unknown = container.open_ended
    covered = False
    for mount in container.service.mounts:
        source = container.source_of(mount)
        if source is None:
            unknown = unknown or "$" in mount.source
            continue
        place = Path(os.path.realpath(source))
        covered = covered or config.is_relative_to(place)
        if place == config:
            yield Finding(
                "compose-file-mount",
                Severity.WARNING,
                container.path,
                mount.line,
                _(
                    "config.toml is mounted on its own: the server does not notice changes of it, "
                    "and no program can replace it."
                ),
                _(
                    "Mount its directory: {directory}:{target}/:ro",
                    directory=config.parent,
                    target=Path(mount.target).parent,
                ),
            )
    if not covered and not unknown and container.service.mounts:
        yield Finding(
            "compose-config-not-mounted",
            Severity.WARNING,
            container.path,
            container.service.line,
            _(
                "The service {name} mounts neither {config} nor its directory, so it reads "
                "another configuration.",
                name=container.service.name,
                config=seen.layout.config,
            ),
            _(
                "Add under volumes:   {directory}:/etc/bomnipotent_server/configs/:ro",
                directory=seen.layout.config.parent,
            ),
        )


def _in_clear(seen: Seen, container: Container) -> Iterator[Finding]:
    name = None if seen.current is None else seen.current.reference
    lines: dict[tuple[Path, int], None] = {}
    setting = container.setting(name) if name else None
    if setting is not None and _is_clear(setting):
        lines[container.path, setting.line] = None
    secret = secret_as_received(seen)
    if secret is not None and len(secret) >= _SHORTEST:
        for source in seen.compose:
            for number, line in enumerate(source.text.splitlines(), 1):
                if secret in line:
                    lines[source.path, number] = None
    for path, number in lines:
        yield Finding(
            "compose-secret-in-clear",
            Severity.WARNING,
            path,
            number,
            _("The secret stands here in clear text, where it is easily committed or shown."),
            _(
                "Write ${{{name}:?}} instead, and store it: smtp-wizard set --secret-stdin",
                name=name,
            ),
        )


def _is_clear(setting: Setting) -> bool:
    """Tell whether something is left of a value when no variable is set."""
    try:
        return bool(setting.value) and substitute(setting.value or "", {}) != ""
    except Unreadable:
        return False

"""The compose file: can it be read, does it mount the configuration, does it hold the secret.

What the container gets for every ``${NAME}`` of config.toml.

Compose passes on only what is listed, and makes an empty value of a variable that nothing sets;
an empty variable wins over the ``.env`` that the server itself reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wizard.check.inspection import Inspection, secret_as_received, value_in
from wizard.check.variable_rules import (
    ReferencedVariable,
    needs_exec_finding,
    unset_finding,
    variables,
)
from wizard.compose.container import Container
from wizard.compose.services import EnvironmentEntry
from wizard.errors import Finding, Severity
from wizard.formats.dotenv.compose_go import interpolate
from wizard.formats.dotenv.reading import EnvSyntaxError
from wizard.text.language import _

_SHORTEST = 6
"""A shorter secret would be found in words that are none."""


def compose_findings(seen: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the compose file and its override."""
    for source in seen.compose:
        if source.problem is not None:
            yield Finding.from_error(source.problem, source.path)
    container = seen.container
    if container is None:
        if seen.compose and all(source.problem is None for source in seen.compose):
            yield Finding(
                "compose-service-unknown",
                _(
                    "No service here uses the image bomnipotent_server or mounts the directory of "
                    "config.toml, so that it is not known what the server gets."
                ),
                _(
                    "If the server is started in another way, name its files: -c PATH --env-file "
                    "PATH"
                ),
                Severity.NOTE,
                seen.compose[0].path,
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
                _(
                    "The env_file {path} does not exist, so Docker Compose starts nothing.",
                    path=file.path,
                ),
                _("Create it, or remove it from the service."),
                Severity.ERROR,
                container.path,
                file.named.line,
            )


def _mounts(seen: Inspection, container: Container) -> Iterator[Finding]:
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
                _(
                    "config.toml is mounted on its own: the server does not notice changes of it, "
                    "and no program can replace it."
                ),
                _(
                    "Mount its directory: {directory}:{target}/:ro",
                    directory=config.parent,
                    target=Path(mount.target).parent,
                ),
                path=container.path,
                line=mount.line,
            )
    if not covered and not unknown and container.service.mounts:
        yield Finding(
            "compose-config-not-mounted",
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
            path=container.path,
            line=container.service.line,
        )


def _in_clear(seen: Inspection, container: Container) -> Iterator[Finding]:
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
            _("The secret stands here in clear text, where it is easily committed or shown."),
            _(
                "Write ${{{name}:?}} instead, and store it: smtp-wizard set --secret-stdin",
                name=name,
            ),
            path=path,
            line=number,
        )


def _is_clear(setting: EnvironmentEntry) -> bool:
    """Tell whether something is left of a value when no variable is set."""
    try:
        return bool(setting.value) and interpolate(setting.value or "", {}) != ""
    except EnvSyntaxError:
        return False


def container_findings(seen: Inspection) -> Iterator[Finding]:
    """Yield what keeps a variable from the container."""
    container = seen.container
    if container is None:
        return
    for variable in variables(seen):
        found = _judge(variable, container)
        if found is not None:
            yield found


def _judge(variable: ReferencedVariable, container: Container) -> Finding | None:
    try:
        value = container.value(variable.name)
    except EnvSyntaxError:
        return _refused(variable, container)
    beside = variable.seen.env_beside_config
    if value is None and beside is not None:
        value = value_in(beside, variable.name, variable.seen)
    if value is None:
        if container.setting(variable.name) is not None:
            return unset_finding(variable)
        return None if container.open_ended else _not_passed(variable, container)
    if value == "" and variable.is_secret:
        return _blank(variable, container)
    return None


def _refused(variable: ReferencedVariable, container: Container) -> Finding:
    """Report ``${NAME:?}`` without a value, or a substitution that is not valid."""
    if _works_once_set(variable, container):
        return unset_finding(variable)
    return variable.problem(
        "compose-substitution",
        _(
            "Docker Compose cannot work out the value of {name}, and starts nothing.",
            name=variable.name,
        ),
        _("Write:   {line}", line=_line_for(variable)),
        container.path,
        _line(variable, container),
    )


def _not_passed(variable: ReferencedVariable, container: Container) -> Finding:
    return variable.problem(
        "compose-variable-not-passed",
        _(
            "The service {name} does not get {variable}, which config.toml refers to: Compose "
            "passes on only what is listed.",
            name=container.service.name,
            variable=variable.name,
        ),
        _("Add under environment:   {line}", line=_line_for(variable)),
        container.path,
        container.service.line,
    )


def _blank(variable: ReferencedVariable, container: Container) -> Finding:
    if variable.by_exec and _works_once_set(variable, container):
        return needs_exec_finding(variable)
    seen, name = variable.seen, variable.name
    beside = seen.env_beside_config
    if beside is not None and value_in(beside, name, seen):
        message = _(
            "The container gets {name} as an empty value, which wins over the value in {path}.",
            name=name,
            path=beside.path,
        )
        remedy = _("Move the line from there to {path}.", path=seen.env.path)
    elif container.project.get(name):
        message = _(
            "The container gets {name} as an empty value, although it is set: another variable is "
            "passed on in its place.",
            name=name,
        )
        remedy = _("Write:   {line}", line=_line_for(variable))
    else:
        message = _(
            "The container gets {name} as an empty value: that is what Compose makes of a "
            "variable that has no value.",
            name=name,
        )
        remedy = _("Store the secret: smtp-wizard set --secret-stdin")
    return variable.problem(
        "compose-variable-blank", message, remedy, container.path, _line(variable, container)
    )


def _works_once_set(variable: ReferencedVariable, container: Container) -> bool:
    """Tell whether the container would get a value if Compose itself had the variable."""
    setting = container.setting(variable.name)
    if setting is None or setting.value is None:
        return setting is not None
    try:
        return bool(interpolate(setting.value, {**container.project, variable.name: "x"}))
    except EnvSyntaxError:
        return False


def _line_for(variable: ReferencedVariable) -> str:
    return f"{variable.name}: ${{{variable.name}:?}}"


def _line(variable: ReferencedVariable, container: Container) -> int:
    setting = container.setting(variable.name)
    return container.service.line if setting is None else setting.line

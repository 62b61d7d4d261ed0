"""The compose files: are they understood, what do they mount, and which variables do they pass on.

Compose passes on only what is listed, and makes an empty value of a variable that nothing sets;
an empty variable wins over the ``.env`` that the server itself reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wizard.check.inspection import Inspection
from wizard.check.variable_rules import (
    ReferencedVariable,
    needs_exec_finding,
    referenced_variables,
    unset_finding,
)
from wizard.compose.container import Container
from wizard.compose.services import EnvironmentEntry
from wizard.errors import Finding, Severity
from wizard.formats.dotenv.compose_go import interpolate
from wizard.formats.dotenv.reading import EnvSyntaxError
from wizard.text.language import _

_SHORTEST_SECRET = 6
"""A shorter one would be found in words that have nothing to do with it."""


def compose_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the compose file and its override."""
    for source in inspection.compose:
        if source.problem is not None:
            yield Finding.from_error(source.problem, source.path)
    container = inspection.container
    if container is None:
        if inspection.compose and all(source.problem is None for source in inspection.compose):
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
                inspection.compose[0].path,
            )
        return
    yield from _env_files(container)
    yield from _mounts(inspection, container)
    yield from _in_clear(inspection, container)


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


def _mounts(inspection: Inspection, container: Container) -> Iterator[Finding]:
    config = inspection.config_target
    may_be_elsewhere = container.open_ended
    mounted = False
    for mount in container.service.mounts:
        source = inspection.mount_sources.get(mount)
        if source is None:
            may_be_elsewhere = may_be_elsewhere or "$" in mount.source
            continue
        mounted = mounted or config.is_relative_to(source)
        if source == config:
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
    if not mounted and not may_be_elsewhere and container.service.mounts:
        yield Finding(
            "compose-config-not-mounted",
            _(
                "The service {name} mounts neither {config} nor its directory, so it reads "
                "another configuration.",
                name=container.service.name,
                config=inspection.layout.config,
            ),
            _(
                "Add under volumes:   {directory}:/etc/bomnipotent_server/configs/:ro",
                directory=inspection.layout.config.parent,
            ),
            path=container.path,
            line=container.service.line,
        )


def _in_clear(inspection: Inspection, container: Container) -> Iterator[Finding]:
    name = inspection.reference
    lines: dict[tuple[Path, int], None] = {}
    entry = container.entry(name) if name else None
    if entry is not None and _is_in_clear(entry):
        lines[container.path, entry.line] = None
    secret = inspection.secret_as_received()
    if secret is not None and len(secret) >= _SHORTEST_SECRET:
        for source in inspection.compose:
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


def _is_in_clear(entry: EnvironmentEntry) -> bool:
    """Whether something is left of a value when no variable is set."""
    try:
        return interpolate(entry.value or "", {}) != ""
    except EnvSyntaxError:
        return False


def container_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what keeps a variable from the container."""
    container = inspection.container
    if container is None:
        return
    for variable in referenced_variables(inspection):
        finding = _variable_finding(variable, container)
        if finding is not None:
            yield finding


def _variable_finding(variable: ReferencedVariable, container: Container) -> Finding | None:
    try:
        value = container.value(variable.name)
    except EnvSyntaxError:
        return _substitution_finding(variable, container)
    beside = variable.inspection.env_beside_config
    if value is None and beside is not None:
        value = variable.inspection.value_in(beside, variable.name)
    if value is None:
        if container.entry(variable.name) is not None:
            return unset_finding(variable)
        return None if container.open_ended else _not_passed_finding(variable, container)
    if value == "" and variable.is_secret:
        return _blank_finding(variable, container)
    return None


def _substitution_finding(variable: ReferencedVariable, container: Container) -> Finding:
    """Report ``${NAME:?}`` without a value, or a substitution that is not valid."""
    if _gets_value_once_set(variable, container):
        return unset_finding(variable)
    return variable.error(
        "compose-substitution",
        _(
            "Docker Compose cannot work out the value of {name}, and starts nothing.",
            name=variable.name,
        ),
        _("Write:   {line}", line=_environment_line(variable)),
        container.path,
        _line_of_entry(variable, container),
    )


def _not_passed_finding(variable: ReferencedVariable, container: Container) -> Finding:
    return variable.error(
        "compose-variable-not-passed",
        _(
            "The service {name} does not get {variable}, which config.toml refers to: Compose "
            "passes on only what is listed.",
            name=container.service.name,
            variable=variable.name,
        ),
        _("Add under environment:   {line}", line=_environment_line(variable)),
        container.path,
        container.service.line,
    )


def _blank_finding(variable: ReferencedVariable, container: Container) -> Finding:
    if variable.through_exec and _gets_value_once_set(variable, container):
        return needs_exec_finding(variable)
    inspection, name = variable.inspection, variable.name
    beside = inspection.env_beside_config
    if beside is not None and inspection.value_in(beside, name):
        message = _(
            "The container gets {name} as an empty value, which wins over the value in {path}.",
            name=name,
            path=beside.path,
        )
        remedy = _("Move the line from there to {path}.", path=inspection.env.path)
    elif container.variables.get(name):
        message = _(
            "The container gets {name} as an empty value, although it is set: another variable is "
            "passed on in its place.",
            name=name,
        )
        remedy = _("Write:   {line}", line=_environment_line(variable))
    else:
        message = _(
            "The container gets {name} as an empty value: that is what Compose makes of a "
            "variable that has no value.",
            name=name,
        )
        remedy = _("Store the secret: smtp-wizard set --secret-stdin")
    return variable.error(
        "compose-variable-blank",
        message,
        remedy,
        container.path,
        _line_of_entry(variable, container),
    )


def _gets_value_once_set(variable: ReferencedVariable, container: Container) -> bool:
    """Whether the container would get a value if Compose itself had the variable."""
    entry = container.entry(variable.name)
    if entry is None or entry.value is None:
        return entry is not None
    try:
        return bool(interpolate(entry.value, {**container.variables, variable.name: "x"}))
    except EnvSyntaxError:
        return False


def _environment_line(variable: ReferencedVariable) -> str:
    return f"{variable.name}: ${{{variable.name}:?}}"


def _line_of_entry(variable: ReferencedVariable, container: Container) -> int:
    entry = container.entry(variable.name)
    return container.service.line if entry is None else entry.line

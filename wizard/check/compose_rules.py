"""The compose project: does Compose start it, what is mounted, and which variables are passed on.

Compose passes on only what is listed, and makes an empty value of a variable that nothing sets;
an empty variable wins over the ``.env`` that the server itself reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from wizard.check.inspection import Inspection
from wizard.check.variable_rules import (
    ReferencedVariable,
    needs_exec_finding,
    referenced_variables,
    unset_finding,
)
from wizard.compose.container import Container
from wizard.errors import Finding, Severity
from wizard.text.language import _

_SHORTEST_SECRET = 6
"""A shorter one would be found in words that have nothing to do with it."""


def compose_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the compose files."""
    project = inspection.project
    if project is None:
        return
    references = () if inspection.view is None else inspection.view.references
    yield from start_findings(project, references)
    yield from doubt_findings(project, references)
    container = inspection.container
    if container is None:
        return
    yield from _mounts(inspection, container)
    yield from _in_clear(inspection, container)


def start_findings(container: Container, references: Iterable[str]) -> Iterator[Finding]:
    """Yield why Compose starts nothing, by the file at fault where that is known.

    Not for want of a variable that ``references`` of config.toml come from: there are other
    findings for these.
    """
    judged_here = container.asked == "files"
    missing = container.missing_files if container.refusal or judged_here else ()
    for missing_path in missing:
        path, line, _last = container.project.find_env_file(container.service, missing_path)
        yield Finding(
            "compose-env-file-missing",
            _(
                "The env_file {path} does not exist, so Docker Compose starts nothing.",
                path=missing_path,
            ),
            _("Create it, or remove it from the service."),
            Severity.ERROR,
            path,
            line,
        )
    invalid = list(container.project.problems) if container.refusal or judged_here else []
    yield from (Finding.from_error(problem, container.project.base) for problem in invalid)
    if container.refusal and not missing and not invalid:
        yield Finding(
            "compose-refused",
            _("Docker Compose starts nothing: {reason}.", reason=container.refusal.rstrip(".")),
            _("Correct that first; docker compose config shows whether it is right."),
            Severity.ERROR,
            container.project.files[0] if container.project.files else None,
        )
    yield from required_findings(container, references)


def doubt_findings(container: Container, references: Iterable[str]) -> Iterator[Finding]:
    """Yield why it is not certain what the server gets, for ``references`` of config.toml."""
    if container.refusal or container.project.problems:
        return
    reason = container.not_judged or container.doubt(references)
    if reason:
        yield _not_judged_finding(container, reason)
    elif not container.service:
        yield _unknown_service_finding(container)


def _not_judged_finding(container: Container, reason: str) -> Finding:
    return Finding(
        "compose-not-judged",
        _(
            "Only the plain parts of the compose file were read, so that some of what the "
            "container gets is not known ({reason}).",
            reason=reason,
        ),
        _("Where Docker Compose is installed and answers, docker compose config shows it."),
        Severity.NOTE,
        container.project.files[0] if container.project.files else None,
    )


def _unknown_service_finding(container: Container) -> Finding:
    return Finding(
        "compose-service-unknown",
        _(
            "No service here uses the image bomnipotent_server or mounts the directory of "
            "config.toml, so that it is not known what the server gets."
        ),
        _("If the server is started in another way, name its files: -c PATH --env-file PATH"),
        Severity.NOTE,
        container.project.files[0] if container.project.files else None,
    )


def required_findings(container: Container, references: Iterable[str]) -> Iterator[Finding]:
    """Yield the variables without which Compose starts nothing.

    Not those that ``references`` of config.toml come from, for which there are other findings.
    """
    told = {container.origin(name).variable for name in references}
    for name in container.required:
        if name not in told:
            yield Finding(
                "compose-variable-required",
                _(
                    "Docker Compose requires {name}, which nothing sets, and starts nothing.",
                    name=name,
                ),
                _("Set it in {path}.", path=container.project.find_variable(name).path),
                Severity.ERROR,
                container.project.files[0],
            )


def _mounts(inspection: Inspection, container: Container) -> Iterator[Finding]:
    config = inspection.config_target
    mount = inspection.mounted.get(config)
    if mount is not None:
        path, line, _last = container.project.find_volume(container.service, mount.target)
        yield Finding(
            "compose-file-mount",
            _(
                "config.toml is mounted on its own: the server does not notice changes of it, "
                "and no program can replace it."
            ),
            _(
                "Mount its directory: {directory}:{target}/:ro",
                directory=config.parent,
                target=mount.target.parent,
            ),
            path=path,
            line=line,
        )
        return
    elsewhere = not any(config.is_relative_to(source) for source in inspection.mounted)
    path, line, _last = container.project.find_service(container.service)
    if elsewhere and container.model.get("volumes") and not container.not_judged:
        yield Finding(
            "compose-config-not-mounted",
            _(
                "The service {name} mounts neither {config} nor its directory, so it reads "
                "another configuration.",
                name=container.service,
                config=inspection.layout.config,
            ),
            _(
                "Add under volumes:   {directory}:/etc/bomnipotent_server/configs/:ro",
                directory=inspection.layout.config.parent,
            ),
            path=path,
            line=line,
        )


def _in_clear(inspection: Inspection, container: Container) -> Iterator[Finding]:
    name = inspection.reference
    lines: dict[tuple[Path, int | None], None] = {}
    if name and container.is_literal(name):
        entry = container.project.find_entry(container.service, name)
        lines[entry.path, entry.line] = None
    secret = inspection.secret_as_received()
    if secret is not None and len(secret) >= _SHORTEST_SECRET:
        for path in container.project.parsed:
            for number, line in enumerate((container.project.text(path) or "").splitlines(), 1):
                if secret in line:
                    lines[path, number] = None
    for path_of_line, number_of_line in lines:
        yield Finding(
            "compose-secret-in-clear",
            _("The secret is written here in clear text, where it is easily committed or shown."),
            _(
                "Write ${{{name}:?}} instead, and store it: smtp-wizard set --secret-stdin",
                name=name,
            ),
            path=path_of_line,
            line=number_of_line,
        )


def container_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what keeps a variable from the container."""
    container = inspection.container
    if container is None or container.refusal:  # then it gets nothing at all
        return
    for variable in referenced_variables(inspection):
        if container.doubt((variable.name,)):
            continue
        finding = _variable_finding(variable, container)
        if finding is not None:
            yield finding


def _variable_finding(variable: ReferencedVariable, container: Container) -> Finding | None:
    name, value = variable.name, container.value(variable.name)
    beside = variable.inspection.env_beside_config
    if value is None and beside is not None:
        value = variable.inspection.value_in(beside, name)
    if value is None:
        if container.passes(name):
            return unset_finding(variable)
        return _not_passed_finding(variable, container)
    if value == "" and variable.is_secret:
        return _blank_finding(variable, container)
    if variable.is_secret and container.is_composed(name):
        return _composed_finding(variable, container)
    return None


def _not_passed_finding(variable: ReferencedVariable, container: Container) -> Finding:
    service = container.project.find_service(container.service)
    message, remedy = container.why_missing(variable.name)
    return variable.error(
        "compose-variable-not-passed", message, remedy, service.path, service.line
    )


def _composed_finding(variable: ReferencedVariable, container: Container) -> Finding:
    path, line, _last = container.project.find_entry(container.service, variable.name)
    return Finding(
        "compose-value-composed",
        _(
            "The container gets {name} with other text around it: quotes and blanks in this line "
            "are part of the value.",
            name=variable.name,
        ),
        _("Write:   {line}", line=container.new_line(variable.name)),
        path=path,
        line=line,
    )


def _blank_finding(variable: ReferencedVariable, container: Container) -> Finding:
    name, current = variable.name, variable.inspection.current
    if current is None or (variable.through_exec and container.target(name) is not None):
        return needs_exec_finding(variable)
    path, line, _last = container.project.find_entry(container.service, name)
    message, remedy = current.resolver.why_empty(name)
    return variable.error("compose-variable-blank", message, remedy, path, line)

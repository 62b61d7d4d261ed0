"""What the container gets for every ``${NAME}`` of config.toml.

Compose passes on only what is listed, and makes an empty value of a variable that nothing sets;
an empty variable wins over the ``.env`` that the server itself reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from wizard.check.env_rules import value_in
from wizard.check.finding import Finding
from wizard.check.inspection import Seen
from wizard.check.variable_rules import Variable, needs_exec, unset, variables
from wizard.compose.container import Container
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.dotenv.reading import Unreadable
from wizard.formats.dotenv.template import substitute
from wizard.text.language import _


def findings(seen: Seen) -> Iterator[Finding]:
    """Yield what keeps a variable from the container."""
    container = seen.container
    if container is None:
        return
    for variable in variables(seen):
        found = _judge(variable, container)
        if found is not None:
            yield found


def _judge(variable: Variable, container: Container) -> Finding | None:
    try:
        value = container.value(variable.name)
    except Unreadable:
        return _refused(variable, container)
    beside = variable.seen.env_beside_config
    if value is None and beside is not None:
        value = value_in(beside, variable.name, variable.seen)
    if value is None:
        if container.setting(variable.name) is not None:
            return unset(variable)
        return None if container.open_ended else _not_passed(variable, container)
    if value == "" and variable.is_secret:
        return _blank(variable, container)
    return None


def _refused(variable: Variable, container: Container) -> Finding:
    """Report ``${NAME:?}`` without a value, or a substitution that is not valid."""
    if _works_once_set(variable, container):
        return unset(variable)
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


def _not_passed(variable: Variable, container: Container) -> Finding:
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


def _blank(variable: Variable, container: Container) -> Finding:
    if variable.by_exec and _works_once_set(variable, container):
        return needs_exec(variable)
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


def _works_once_set(variable: Variable, container: Container) -> bool:
    """Tell whether the container would get a value if Compose itself had the variable."""
    setting = container.setting(variable.name)
    if setting is None or setting.value is None:
        return setting is not None
    try:
        return bool(substitute(setting.value, {**container.project, variable.name: "x"}))
    except Unreadable:
        return False


def _line_for(variable: Variable) -> str:
    return f"{variable.name}: ${{{variable.name}:?}}"


def _line(variable: Variable, container: Container) -> int:
    setting = container.setting(variable.name)
    return container.service.line if setting is None else setting.line


def secret_as_received(seen: Seen) -> str | None:
    """Return the secret as the server gets it without ``exec``; None if it gets none."""
    smtp = None if seen.view is None else seen.view.smtp
    name = None if smtp is None or smtp.secret is None else secret_reference(smtp.secret)
    if name is None:
        return None
    if seen.container is None:
        return seen.environ.get(name) or value_in(seen.env, name, seen)
    try:
        value = seen.container.value(name)
    except Unreadable:
        return None
    beside = seen.env_beside_config
    return value_in(beside, name, seen) if value is None and beside is not None else value

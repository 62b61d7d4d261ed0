"""What the server gets for every ``${NAME}`` of config.toml where Compose does not start it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.check.env_rules import entries_of, line_in, value_in
from wizard.check.finding import Finding, Severity
from wizard.check.inspection import Seen
from wizard.config.current import Place
from wizard.config.settings import references
from wizard.errors import FileRefused
from wizard.formats.toml.statements import parse
from wizard.formats.toml.tokens import references as toml_references
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable that config.toml refers to, in ``line``."""

    seen: Seen
    name: str
    line: int | None
    is_secret: bool

    @property
    def by_exec(self) -> bool:
        """Whether ``exec`` would add it to the environment."""
        current = self.seen.current
        return self.seen.where.needs_exec and (
            current is not None and current.reference == self.name
        )

    def problem(
        self,
        code: str,
        message: str,
        remedy: str,
        path: Path | None = None,
        line: int | None = None,
    ) -> Finding:
        """Return an error, in config.toml where no other place is named."""
        if path is None:
            path, line = self.seen.config.path, self.line
        return Finding(code, Severity.ERROR, path, line, message, remedy)


_NOT_ASKED = ("keyring-timeout", "keyring-failed", "keyring-service-failed")
"""Why a keyring that is there did not say whether it has the secret."""


def variables(seen: Seen) -> Iterator[Variable]:
    """Yield the variables that can be judged: with a ``.env`` that its readers understand."""
    if seen.view is None or entries_of(seen.env, seen) is None:
        return
    secret = seen.view.smtp.secret if seen.view.smtp else None
    of_secret = references(secret or "")
    for name in sorted(seen.view.references):
        yield Variable(seen, name, _line_of(seen, name), name in of_secret)


def _line_of(seen: Seen, name: str) -> int | None:
    try:
        statements = parse(seen.config.text).statements
    except FileRefused:
        return None
    for statement in statements:
        if name in toml_references(statement.text):
            return statement.line_at(max(0, statement.text.find(f"${{{name}}}")))
    return None


def findings(seen: Seen) -> Iterator[Finding]:
    """Yield what keeps a variable from a server that is started without Compose."""
    if seen.container is not None:
        return
    for variable in variables(seen):
        value = seen.environ.get(variable.name)
        if value == "" and variable.is_secret:
            yield variable.problem(
                "environment-blank",
                _(
                    "{name} is set in this environment, but empty. Where the server's environment "
                    "sets it, too, that wins over .env.",
                    name=variable.name,
                ),
                f"unset {variable.name}",
            )
        elif value is None:
            value = value_in(seen.env, variable.name, seen)
            if value is None:
                yield unset(variable)
            elif value == "" and variable.is_secret:
                yield blank(variable)


def unset(variable: Variable) -> Finding:
    """Return the finding for a variable that nothing sets."""
    seen, name = variable.seen, variable.name
    if variable.by_exec:
        return needs_exec(variable)
    for env in seen.other_envs:
        if value_in(env, name, seen):
            reader = "Docker Compose" if seen.in_compose else _("the server")
            return variable.problem(
                "env-in-wrong-directory",
                _(
                    "{name} is set here, but {reader} reads {path}.",
                    name=name,
                    reader=reader,
                    path=seen.env.path,
                ),
                _("Move the line there."),
                env.path,
                line_in(env, name, seen),
            )
    problem = seen.where.keyring_problem
    if variable.is_secret and problem is not None and problem.code in _NOT_ASKED:
        return Finding(
            "keyring-not-asked",
            Severity.WARNING,
            seen.config.path,
            variable.line,
            _(
                "The secret ({name}) may be in the keyring, which could not be asked: {message}",
                name=name,
                message=problem.message,
            ),
            problem.remedy,
        )
    if variable.is_secret:
        return variable.problem(
            "secret-unset",
            _(
                "The secret ({name}) is neither in the environment nor in {path}, and no store "
                "has it.",
                name=name,
                path=seen.env.path,
            ),
            _("Store it: smtp-wizard set --secret-stdin"),
        )
    return variable.problem(
        "variable-unset",
        _(
            "Nothing sets {name}: neither the environment nor {path}.",
            name=name,
            path=seen.env.path,
        ),
        _("Write {name}=… into .env, unless the server's own unit sets it.", name=name),
    )


def blank(variable: Variable) -> Finding:
    """Return the finding for a secret without value in ``.env``."""
    env = variable.seen.env
    return variable.problem(
        "secret-blank",
        _("{name} has no value, so the server logs in with an empty password.", name=variable.name),
        _("Store the secret: smtp-wizard set --secret-stdin"),
        env.path,
        line_in(env, variable.name, variable.seen),
    )


def needs_exec(variable: Variable) -> Finding:
    """Return the note for a secret in a store that the server cannot read."""
    seen = variable.seen
    message = _("The secret is kept in the keyring, which the server cannot read by itself.")
    if seen.where.effective is Place.CREDENTIAL:
        message = _(
            "The secret is kept as a systemd credential, which the server cannot read by itself."
        )
    start = "docker compose up -d" if seen.in_compose else "bomnipotent_server …"
    return Finding(
        "secret-needs-exec",
        Severity.NOTE,
        seen.config.path,
        variable.line,
        message,
        _("Start it by: smtp-wizard exec -- {start}", start=start),
    )

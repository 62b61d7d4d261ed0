"""What the server gets for every ``${NAME}`` of config.toml where Compose does not start it.

The secret itself: where it stands in the open, and whether its TOML string can hold it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wizard.check.inspection import Inspection, entries_of, line_in, secret_as_received, value_in
from wizard.errors import FileRefused, Finding, InvalidValue, Severity
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.toml.statements import parse_toml, toml_references
from wizard.formats.urls import mask_url_password
from wizard.formats.variables import references
from wizard.secrets.store import SecretSource
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class ReferencedVariable:
    """One variable that config.toml refers to, in ``line``."""

    seen: Inspection
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
        return Finding(code, message, remedy, Severity.ERROR, path, line)


_NOT_ASKED = ("keyring-timeout", "keyring-failed", "keyring-service-failed")
"""Why a keyring that is there did not say whether it has the secret."""


def variables(seen: Inspection) -> Iterator[ReferencedVariable]:
    """Yield the variables that can be judged: with a ``.env`` that its readers understand."""
    if seen.view is None or entries_of(seen.env, seen) is None:
        return
    secret = seen.view.smtp.secret if seen.view.smtp else None
    of_secret = references(secret or "")
    for name in sorted(seen.view.references):
        yield ReferencedVariable(seen, name, _line_of(seen, name), name in of_secret)


def _line_of(seen: Inspection, name: str) -> int | None:
    try:
        statements = parse_toml(seen.config.text).statements
    except FileRefused:
        return None
    for statement in statements:
        if name in toml_references(statement.text):
            return statement.line_at(max(0, statement.text.find(f"${{{name}}}")))
    return None


def variable_findings(seen: Inspection) -> Iterator[Finding]:
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
                yield unset_finding(variable)
            elif value == "" and variable.is_secret:
                yield blank_finding(variable)


def unset_finding(variable: ReferencedVariable) -> Finding:
    """Return the finding for a variable that nothing sets."""
    seen, name = variable.seen, variable.name
    if variable.by_exec:
        return needs_exec_finding(variable)
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
            _(
                "The secret ({name}) may be in the keyring, which could not be asked: {message}",
                name=name,
                message=problem.message,
            ),
            problem.remedy,
            path=seen.config.path,
            line=variable.line,
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


def blank_finding(variable: ReferencedVariable) -> Finding:
    """Return the finding for a secret without value in ``.env``."""
    env = variable.seen.env
    return variable.problem(
        "secret-blank",
        _("{name} has no value, so the server logs in with an empty password.", name=variable.name),
        _("Store the secret: smtp-wizard set --secret-stdin"),
        env.path,
        line_in(env, variable.name, variable.seen),
    )


def needs_exec_finding(variable: ReferencedVariable) -> Finding:
    """Return the note for a secret in a store that the server cannot read."""
    seen = variable.seen
    message = _("The secret is kept in the keyring, which the server cannot read by itself.")
    if seen.where.effective is SecretSource.CREDENTIAL:
        message = _(
            "The secret is kept as a systemd credential, which the server cannot read by itself."
        )
    start = "docker compose up -d" if seen.in_compose else "bomnipotent_server …"
    return Finding(
        "secret-needs-exec",
        message,
        _("Start it by: smtp-wizard exec -- {start}", start=start),
        Severity.NOTE,
        seen.config.path,
        variable.line,
    )


def secret_findings(seen: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the secret."""
    current = seen.current
    if current is None or current.view.smtp is None:
        return
    smtp = current.view.smtp
    path, line = current.config.path, smtp.lines.get("secret")
    if current.literal_secret is not None:
        yield Finding(
            "secret-in-config",
            _(
                "The secret stands in config.toml itself, where everybody who may read the "
                "configuration sees it."
            ),
            _("Move it to .env: smtp-wizard set --secret-stdin"),
            path=path,
            line=line,
        )
    endpoint = smtp.endpoint or ""
    in_the_open = current.literal_secret is not None or mask_url_password(endpoint) != endpoint
    mode = current.config.mode
    if in_the_open and mode is not None and mode & stat.S_IRWXO:
        yield Finding(
            "config-world-readable",
            _(
                "Every account of this machine can read config.toml (mode {mode:04o}), and the "
                "secret in it.",
                mode=mode,
            ),
            _("Move the secret to .env: smtp-wizard set --secret-stdin"),
            Severity.ERROR,
            path,
        )
    value = secret_as_received(seen)
    if value:
        yield from _about_value(seen, value, line)


def _about_value(seen: Inspection, value: str, line: int | None) -> Iterator[Finding]:
    smtp = None if seen.view is None else seen.view.smtp
    name = None if seen.current is None else seen.current.reference
    if smtp is None or name is None:
        return
    if _breaks(name, value, smtp.secret_source):
        yield Finding(
            "secret-breaks-config",
            _(
                "The secret has quotation marks or backslashes in it that break the string in "
                "which config.toml refers to it."
            ),
            _("Store it again, which also rewrites the reference: smtp-wizard set --secret-stdin"),
            Severity.ERROR,
            seen.config.path,
            line,
        )
    if value != value.strip():
        yield Finding(
            "secret-blanks",
            _("The secret begins or ends with a blank, which is often copied along by mistake."),
            _("Store it again if that is not meant: smtp-wizard set --secret-stdin"),
            path=seen.config.path,
            line=line,
        )


def _breaks(name: str, value: str, source: str | None) -> bool:
    try:
        return choose_reference(name, value, source) != source
    except InvalidValue:
        return True

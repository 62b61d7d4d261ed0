"""The variables of config.toml for a server that Compose does not start, and the secret itself."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wizard.check.inspection import Inspection
from wizard.config.current import CurrentConfig
from wizard.config.settings import is_placeholder
from wizard.errors import Finding, InvalidValue, Severity, WizardError
from wizard.files.reading import TextFile
from wizard.formats.config_toml.reference import choose_reference
from wizard.formats.config_toml.view import SmtpValues
from wizard.formats.toml.statements import toml_references
from wizard.formats.urls import mask_url_password
from wizard.formats.variables import check_secret_variable, references
from wizard.secrets.sources import StoreKind
from wizard.secrets.unintended import unintended_characters
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class ReferencedVariable:
    """One variable that config.toml refers to, in ``line``."""

    inspection: Inspection
    name: str
    line: int | None
    is_secret: bool

    @property
    def through_exec(self) -> bool:
        """Whether ``exec`` would add it to the environment."""
        inspection = self.inspection
        return inspection.secret_sources.needs_exec and inspection.reference == self.name

    @property
    def destination(self) -> tuple[Path, str]:
        """The file in which the server would find a value of it, and what it is called there."""
        container = self.inspection.container
        target = None if container is None else container.target(self.name)
        return (self.inspection.env.path, self.name) if target is None else target[:2]

    @property
    def is_from_env_file(self) -> bool:
        """Whether the container gets it from an ``env_file`` alone, whatever the host has."""
        container = self.inspection.container
        files = () if container is None else container.env_files
        return self.destination[0] in {file.path for file in files}

    def error(
        self,
        code: str,
        message: str,
        remedy: str,
        path: Path | None = None,
        line: int | None = None,
    ) -> Finding:
        """Return an error, in config.toml where no other place is named."""
        if path is None:
            path, line = self.inspection.config.path, self.line
        return Finding(code, message, remedy, Severity.ERROR, path, line)


def referenced_variables(inspection: Inspection) -> Iterator[ReferencedVariable]:
    """Yield the variables that can be judged: with a ``.env`` that its readers understand."""
    if inspection.view is None or inspection.definitions(inspection.env) is None:
        return
    smtp = inspection.smtp
    of_secret = frozenset(references(smtp.secret or "") if smtp else ())
    lines = _lines(inspection)
    for name in sorted(inspection.view.references):
        yield ReferencedVariable(inspection, name, lines.get(name), name in of_secret)


def _lines(inspection: Inspection) -> dict[str, int]:
    """Return the line in which each variable is first referred to."""
    lines: dict[str, int] = {}
    text, line, position = inspection.config.text, 1, 0
    for name, offset in toml_references(text):
        line += text.count("\n", position, offset)
        position = offset
        lines.setdefault(name, line)
    return lines


def variable_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what keeps a variable from a server that is started without Compose."""
    if inspection.container is not None:
        return
    for variable in referenced_variables(inspection):
        if inspection.project is not None and inspection.project.doubt((variable.name,)):
            continue
        value = inspection.environ.get(variable.name)
        if value == "" and variable.is_secret:
            yield variable.error(
                "environment-blank",
                _(
                    "{name} is set in this environment, but empty. Where the server's environment "
                    "sets it, too, that wins over .env.",
                    name=variable.name,
                ),
                f"unset {variable.name}",
            )
        elif value is None:
            value = inspection.value_in(inspection.env, variable.name)
            if value is None:
                yield unset_finding(variable)
            elif value == "" and variable.is_secret:
                yield _blank_finding(variable)


def unset_finding(variable: ReferencedVariable) -> Finding:
    """Return the finding for a variable that nothing sets."""
    inspection, name = variable.inspection, variable.name
    if variable.through_exec:
        return needs_exec_finding(variable)
    for env in inspection.other_envs:
        if inspection.value_in(env, name):
            return _misplaced_finding(variable, env)
    if variable.is_secret:
        return _secret_unset_finding(variable)
    path, name = variable.destination
    message = _("Nothing sets {name}: neither the environment nor {path}.", name=name, path=path)
    remedy = _("Write {name}=… into .env, unless the server's own unit sets it.", name=name)
    if inspection.container is not None:
        remedy = _("Write {name}=… into {path}.", name=name, path=path)
        if variable.is_from_env_file:
            message = _(
                "The container does not get {name}: {path} does not set it.", name=name, path=path
            )
    return variable.error("variable-unset", message, remedy)


_NOT_ASKED = ("keyring-timeout", "keyring-failed", "keyring-service-failed")
"""Why a keyring that is there did not say whether it has the secret."""


def _secret_unset_finding(variable: ReferencedVariable) -> Finding:
    inspection = variable.inspection
    _store, problem = inspection.secret_sources.unanswered or (None, None)
    if problem is not None and problem.code in _NOT_ASKED:
        return Finding(
            "keyring-not-asked",
            _(
                "The secret ({name}) may be in the keyring, which could not be asked: {message}",
                name=variable.name,
                message=problem.message,
            ),
            problem.remedy,
            path=inspection.config.path,
            line=variable.line,
        )
    path, name = variable.destination
    message = _(
        "The secret ({name}) is neither in the environment nor in {path}, and no store has it.",
        name=name,
        path=path,
    )
    if variable.is_from_env_file:
        message = _(
            "The container does not get {name}: {path} does not set it.", name=name, path=path
        )
    return variable.error("secret-unset", message, _("Store it: smtp-wizard set --secret-stdin"))


def _misplaced_finding(variable: ReferencedVariable, env: TextFile) -> Finding:
    inspection = variable.inspection
    return variable.error(
        "env-in-wrong-directory",
        _(
            "{name} is set here, but {reader} reads {path}.",
            name=variable.name,
            reader="Docker Compose" if inspection.in_compose else _("the server"),
            path=variable.destination[0],
        ),
        _("Move the line there."),
        env.path,
        inspection.line_in(env, variable.name),
    )


def _blank_finding(variable: ReferencedVariable) -> Finding:
    """Return the finding for a secret without a value in ``.env``."""
    env = variable.inspection.env
    return variable.error(
        "secret-blank",
        _("{name} has no value, so the server logs in with an empty password.", name=variable.name),
        _("Store the secret: smtp-wizard set --secret-stdin"),
        env.path,
        variable.inspection.line_in(env, variable.name),
    )


def needs_exec_finding(variable: ReferencedVariable) -> Finding:
    """Return the note for a secret in a store that the server cannot read."""
    inspection = variable.inspection
    store = inspection.secret_sources.effective
    start = "docker compose up -d" if inspection.in_compose else "bomnipotent_server …"
    return Finding(
        "secret-needs-exec",
        _(store.needs_exec) if isinstance(store, StoreKind) else "",
        _("Start it by: smtp-wizard exec -- {start}", start=start),
        Severity.NOTE,
        inspection.config.path,
        variable.line,
    )


def secret_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the secret: where it is, and whether TOML can hold it."""
    current, smtp = inspection.current, inspection.smtp
    if current is None or smtp is None:
        return
    yield from _in_clear_findings(current, smtp)
    yield from _reserved_findings(current, smtp)
    if smtp.secret == "":
        yield Finding(
            "secret-blank",
            _("The secret is empty, so the server logs in with an empty password."),
            _(
                "Store it (smtp-wizard set --secret-stdin), or remove it where the mail server "
                "wants no login (smtp-wizard set --no-secret)."
            ),
            Severity.ERROR,
            current.config.path,
            smtp.lines.get("secret"),
        )
    name, value = inspection.reference, inspection.secret_as_received()
    if name and value and _breaks_string(name, value, smtp.secret_source):
        yield Finding(
            "secret-breaks-config",
            _(
                "The secret has quotation marks or backslashes in it that break the string in "
                "which config.toml refers to it."
            ),
            _("Store it again, which also rewrites the reference: smtp-wizard set --secret-stdin"),
            Severity.ERROR,
            current.config.path,
            smtp.lines.get("secret"),
        )
    if current.resolver.literal is not None:
        value = current.resolver.literal.reveal()
    path, line = inspection.place_of_secret()
    if is_placeholder(value or ""):
        yield Finding(
            "secret-placeholder",
            _("The secret is still the example from the documentation."),
            _("Store the real one: smtp-wizard set --secret-stdin"),
            Severity.ERROR,
            path,
            line,
        )
    container, name = inspection.container, inspection.reference
    if container is not None and name is not None and container.is_composed(name):
        return  # what is around the secret is in the compose file
    for finding in unintended_characters(value or ""):
        yield finding._replace(
            remedy=_("Store it again if that is not meant: smtp-wizard set --secret-stdin"),
            path=path,
            line=line,
        )


def _in_clear_findings(current: CurrentConfig, smtp: SmtpValues) -> Iterator[Finding]:
    path = current.config.path
    if current.resolver.literal is not None:
        yield Finding(
            "secret-in-config",
            _(
                "The secret is in config.toml itself, where everybody who may read the "
                "configuration sees it."
            ),
            _move_remedy(current, current.resolver.literal.reveal()),
            path=path,
            line=smtp.lines.get("secret"),
        )
    endpoint = smtp.endpoint or ""
    has_secret = current.resolver.literal is not None or mask_url_password(endpoint) != endpoint
    mode = current.config.mode
    if has_secret and mode is not None and mode & stat.S_IRWXO:
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


def _move_remedy(current: CurrentConfig, secret: str) -> str:
    """Return how to move the secret to ``.env``, where another value may be in its place."""
    name, known = current.variable, None
    with suppress(WizardError):
        known = current.lookup(name)
    if known in (None, "", secret):
        return _("Store it again, in .env: smtp-wizard set --secret-stdin")
    return _(
        "{name} has another value already, which the server does not use; check --fix cannot tell "
        "which of the two is right. Store that one: smtp-wizard set --secret-stdin",
        name=name,
    )


def _reserved_findings(current: CurrentConfig, smtp: SmtpValues) -> Iterator[Finding]:
    for name in references(smtp.secret or ""):
        try:
            check_secret_variable(name)
        except InvalidValue as problem:
            yield Finding.from_error(problem, current.config.path, smtp.lines.get("secret"))


def _breaks_string(name: str, value: str, source: str | None) -> bool:
    try:
        return choose_reference(name, value, source) != source
    except InvalidValue:
        return True

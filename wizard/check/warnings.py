"""What the operator should know about a plan before it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import islice
from shlex import quote
from typing import TYPE_CHECKING

from wizard.config.current import CurrentConfig, stranger_findings, unwritable_findings
from wizard.config.draft import Draft
from wizard.config.settings import settings_findings
from wizard.errors import Finding, InvalidValue, Severity
from wizard.files.encoding import byte_order_mark_remedy, decode
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.dotenv.quoting import readers_that_differ
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK
from wizard.formats.dotenv.variables import definition_lines
from wizard.formats.variables import Readers
from wizard.secrets.secret import Keep, Remove, Replace
from wizard.secrets.sources import ENV_FILE
from wizard.server.next_steps import store_consequence
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.saving.plan import Plan

_OTHER_ACCOUNTS = 0o077
_MOST_REQUIRED = 10
"""Variables to list: those after them are found when these have been set."""


def plan_warnings(current: CurrentConfig, draft: Draft, plan: Plan) -> tuple[Finding, ...]:
    """Return everything that works differently from what the operator may expect."""
    return tuple(_warnings(current, draft, plan))


def _warnings(current: CurrentConfig, draft: Draft, plan: Plan) -> Iterator[Finding]:
    if draft.delivers:
        for name in draft.unset_variables(current):
            yield Finding(
                "variable-unset",
                _(
                    "Nothing here sets {name}, to which config.toml refers. Make sure that it is "
                    "set where the server is started, or write it into {path}.",
                    name=name,
                    path=current.env.path,
                ),
            )
        # With verification skipped, mail settings that cannot work do no harm.
        with contextlib.suppress(InvalidValue):
            services = () if current.container is None else current.container.services
            yield from settings_findings(draft.settings(current), services)
        yield from _kept_warnings(current, draft)
        if isinstance(draft.secret, Replace) and draft.store is ENV_FILE:
            yield from _new_value_warnings(current, plan, draft.secret.secret.reveal())
        if isinstance(draft.secret, Replace):
            from wizard.secrets.unintended import unintended_characters  # for a new one only

            yield from unintended_characters(draft.secret.secret.reveal())
        if plan.variable is not None:
            yield from _variable_warnings(current, plan, plan.variable)
    yield from _left_behind(current, draft)
    yield from _relay_warnings(current, draft, plan)
    if draft.skip:
        yield from _skip_warnings(draft)
    changed = [each.before.path for each in plan.changes if each.changed]
    yield from unwritable_findings(current, changed)
    yield from stranger_findings(current)
    yield from _file_warnings(current, plan)


def _kept_warnings(current: CurrentConfig, draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong with the values that stay as they are."""
    for problem in draft.problems(current).values():
        if problem.code == "smtp-key-type":
            yield Finding(problem.code, problem.message, problem.remedy)
    if not isinstance(draft.secret, Keep):
        return
    if not draft.unset_variables(current):
        try:
            current.resolver.secret()
        except InvalidValue as empty:
            yield Finding(empty.code, empty.message, empty.remedy)
    if current.resolver.literal is not None:
        yield Finding(
            "secret-in-config",
            _(
                "The secret is in config.toml itself, where everybody who may read the "
                "configuration sees it. Enter it again to move it to .env."
            ),
        )


def _left_behind(current: CurrentConfig, draft: Draft) -> Iterator[Finding]:
    """Yield that the secret stays in ``.env`` because Compose requires it."""
    name, container = current.reference, current.container
    leaves = isinstance(draft.secret, Remove) or draft.relay is not None
    if not leaves or name is None or container is None or not container.requires(name):
        return
    place = container.project.find_entry(container.service, name)
    if container.value(name):
        yield Finding(
            "secret-required",
            _(
                "{path}, {lines}: Docker Compose requires {name}, so the secret stays where it "
                "is. Remove this line, then the secret.",
                path=place.path,
                lines=place.lines,
                name=name,
            ),
            path=place.path,
            line=place.line,
        )


def _relay_warnings(current: CurrentConfig, draft: Draft, plan: Plan) -> Iterator[Finding]:
    if draft.relay is None:
        return
    from wizard.config.relay import PASSWORD

    if plan.to_paste and current.container is not None:
        path = current.container.project.files[-1]
        yield Finding(
            "relay-to-add",
            _("Add the relay to {path} yourself; Docker Compose has to have this:", path=path)
            + f"\n{plan.to_paste}",
            path=path,
        )
    secret = draft.effective_secret(current)
    if secret is not None and current.environ.get(PASSWORD, secret.reveal()) != secret.reveal():
        yield _environment_wins(PASSWORD)


def _environment_wins(name: str) -> Finding:
    return Finding(
        "environment-wins",
        _(
            "{name} is also set in this environment, with another value. Where the "
            "server's environment sets it, too, that value wins over .env.",
            name=name,
        ),
    )


def _new_value_warnings(current: CurrentConfig, plan: Plan, value: str) -> Iterator[Finding]:
    """Yield where a value that goes into ``.env`` may not be the one that is used."""
    if plan.variable is None:
        return
    file = current.secret_file(plan.variable)
    name = file.variable
    if current.environ.get(name, value) != value:
        yield _environment_wins(name)
    if file.readers is Readers.COMPOSE_RAW:
        return
    path = file.snapshot.path
    after = next(each.after for each in plan.changes if each.before.path == path)
    text = decode(after or b"", path.name)
    lines = definition_lines(text, name, current.environ, file.readers)
    if readers := readers_that_differ(lines, value):
        yield Finding(
            "secret-misread",
            _(
                "The server and Docker Compose read this secret exactly, but other readers of "
                ".env do not: {readers}. Should one of them read the file, choose a secret of "
                "letters and digits, and write its line as NAME=value.",
                readers="; ".join(f"{_(each.reader)} {each.reason}" for each in readers),
            ),
        )


def _variable_warnings(current: CurrentConfig, plan: Plan, name: str) -> Iterator[Finding]:
    """Yield what keeps the secret's variable from a server that is started as before."""
    if plan.needs_exec:
        yield Finding(
            "secret-needs-exec",
            _("The server cannot read this place by itself.")
            + " "
            + store_consequence(plan.store, current.layout.kind),
        )
    container = current.container
    if container is None:
        return
    doubt = container.doubt((name,))
    reason = doubt or container.caveat
    if container.service and container.refusal:  # make_plan has seen that this write repairs it
        doubt = reason = ""
    if reason:
        yield Finding(
            "compose-not-judged",
            _(
                "It is not known whether the container gets {name} from {path}: {reason}.",
                name=name,
                path=current.secret_file(name).snapshot.path,
                reason=reason,
            ),
            _("Where Docker Compose is installed and answers, docker compose config shows it."),
            path=current.layout.compose_file,
        )
    if container.service and not doubt:
        yield from _container_warnings(current, container, name)


def _container_warnings(
    current: CurrentConfig, container: Container, name: str
) -> Iterator[Finding]:
    """Yield what keeps a new value of ``name`` from the container."""
    if container.required:
        from wizard.check.compose_rules import required_findings

        yield from islice(required_findings(container, (name,)), _MOST_REQUIRED)
    project = container.project
    if not container.passes(name):
        if current.is_in_own_env(name):
            return
        place, lines = container.addition(name)
        sentence = N_(
            "{path}, {lines}: the service {service} does not pass {name} to the container. Add "
            "to it:"
        )
        if container.resets_environment:
            sentence = N_(
                "{path}, {lines}: the service {service} passes nothing to the container. Replace "
                "this line with:"
            )
        yield Finding(
            "compose-variable-not-passed",
            _(
                sentence,
                path=place.path,
                lines=place.lines,
                service=container.service,
                name=name,
            )
            + "".join(f"\n    {line}" for line in lines),
            path=place.path,
            line=place.line,
        )
    elif not project.env_files:
        yield Finding(
            "compose-env-disabled",
            _(
                "COMPOSE_DISABLE_ENV_FILE is set here, so Docker Compose reads no .env. Unset it, "
                "or set {name} in the environment yourself.",
                name=container.origin(name).variable,
            ),
        )
    elif container.target(name) is None:
        place = project.find_entry(container.service, name)
        yield Finding(
            "compose-value-fixed",
            _(
                "{path}, {lines}: the container keeps the value written here. Replace that line "
                "with:",
                path=place.path,
                lines=place.lines,
            )
            + f"\n    {container.new_line(name)}",
            path=place.path,
            line=place.line,
        )


def ask_container_again(current: CurrentConfig, draft: Draft, plan: Plan) -> Finding | None:
    """Ask Compose, once ``plan`` is written, whether the container will get the new secret.

    Returns a note if it will, a warning if not, and None where Compose has no say in it, or gave
    no answer before.
    """
    if current.container is not None and current.container.asked == "files":
        return None
    if not isinstance(draft.secret, Replace) or plan.variable is None or plan.needs_exec:
        return None
    container = current.with_container().container
    if container is None or not container.service or container.asked == "files":
        return None
    if container.refusal or container.required:
        reason = container.refusal or ", ".join(container.required)
        return Finding(
            "compose-refused", _("Docker Compose starts nothing: {reason}.", reason=reason)
        )
    value = container.value(plan.variable)
    if value is None and current.is_in_own_env(plan.variable):
        return None
    if value != draft.secret.secret.reveal():
        message = N_("Docker Compose, asked again, gives the container another secret.")
        if value is None:
            message = N_("Docker Compose, asked again, gives the container no secret.")
        return Finding(
            "container-secret-differs",
            _(message),
            _("Before you start it again, correct what smtp-wizard check reports."),
        )
    message = _("Docker Compose confirms it: the container will get the new secret.")
    return Finding("container-secret-written", message, severity=Severity.NOTE)


def _skip_warnings(draft: Draft) -> Iterator[Finding]:
    yield Finding(
        "verification-skipped",
        _(
            "Users are not verified: anybody can register with an address that is not theirs. "
            "The server warns in its log for every mail it does not send."
        ),
    )
    if draft.skip_key is None:
        yield Finding(
            "skip-form-assumed",
            _(
                "Nothing tells the server's version, so the form of 0.5 and 0.6 is written "
                "({path}); a server since 0.7 does not start with it.",
                path=SkipKey.GLOBAL.path[0],
            ),
            _("Name the version with --server-version X.Y."),
        )


def _file_warnings(current: CurrentConfig, plan: Plan) -> Iterator[Finding]:
    for name, line in current.view.misnamed:
        yield Finding(
            "section-misnamed",
            _(
                "Line {line} of config.toml says [{name}], which the server does not know. "
                "The section must be called [smtp].",
                line=line,
                name=name,
            ),
        )
    mode = current.env.mode
    if mode is not None and mode & _OTHER_ACCOUNTS and plan.variable is not None:
        yield Finding(
            "env-readable-by-others",
            _(
                "{path} can be read by other accounts of this machine (mode {mode:04o}). "
                "Unless the server needs that: {command}",
                path=current.env.path,
                mode=mode,
                command=f"chmod 600 {quote(str(current.env.path))}",
            ),
        )
    if plan.variable is not None and current.env_text.startswith(BYTE_ORDER_MARK):
        yield Finding(
            "byte-order-mark",
            _(
                "{path} begins with a byte order mark, as Windows writes it: systemd and a shell "
                "do not find the variable in its first line.",
                path=current.env.path,
            )
            + " "
            + byte_order_mark_remedy(current.env.path),
        )
    if not current.configured and current.view.missing_required:
        yield Finding(
            "server-settings-missing",
            _(
                "The server does not start before config.toml has these settings, too: "
                "{missing}. They are described on doc.bomnipotent.de, page "
                '"Required Configs".',
                missing=", ".join(current.view.missing_required),
            ),
        )

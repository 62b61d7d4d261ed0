"""``.env``: do its readers understand it, who else can read it, and does git leave it alone."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from shlex import quote

from wizard.check.git import GitState
from wizard.check.inspection import Inspection, line_of
from wizard.config.settings import is_placeholder
from wizard.errors import FileRefused, Finding, Severity
from wizard.files.encoding import byte_order_mark_remedy
from wizard.files.reading import TextFile
from wizard.formats.dotenv.reading import BYTE_ORDER_MARK
from wizard.formats.dotenv.variables import Definition, read_definitions
from wizard.formats.variables import DEFAULT_VARIABLE, Readers, references
from wizard.text.language import N_, _

_GIT = {
    GitState.NOT_IGNORED: (
        "env-not-ignored",
        Severity.WARNING,
        N_("git does not ignore this file, so that it is easily committed with the secret in it."),
        N_("Add a line to .gitignore:   .env"),
    ),
    GitState.TRACKED: (
        "env-tracked",
        Severity.ERROR,
        N_("git keeps this file in its history, with the secret in it."),
        N_("Take it out (git rm --cached .env), ignore it, and have a new secret generated."),
    ),
    GitState.DUBIOUS: (
        "env-git-not-asked",
        Severity.NOTE,
        N_(
            "This is in a git repository of another account, into which git does not look, so "
            "that it is not known whether git keeps or ignores the file."
        ),
        N_("Run the check as the account that the repository belongs to."),
    ),
}


def env_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with every ``.env`` that was found."""
    for env in (inspection.env, *inspection.other_envs):
        if not env.exists:
            continue
        if env.problem is not None:
            yield Finding.from_error(env.problem, env.path)
        else:
            yield from _content_findings(inspection, env)
        yield from _placeholder_findings(inspection, env)
        yield from _access_findings(env)
        if rule := _GIT.get(inspection.git.get(env.path, GitState.UNKNOWN)):
            code, severity, message, remedy = rule
            yield Finding(code, _(message), _(remedy), severity, env.path)
    for path in inspection.stray_copies:
        yield Finding(
            "env-stray-copy",
            _(
                "This looks like a copy of .env that an editor or a backup has left; the secret "
                "may still be in it."
            ),
            _("Remove it if you do not need it: rm {name}", name=quote(path.name)),
            path=path,
        )


def _placeholder_findings(inspection: Inspection, env: TextFile) -> Iterator[Finding]:
    """Find examples of the documentation; that of the secret is a finding of its own."""
    for each in inspection.definitions(env) or ():
        if each.name != inspection.reference and is_placeholder(each.compose.value or ""):
            yield Finding(
                "placeholder",
                _("{key} is still the example from the documentation.", key=each.name),
                _("Write your own value."),
                path=env.path,
                line=line_of(env, each),
            )


def _access_findings(env: TextFile) -> Iterator[Finding]:
    mode = env.mode
    if mode is None:
        return
    if mode & stat.S_IRWXO:
        message = N_("Every account of this machine can read the file (mode {mode:04o}).")
        if mode & stat.S_IWOTH:
            message = N_("Every account of this machine can write the file (mode {mode:04o}).")
        yield Finding(
            "env-world-readable",
            _(message, mode=mode),
            _(
                "chmod 600 {path}   (640 where the server runs as another account of its group)",
                path=quote(str(env.path)),
            ),
            Severity.ERROR,
            env.path,
        )
    elif mode & stat.S_IRWXG:
        yield Finding(
            "env-group-readable",
            _(
                "All accounts of the file's group can read or write it (mode {mode:04o}).",
                mode=mode,
            ),
            _("Unless the server needs that: chmod 600 {path}", path=quote(str(env.path))),
            Severity.NOTE,
            env.path,
        )


def _content_findings(inspection: Inspection, env: TextFile) -> Iterator[Finding]:
    try:
        readers = inspection.readers_of(env)
        read_definitions(env.text, inspection.environ, readers=readers)
    except FileRefused as error:
        yield Finding.from_error(error, env.path)
        return
    if env.text.startswith(BYTE_ORDER_MARK):
        yield Finding(
            "byte-order-mark",
            _(
                "The file begins with a byte order mark, as Windows writes it: systemd and a shell "
                "do not find the variable in the first line."
            ),
            byte_order_mark_remedy(env.path),
            path=env.path,
            line=1,
        )
    smtp, view = inspection.smtp, inspection.view
    for name in references(smtp.secret or "") if smtp else ():
        found = inspection.definitions_of(env, name)
        yield from _value_findings(env, name, found, readers)
    default = inspection.definitions_of(env, DEFAULT_VARIABLE)
    unused = [each for each in default if each.dotenvy.value]
    if unused and view and inspection.config.exists and DEFAULT_VARIABLE not in view.references:
        yield Finding(
            "variable-unused",
            _(
                "{name} is set here, but config.toml does not refer to it.",
                name=DEFAULT_VARIABLE,
            ),
            _(
                'Write in its section [smtp]   secret = "${{{name}}}"   or remove this line.',
                name=DEFAULT_VARIABLE,
            ),
            path=env.path,
            line=line_of(env, unused[0]),
        )


def _value_findings(
    env: TextFile, name: str, found: Sequence[Definition], readers: Readers
) -> Iterator[Finding]:
    values = {value for each in found for value in (each.dotenvy.value, each.compose.value)}
    if len(values) < 2:
        return
    if readers is not Readers.SERVER_AND_COMPOSE:
        yield Finding(
            "env-duplicate",
            _(
                "{name} is defined {count} times with different values; Docker Compose takes the "
                "last one.",
                name=name,
                count=len(found),
            ),
            _("Keep one of the lines."),
            path=env.path,
            line=line_of(env, found[-1]),
        )
        return
    if len(found) > 1:
        yield Finding(
            "env-duplicate",
            _(
                "{name} is defined {count} times with different values: the server takes the "
                "first, Docker Compose the last.",
                name=name,
                count=len(found),
            ),
            _("Keep one of the lines."),
            Severity.ERROR,
            env.path,
            line_of(env, found[-1]),
        )
        return
    yield Finding(
        "env-value-read-differently",
        _(
            "The server and Docker Compose do not read the same value of {name}: one of its "
            "characters means something to one of them.",
            name=name,
        ),
        _("Store the secret again, then it is quoted for both: smtp-wizard set --secret-stdin"),
        Severity.ERROR,
        env.path,
        line_of(env, found[0]),
    )

"""``exec -- CMD…``: become CMD, with the secret in the variable that config.toml refers to.

The server reads its environment and ``.env`` only; this is the way from every other store to it.
"""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from wizard.cli import output
from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import Layout, find_layout
from wizard.errors import FileRefused, StoreUnusable, UsageError
from wizard.files.refusals import os_reason
from wizard.secrets.secret import Secret
from wizard.system.memory import protect_memory, restore_memory_limits
from wizard.text.language import _

NOT_EXECUTABLE, NOT_FOUND = 126, 127


def run(options: Namespace) -> int:
    """Become the program; returns an exit code only where that is impossible.

    Fails closed: without the secret that config.toml asks for, nothing is started.
    """
    before = protect_memory()
    program = _program(options)
    secrets = _secrets(options)
    environ = _environment(secrets)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    restore_memory_limits(before)
    try:
        if not program[0]:  # which execvpe takes for a mistake of the caller
            raise FileNotFoundError
        os.execvpe(program[0], program, environ)  # noqa: S606  (no shell is the point)
    except OSError as error:
        return _not_started(program[0], error, options)


def _program(options: Namespace) -> list[str]:
    if options.stray:
        raise UsageError(
            "exec-needs-dashes",
            _("exec needs -- before the command."),
            _("Write: smtp-wizard exec -- CMD…"),
        )
    if not options.program:
        raise UsageError(
            "exec-needs-command",
            _("exec needs a command to start."),
            _("For example: smtp-wizard exec -- docker compose up -d"),
        )
    return list(options.program)


def _secrets(options: Namespace) -> Mapping[str, Secret]:
    place = find_layout(options.config, options.env_file)
    now = _load(place)
    if not now.config.exists:
        raise FileRefused(
            "config-missing",
            _("There is no such configuration, so it is not known which variable it refers to."),
            _("Name it with -c PATH."),
            path=place.config,
        )
    try:
        return now.resolver.for_exec()
    except FileRefused as error:
        raise _as_store(error) from None


def _load(place: Layout) -> CurrentConfig:
    try:
        return load_config(place)
    except FileRefused as error:
        raise (_as_store(error) if error.path == place.env_file else error) from None


def _as_store(error: FileRefused) -> StoreUnusable:
    """Return the refusal of ``.env`` as what it is here: a store that cannot be read."""
    return StoreUnusable(error.code, error.message, error.remedy, path=error.path, line=error.line)


def _environment(secrets: Mapping[str, Secret]) -> Mapping[bytes, bytes] | Mapping[str, str]:
    """Return this environment with the secret in its one variable."""
    if not secrets:
        return os.environ
    if not os.supports_bytes_environ:
        return {**os.environ, **{name: secret.reveal() for name, secret in secrets.items()}}
    # As bytes: the server reads UTF-8, whatever the locale of this session is.
    environ = dict(os.environb)
    for name, secret in secrets.items():
        environ[name.encode()] = secret.reveal().encode()
    return environ


def _not_started(name: str, error: OSError, options: Namespace) -> int:
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    # A directory of PATH that may not be searched hides nothing that was meant.
    missing = missing or (os.sep not in name and shutil.which(name, os.F_OK) is None)
    if missing and not (os.sep in name and Path(name).exists()):
        failure = StoreUnusable(
            "command-not-found",
            _("{name}: command not found.", name=name),
            _("Check its name and PATH."),
        )
        output.failure(failure, as_json=options.json)
        return NOT_FOUND
    why = _("its interpreter is missing") if missing else os_reason(error)
    failure = StoreUnusable(
        "command-not-executable",
        _("{name}: cannot be started: {reason}.", name=name, reason=why),
        _("Name a program or a script whose first line names its interpreter."),
    )
    output.failure(failure, as_json=options.json)
    return NOT_EXECUTABLE

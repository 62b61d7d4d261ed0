"""``exec -- CMD…``: become CMD, with the secret in the variable that config.toml refers to.

The server reads only its environment and ``.env``; this brings it a secret from any other store.
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
    """Become the program; return an exit code only if that is impossible.

    Without the secret that config.toml asks for, nothing is started.
    """
    original_limits = protect_memory()
    program = _program(options)
    secrets = _secrets(options)
    environ = _environment(secrets)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    restore_memory_limits(original_limits)
    try:
        if not program[0]:  # for which execvpe raises ValueError
            raise FileNotFoundError
        os.execvpe(program[0], program, environ)  # noqa: S606  (deliberately without a shell)
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
    layout = find_layout(options.config, options.env_file)
    current = _load(layout)
    if not current.config.exists:
        raise FileRefused(
            "config-missing",
            _("There is no such configuration, so it is not known which variable it refers to."),
            _("Name it with -c PATH."),
            path=layout.config,
        )
    try:
        return current.resolver.for_exec()
    except FileRefused as error:
        raise _as_store_unusable(error) from None


def _load(layout: Layout) -> CurrentConfig:
    try:
        return load_config(layout)
    except FileRefused as error:
        raise (_as_store_unusable(error) if error.path == layout.env_file else error) from None


def _as_store_unusable(error: FileRefused) -> StoreUnusable:
    """Return a refusal of ``.env``, which is a secret store here."""
    return StoreUnusable(error.code, error.message, error.remedy, path=error.path, line=error.line)


def _environment(secrets: Mapping[str, Secret]) -> Mapping[bytes, bytes] | Mapping[str, str]:
    """Return the environment with the secret in its variable."""
    if not secrets:
        return os.environ
    if not os.supports_bytes_environ:
        return {**os.environ, **{name: secret.reveal() for name, secret in secrets.items()}}
    # As bytes: the server reads UTF-8, whatever the locale here.
    environ = dict(os.environb)
    for name, secret in secrets.items():
        environ[name.encode()] = secret.reveal().encode()
    return environ


def _not_started(name: str, error: OSError, options: Namespace) -> int:
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    # execvpe reports a forbidden directory in PATH even if no other directory has the program.
    missing = missing or (os.sep not in name and shutil.which(name, os.F_OK) is None)
    if missing and not (os.sep in name and Path(name).exists()):
        failure = StoreUnusable(
            "command-not-found",
            _("{name}: command not found.", name=name),
            _("Check its name and PATH."),
        )
        output.failure(failure, as_json=options.json)
        return NOT_FOUND
    reason = _("its interpreter is missing") if missing else os_reason(error)
    failure = StoreUnusable(
        "command-not-executable",
        _("{name}: cannot be started: {reason}.", name=name, reason=reason),
        _("Name a program or a script whose first line names its interpreter."),
    )
    output.failure(failure, as_json=options.json)
    return NOT_EXECUTABLE

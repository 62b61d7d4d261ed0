"""``exec -- CMD…``: become CMD, with the secret in the variable that config.toml refers to.

The server reads only its environment and ``.env``; this brings it a secret from any other store.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from argparse import Namespace
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from wizard.cli import output
from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import Layout, find_layout
from wizard.errors import FileRefused, InvalidValue, StoreUnusable, UsageError
from wizard.files.location import trusted_accounts
from wizard.files.refusals import account_name, os_reason
from wizard.formats.variables import check_secret_variable, references
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
        if stream is not None:  # a stream that was closed is None
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
    smtp = current.view.smtp
    names = references(smtp.secret or "") if smtp else ()
    if not names:
        return {}
    for name in names:
        try:
            check_secret_variable(name)
        except InvalidValue as problem:
            line = smtp.lines.get("secret") if smtp else None
            raise FileRefused(
                problem.code, problem.message, problem.remedy, path=layout.config, line=line
            ) from None
    if os.geteuid() == 0:
        _check_controlled_by_root(current)
    current = replace(current, environ=os.environ)  # which the program gets anyway
    try:
        secrets = current.with_container().resolver.for_exec()
    except FileRefused as error:
        raise _as_store_unusable(error) from None
    for name in secrets:  # which the compose file may have chosen
        check_secret_variable(name)
    return secrets


def _check_controlled_by_root(current: CurrentConfig) -> None:
    """Refuse files through which another account would decide what a program of root gets.

    The account that has called sudo is trusted: it could start the program itself.
    """
    accounts, caller = trusted_accounts(), os.environ.get("SUDO_GID", "")
    groups = {0, int(caller)} if caller.isdecimal() else {0}
    compose_file = current.layout.compose_file
    files = [(each.path, each.target) for each in (current.config, current.env) if each.exists]
    if compose_file is not None:
        files.append((compose_file, Path(os.path.realpath(compose_file))))
    for file, target in files:
        for path in dict.fromkeys((file, target)):
            for component in (path, *path.parents):
                _check_component(file, component, accounts, groups)


def _check_component(
    path: Path, component: Path, accounts: Collection[int], groups: Collection[int]
) -> None:
    status = component.lstat()
    if status.st_uid not in accounts:
        account = account_name(status.st_uid)
        raise FileRefused(
            "file-not-trusted",
            _(
                "{component} belongs to the account {account}, which could thereby decide what a "
                "program of root gets.",
                component=component,
                account=account,
            ),
            _(
                "Start the program as that account: sudo -u {account} smtp-wizard exec -- CMD…",
                account=shlex.quote(account),
            ),
            path=path,
        )
    writers = stat.S_IWOTH if status.st_gid in groups else stat.S_IWOTH | stat.S_IWGRP
    protected = stat.S_ISLNK(status.st_mode) or (
        stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX  # as /tmp is
    )
    if status.st_mode & writers and not protected:
        raise FileRefused(
            "file-not-trusted",
            _(
                "Other accounts may change {component}, and could thereby decide what a program "
                "of root gets.",
                component=component,
            ),
            _("Withdraw that permission: chmod go-w {path}", path=shlex.quote(str(component))),
            path=path,
        )


def _load(layout: Layout) -> CurrentConfig:
    try:
        return load_config(layout)
    except FileRefused as error:
        if error.path == layout.env_file and error.code != "path-not-trusted":
            raise _as_store_unusable(error) from None
        raise


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
        output.failure(failure, options.format)
        return NOT_FOUND
    reason = _("its interpreter is missing") if missing else os_reason(error)
    failure = StoreUnusable(
        "command-not-executable",
        _("{name}: cannot be started: {reason}.", name=name, reason=reason),
        _("Name a program or a script whose first line names its interpreter."),
    )
    output.failure(failure, options.format)
    return NOT_EXECUTABLE

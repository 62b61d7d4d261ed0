"""A draft from the flags for values, shared by ``set`` and ``test``."""

from __future__ import annotations

import codecs
import os
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from wizard.cli.parser import secret_as_argument
from wizard.config.draft import Draft
from wizard.config.endpoint import Endpoint
from wizard.config.settings import SWITCHES, TEXT_KEYS
from wizard.errors import InvalidValue, UsageError, as_flags
from wizard.files.encoding import is_utf16, utf8_remedy
from wizard.files.location import Location
from wizard.files.refusals import file_unreadable
from wizard.formats.dotenv.quoting import check_value
from wizard.formats.variables import check_variable, references
from wizard.secrets.secret import Remove, Replace, Secret, SecretEdit
from wizard.text.language import _

_MAX_SECRET_BYTES = 8192
_DESCRIPTORS = ("/dev/fd", "/dev/stdin", "/proc/self/fd")
"""What is there may be a pipe, as from ``<(command)``, which is in no directory."""


def values_given(options: Namespace) -> bool:
    """Whether a flag gives any value of the mail settings."""
    values = (getattr(options, key) for key in (*TEXT_KEYS, *SWITCHES))
    return any(value is not None for value in values) or secret_given(options)


def secret_given(options: Namespace) -> bool:
    """Whether a flag gives a secret, or says that there is none."""
    has_source = options.secret_file is not None or options.secret_env is not None
    return bool(has_source or options.secret_stdin or options.no_secret)


def apply_flags(draft: Draft, options: Namespace) -> Draft:
    """Return ``draft`` with the values given by flags; all others stay.

    Raises :class:`InvalidValue` for a value that cannot work.
    """
    given = {
        key: getattr(options, key)
        for key in (*TEXT_KEYS, *SWITCHES)
        if getattr(options, key) is not None
    }
    for key in given:
        if key not in TEXT_KEYS:
            continue
        _check_encodable(key, given[key])
        if not references(given[key]):
            try:
                value = TEXT_KEYS[key](given[key])
            except InvalidValue as problem:
                raise with_flag(key, problem) from None
            if isinstance(value, Endpoint):
                if value.credentials is not None and value.credentials[1].reveal():
                    raise secret_as_argument()
                given[key] = value.text
    draft = replace(draft, **given)
    secret = read_secret(options)
    return draft if secret is None else replace(draft, secret=secret)


def with_flag(key: str, problem: InvalidValue) -> InvalidValue:
    """Return the problem of a value with the flag that corrects it, if any, as its remedy."""
    if problem.correction:
        problem.remedy = _("Give it as: {flags}", flags=as_flags(problem.correction))
    return problem


def _check_encodable(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue(
            f"{name}-characters",
            _("The {name} is not valid UTF-8.", name=name),
            _("Check the encoding of your terminal or script."),
        ) from None


def read_secret(options: Namespace) -> SecretEdit | None:
    """Return the secret given by flags; None if there is none."""
    if options.no_secret:
        return Remove()
    if options.secret_stdin:
        data = _from_stdin()
    elif options.secret_file is not None:
        data = _from_file(options.secret_file)
    elif options.secret_env is not None:
        data = _from_environment(options.secret_env)
    else:
        return None
    text = _one_line(data)
    check_value(text)
    return Replace(Secret(text))


def _from_stdin() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "secret-stdin-is-terminal",
            _("--secret-stdin reads from a pipe or a file, so that the secret is not shown."),
            _("For example: smtp-wizard set --secret-stdin < FILE"),
        )
    return _read_all(sys.stdin.buffer)


def _read_all(stream: BinaryIO) -> bytes:
    """Read to the end, but not much more than a secret can have; wait where nothing is there yet.

    A pipe that somebody has made non-blocking gives None or a part of what is still to come.
    """
    data = b""
    read: Callable[[int], bytes | None] = stream.read
    while (piece := read(_MAX_SECRET_BYTES + len(b"\r\n") + 1 - len(data))) != b"":
        if piece is None:
            import select  # hardly ever

            select.select([stream], [], [])
        else:
            data += piece
    return data


def _from_file(path: Path) -> bytes:
    try:
        if any(map(path.is_relative_to, _DESCRIPTORS)):
            stream = path.open("rb")
        else:
            with Location(path) as location, location.rights():
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(location.name, flags, dir_fd=location.descriptor)
                stream = os.fdopen(descriptor, "rb")
        with stream:
            return _read_all(stream)
    except OSError as error:
        raise file_unreadable(path, error) from None


def _from_environment(name: str) -> bytes:
    check_variable(name)
    value = os.environ.get(name)
    if value is None:
        raise UsageError(
            "secret-env-unset",
            _("The environment variable {name} is not set.", name=name),
            _("Export it, or use --secret-stdin."),
        )
    return os.fsencode(value)


def _one_line(data: bytes) -> str:
    line = data.removesuffix(b"\n").removesuffix(b"\r")
    if len(line) > _MAX_SECRET_BYTES:
        raise InvalidValue(
            "secret-too-long",
            _("The secret is longer than {limit} bytes.", limit=_MAX_SECRET_BYTES),
            _("Check that this is the right file."),
        )
    _check_encoding(data)
    if b"\n" in line or b"\r" in line:
        raise InvalidValue(
            "secret-multiline",
            _("The secret has more than one line."),
            _("Give exactly one line."),
        )
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise InvalidValue(
            "secret-not-utf8", _("The secret is not valid UTF-8."), _("Store it as UTF-8.")
        ) from None


def _check_encoding(data: bytes) -> None:
    """Refuse what Windows writes by default, and say what it is: it looks right in an editor."""
    if is_utf16(data):
        raise InvalidValue(
            "secret-utf16",
            _("The secret is encoded as UTF-16, as Windows PowerShell writes files."),
            utf8_remedy(),
        )
    if data.startswith(codecs.BOM_UTF8):
        raise InvalidValue(
            "secret-byte-order-mark",
            _("There is a byte order mark before the secret, as Windows writes it into files."),
            _("Save it as UTF-8 without it, or remove it: sed '1s/^\\xef\\xbb\\xbf//' OLD > NEW"),
        )

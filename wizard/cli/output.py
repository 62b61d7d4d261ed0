"""Results on stdout, messages on stderr, failures as a sentence or as JSON."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any, TextIO

from wizard.errors import WizardError
from wizard.text.display import escape_controls
from wizard.text.language import _

DEFECT = 1
ABORTED = 130


def tolerate_encoding() -> None:
    """Let no character that the locale cannot show end the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError):  # a stream that fails is met again when it is used
                stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """Print a message for the operator, unless nobody can read it any more."""
    if sys.stderr is None:  # closed: print would write to stdout instead
        return
    with contextlib.suppress(OSError):
        print(escape_controls(message), file=sys.stderr, flush=True)  # noqa: T201


def say_nothing(message: str) -> None:
    """Say nothing; stands for :func:`say` or :func:`result` where JSON is asked for."""


def silence_libraries() -> None:
    """Let no library print what it logs, such as the message of an error that nobody awaited.

    It may hold a secret. Without any handler, Python would print it.
    """
    import logging  # only here: it takes its time

    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def result(text: str) -> None:
    """Print a part of the result."""
    try:
        print(escape_controls(text), flush=True)  # noqa: T201
    except OSError as error:
        raise Unprintable(error) from None


def document(content: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command."""
    import json  # only here: it takes its time

    result(json.dumps(content, indent=1))


def symbols(stream: TextIO | None = None) -> Mapping[str, str]:
    """Return outcome → mark, in ASCII where the stream cannot show more."""
    marks = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "-"}
    try:
        "✓✗".encode(getattr(stream or sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        marks |= {"pass": "+", "fail": "x"}
    return marks


def error_document(error: WizardError) -> dict[str, Any]:
    """Return a failure as the contract prints it."""
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "path": None if error.path is None else str(error.path),
        "line": error.line,
    }


def failure(error: WizardError, *, as_json: bool) -> None:
    """Print a failure."""
    if as_json:
        document({"error": error_document(error)})
    else:
        say(f"smtp-wizard: {error}")


def defect(error: BaseException, options: Namespace | None, *, as_json: bool, debug: bool) -> int:
    """Report a defect of the program in one sentence and a file; return the exit code.

    With ``debug`` the report is printed, too. It names places in the code only: messages and
    values may hold a secret.
    """
    from wizard.system.crash_report import (  # only here: it takes its time
        CrashContext,
        StepCrashed,
        crash_report_text,
        save_crash_report,
    )

    stage = ""
    if isinstance(error, StepCrashed):
        stage, error = error.stage, error.__cause__ or error
    content = crash_report_text(error, CrashContext(_command(options), stage, _layout(options)))
    path = save_crash_report(content)
    if debug:
        say(content)
    remedy = _("Please report it with what --debug prints.")
    if path is not None:
        remedy = _("Please report it with the contents of {path}.", path=path)
    message = _(
        "Unexpected error ({name}); this is a defect of smtp-wizard.", name=type(error).__name__
    )
    failure(WizardError("unexpected-error", message, remedy), as_json=as_json)
    return DEFECT


def _command(options: Namespace | None) -> str:
    return "" if options is None else options.command or "wizard"


def _layout(options: Namespace | None) -> str:
    """Return how the server is run; nothing where that cannot be told."""
    if options is None:
        return ""
    try:
        from wizard.config.layout import find_layout

        return str(find_layout(options.config, options.env_file).kind)
    except Exception:  # noqa: BLE001  (this may be the very defect)
        return ""


class Unprintable(Exception):
    """The result cannot be printed; what the command had to do is done."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


def unprintable(failed: Unprintable) -> int:
    """Say so, unless the reader has just gone; do not let Python complain again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(failed.error, BrokenPipeError):
        words = _("The result cannot be printed: {reason}.", reason=failed.error.strerror)
        say(f"smtp-wizard: {words}")
    return DEFECT

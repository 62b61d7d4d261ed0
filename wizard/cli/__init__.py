"""The command line: commands, flags, exit codes.

Each command is imported only when it runs, so that none pays for another's imports.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Never

from wizard.cli import output
from wizard.cli.output import Unprintable
from wizard.cli.parser import called, format_of, language_of, parse_arguments
from wizard.errors import FileRefused, UsageError, WizardError
from wizard.text import language
from wizard.text.language import _


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    if argv is None:
        gc.disable()  # commands are short-lived; the wizard enables it again
    output.tolerate_encoding()
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Usage errors follow these flags, too. Those after "--" belong to the program of exec.
    own_flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    form = format_of(own_flags)
    language.use(language_of(own_flags) or language.choose())
    try:
        if sys.platform == "win32":  # before anything is imported that Windows lacks
            return output.failure(_no_windows(), form)
        _end_by_signals()
        return _run(arguments, form, debug="--debug" in own_flags)
    except Unprintable as error:
        return output.unprintable(error, form)


def _run(arguments: Sequence[str], form: str, *, debug: bool) -> int:
    options = None
    try:
        options = parse_arguments(arguments)
        if options.module != "exec_command":  # which undoes it for its program
            from wizard.system.memory import protect_memory

            protect_memory()
            os.umask(os.umask(0o077) & 0o077)  # else it could not use what it creates
        command = importlib.import_module(f"wizard.cli.{options.module}")
        code: int = command.run(options)
    except KeyboardInterrupt:
        aborted = WizardError("aborted", _("Aborted. No changes were made to any files."))
        return output.failure(aborted, form, output.ABORTED)
    except UsageError as error:
        see = _("See {command}.", command=f"{called(arguments)} --help")
        if form == "json":
            error.remedy = error.remedy or see
        code = output.failure(error, form)
        if form not in ("json", "nagios") and "--help" not in error.remedy:
            output.say(see)
        return code
    except WizardError as error:
        return output.failure(error, form)
    except (Unprintable, SystemExit):
        raise
    except OSError as error:
        return output.failure(_refused(error), form)
    except BaseException as error:  # noqa: BLE001  (its message is never shown)
        return output.defect(error, options, form, debug=debug)
    return code


def _no_windows() -> UsageError:
    """Return why nothing runs here."""
    return UsageError(
        "platform-unsupported",
        _("This program does not run on Windows, only on Linux and macOS."),
        _("Run it in WSL, or use the container image smtp-wizard."),
    )


def _refused(error: OSError) -> FileRefused:
    """Return what the system refused before anything was written."""
    return FileRefused(
        "system-refused",
        _("The system refuses: {reason}.", reason=error.strerror or type(error).__name__),
        _("Check the path, and the disk that it is on."),
        path=Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None,
    )


def _end_by_signals() -> None:
    """Let SIGTERM and SIGHUP end the program as Ctrl+C does: half-finished writes are put back."""

    def end(number: int, frame: object) -> Never:
        signal.signal(number, signal.SIG_DFL)
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(ValueError):  # not in the main thread
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)

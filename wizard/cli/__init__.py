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
from wizard.cli.parser import language_of, parse_arguments
from wizard.errors import FileRefused, UsageError, WizardError
from wizard.system.memory import protect_memory
from wizard.text import language
from wizard.text.language import _


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    if argv is None:
        gc.disable()  # commands are short-lived; the wizard enables it again
    output.tolerate_encoding()
    _end_by_signals()
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Usage errors follow these flags, too. Those after "--" belong to the program of exec.
    own_flags = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json, debug = "--json" in own_flags, "--debug" in own_flags
    language.use(language_of(own_flags) or language.choose())
    try:
        return _run(arguments, as_json=as_json, debug=debug)
    except Unprintable as error:
        return output.unprintable(error)


def _run(arguments: Sequence[str], *, as_json: bool, debug: bool) -> int:
    options = None
    try:
        options = parse_arguments(arguments)
        if options.module != "exec_command":  # which undoes it for its program
            protect_memory()
            os.umask(os.umask(0o077) & 0o077)  # else it could not use what it creates
        command = importlib.import_module(f"wizard.cli.{options.module}")
        code: int = command.run(options)
    except KeyboardInterrupt:
        aborted = WizardError("aborted", _("Aborted. No changes were made to any files."))
        output.failure(aborted, as_json=as_json)
        return output.ABORTED
    except UsageError as error:
        output.failure(error, as_json=as_json)
        if not as_json:
            output.say(_("See smtp-wizard --help."))
        return error.exit_code
    except WizardError as error:
        output.failure(error, as_json=as_json)
        return error.exit_code
    except (Unprintable, SystemExit):
        raise
    except OSError as error:
        refused = _refused(error)
        output.failure(refused, as_json=as_json)
        return refused.exit_code
    except BaseException as error:  # noqa: BLE001  (its message is never shown)
        return output.defect(error, options, as_json=as_json, debug=debug)
    return code


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

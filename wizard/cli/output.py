"""Results on stdout, messages on stderr, failures as a sentence or as JSON."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from wizard.errors import Finding, WizardError
from wizard.text.display import escape_controls, on_one_line, place_of, short_path
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from pathlib import Path

    from wizard.cli.terminal import OutputLine
    from wizard.saving.change import FileChange
    from wizard.saving.plan import Plan
    from wizard.server.next_steps import NextStep

DEFECT = 1
NAGIOS_UNKNOWN = 3
ABORTED = 130
READER_GONE = 141
"""What a shell reports of a program that SIGPIPE has ended."""
_FITS_ANYWHERE = 40
"""Characters that need no layout: the wizard says that it starts before it loads much."""


def tolerate_encoding() -> None:
    """Keep characters that the locale cannot show from ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError):  # its first use fails as well
                stream.reconfigure(errors="backslashreplace")


def on_terminal(*, errors: bool = False) -> bool:
    """Whether results, or messages (``errors``), are laid out for somebody who reads them."""
    return is_terminal(sys.stderr if errors else sys.stdout)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that is closed is none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def say(message: str, mark: str = "") -> None:
    """Print a message for the operator, if anybody can still read it.

    Only a terminal shows the ``mark``, one of :data:`wizard.cli.terminal.MARKS`.
    """
    if sys.stderr is None:  # closed, and print would write to stdout instead
        return
    _print_message(_laid_out(message, mark, sys.stderr), sys.stderr)


def _print_message(text: str, stream: TextIO) -> None:
    """Print ``text``; a command goes on and ends as usual where nobody reads its messages."""
    try:
        print(text, file=stream, flush=True)
    except OSError:
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Keep Python from failing at exit with what ``stream`` could not take."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _laid_out(text: str, mark: str, stream: TextIO) -> str:
    short = not mark and len(text) <= _FITS_ANYWHERE and text.isprintable()
    if short or not is_terminal(stream):
        return escape_controls(text)

    from wizard.cli.terminal import OutputLine, OutputStyle

    margin = "  " if mark == "remedy" else ""
    return OutputStyle.of(stream).lay_out([OutputLine(text, mark, margin=margin)])


def say_nothing(message: str) -> None:
    """Say nothing, in place of :func:`say` or :func:`result`, when JSON is asked for."""


def warn(findings: Iterable[Finding]) -> None:
    """Print findings as warnings."""
    for finding in findings:
        if on_terminal(errors=True):
            say(finding.message, "warn")
            if finding.remedy:
                say(finding.remedy, "remedy")
            continue
        first, *lines_to_paste = finding.advice.split("\n")
        say("\n".join((_("Warning: {message}", message=first), *lines_to_paste)))


def recover_and_tell(config: Path) -> tuple[Finding, ...]:
    """Put back or complete an interrupted write before a command begins with its own.

    Says so at once; returns the findings for the document.
    """
    from wizard.saving.transaction import recover_interrupted  # not for who changes nothing
    from wizard.system.signals import uninterruptible

    with uninterruptible():
        findings = recover_interrupted(config)
        warn(findings)
    return findings


def silence_libraries() -> None:
    """Keep libraries from printing what they log, such as errors that nobody awaited.

    It may hold a secret, and without any handler Python would print it.
    """
    import logging  # slow to import

    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())


def result(text: str, *, as_it_is: bool = False) -> None:
    """Print a part of the result on stdout; ``as_it_is`` is for what programs read, or tickets."""
    print_text(escape_controls(text) if as_it_is else _laid_out(text, "", sys.stdout))


def show_lines(lines: Iterable[OutputLine], stream: TextIO | None = None) -> None:
    """Print lines on the terminal that stdout, or ``stream``, is."""
    from wizard.cli.terminal import OutputStyle

    text = OutputStyle.of(stream or sys.stdout).lay_out(lines)
    if stream is None:
        print_text(text)
    else:
        _print_message(text, stream)


def print_text(text: str) -> None:
    """Print ``text`` on stdout as it is; raise :class:`Unprintable` if that is impossible."""
    try:
        print(text, flush=True)  # noqa: T201
    except OSError as error:
        raise Unprintable(error) from None


def document(content: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command."""
    import json  # only here: it takes its time

    print_text(json.dumps(content, indent=1))


def diff(change: FileChange) -> None:
    """Print the change of one file: as a unified diff, or on a terminal with line numbers."""
    if on_terminal():
        from wizard.cli.terminal import change_lines

        show_lines(change_lines(change))
        return
    path = on_one_line(str(change.before.path))
    result(f"--- {path}\n+++ {path}", as_it_is=True)
    if modes := change.mode_change:
        result("old mode {:04o}\nnew mode {:04o}".format(*modes), as_it_is=True)
    if change.rewritten:
        result("\n".join(change.diff()), as_it_is=True)


def report_written(plan: Plan, findings: Sequence[Finding]) -> None:
    """Print what was written."""
    if not on_terminal():
        for message in plan.messages(findings):
            result(message)
        return
    from wizard.cli.terminal import OutputLine

    words = {True: N_("Created {path}"), False: N_("Changed {path}")}
    files = [
        _(words[change.created], path=short_path(change.before.path))
        for change in plan.changes
        if change.changed
    ]
    done = [*files, *plan.store_messages(findings)]
    show_lines(OutputLine(message, "pass") for message in done)


def say_step(step: NextStep) -> None:
    """Print what to do now; what is to be copied is on lines of its own."""
    if not on_terminal(errors=True):
        say(str(step))
        return
    from wizard.cli.terminal import OutputLine

    if (line := str(step)).startswith(" "):
        show_lines([OutputLine(line, as_it_is=True)], sys.stderr)
    else:
        say(step.text, "remedy")


def warning_documents(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as ``set`` and ``undo`` print them in JSON; what is not known is left out."""
    documents: list[dict[str, Any]] = []
    for finding in findings:
        document: dict[str, Any] = {"code": finding.code, "message": finding.message}
        if finding.remedy:
            document["remedy"] = finding.remedy
        if finding.line is not None:
            document |= {"path": str(finding.path), "line": finding.line}
        documents.append(document)
    return documents


def symbols(stream: TextIO | None = None) -> Mapping[str, str]:
    """Return outcome → mark, in ASCII if the stream cannot show more."""
    marks = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "-"}
    try:
        "✓✗".encode(getattr(stream or sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        marks |= {"pass": "+", "fail": "x"}
    return marks


def error_document(error: WizardError) -> dict[str, Any]:
    """Return a failure for the JSON document."""
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "path": None if error.path is None else str(error.path),
        "line": error.line,
    }


def failure(error: WizardError, form: str, code: int | None = None) -> int:
    """Print a failure in one of the formats of ``--format``; return the exit code.

    That is the error's own one, or else ``code``.
    """
    if form == "json":
        document({"error": error_document(error)})
    elif form == "nagios":
        from wizard.cli.other_formats import nagios_line

        result(nagios_line(NAGIOS_UNKNOWN, str(error)), as_it_is=True)
    elif on_terminal(errors=True):
        place = "" if error.path is None else f"{place_of(error.path, error.line)}: "
        say(f"smtp-wizard: {place}{error.message}", "fail")
        if error.remedy:
            say(error.remedy, "remedy")
    else:
        say(f"smtp-wizard: {error}")
    return _code_in(form, error.exit_code if code is None else code)


def _code_in(form: str, code: int) -> int:
    """Return the exit code for whoever reads this format: Nagios has codes of its own."""
    return NAGIOS_UNKNOWN if form == "nagios" else code


def defect(error: BaseException, options: Namespace | None, form: str, *, debug: bool) -> int:
    """Report a defect of the program in one sentence and a file; return the exit code.

    ``debug`` prints the report, too. It names only places in the code: messages and values may
    hold a secret.
    """
    from wizard.system.crash_report import (  # slow to import
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
    return failure(WizardError("unexpected-error", message, remedy), form, DEFECT)


def _command(options: Namespace | None) -> str:
    return "" if options is None else options.command or "wizard"


def _layout(options: Namespace | None) -> str:
    """Return how the server is run; nothing if that cannot be found out."""
    if options is None:
        return ""
    try:
        from wizard.config.layout import find_layout

        return str(find_layout(options.config, options.env_file).kind)
    except Exception:  # noqa: BLE001  (this may be the defect itself)
        return ""


class Unprintable(Exception):
    """The result cannot be printed, although the command has done its work."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


def unprintable(failed: Unprintable, form: str) -> int:
    """Say so; return the exit code. Where the reader just closed the pipe, end as by SIGPIPE."""
    _discard(sys.stdout)
    if isinstance(failed.error, BrokenPipeError):
        return READER_GONE
    message = _("The result cannot be printed: {reason}.", reason=failed.error.strerror)
    say(f"smtp-wizard: {message}")
    return _code_in(form, DEFECT)

"""The wizard, on the full screen or line by line, and what has to be right before it starts."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wizard import current, layout, lock, transaction
from wizard.cli import output
from wizard.errors import FileRefused, UsageError
from wizard.stores.store import StoreName

if TYPE_CHECKING:
    from wizard.flow.done import Done
    from wizard.flow.session import Session

_SMALLEST = (40, 12)


def run(options: Namespace) -> int:
    """Run the wizard on the operator's own files; return the exit code."""
    check_terminal(options)
    found = layout.find(options.config, options.env_file)
    notices = _recovered(found.config)
    now = current.load(found)

    from wizard.cli import check_command
    from wizard.flow.session import Session
    from wizard.probe.live import probe
    from wizard.stores import where

    now = where.with_stored(now)

    test = partial(probe, timeout=options.timeout, compose=now.in_container)
    session = Session(
        now,
        test,
        options.timeout,
        check=partial(check_command.find, now.layout),
        stores={name: where.store(now, name) for name in _offered(now)},
        lasting=True,
        notices=notices,
    )
    return show(session, options)


def _recovered(config: Path) -> list[str]:
    """Put back what a crash has interrupted, and say so."""
    try:
        with lock.hold(config, 1):
            return [caution.message for caution in transaction.recover(config)]
    except FileRefused as error:  # somebody else is writing at this moment, so nothing crashed
        return [str(error)]


def _offered(now: current.Current) -> list[StoreName]:
    """Return the stores that make sense here besides ``.env``: no unit starts a container."""
    credential = [] if now.in_container else [StoreName.CREDENTIAL]
    return [StoreName.KEYRING, *credential]


def show(session: Session, options: Namespace) -> int:
    """Show the wizard, and print what it did once it has left the screen."""
    output.silence_libraries()
    if is_plain(options):
        return _show_line_by_line(session)
    from wizard.report import Crash
    from wizard.tui.app import WizardApp
    from wizard.tui.signals import Signals

    app = WizardApp(session)
    with Signals(app):
        app.run(mouse=not options.no_mouse)
    done = app.flow.done
    for line in done.lines if done is not None else ():
        output.result(line)
    _say_what_is_left(done, kept=app.kept)
    if app.crash is not None:
        raise Crash(app.stage) from app.crash
    return app.return_code or (output.ABORTED if done is None else 0)


def _show_line_by_line(session: Session) -> int:
    from wizard.plain.run import Plain
    from wizard.tui.signals import Signals

    wizard = Plain(session)
    with Signals(wizard):
        ending = wizard.run()
    _say_what_is_left(ending.done, kept=ending.kept)
    if ending.done is not None and not ending.shown:
        for line in ending.done.lines:
            output.result(line)
    if ending.number:
        return 128 + ending.number
    return output.ABORTED if ending.done is None else 0


def _say_what_is_left(done: Done | None, *, kept: bool) -> None:
    if done is None:
        output.say("No changes were made to any files.")
    if kept:
        output.say("What you entered is kept without the secret; the next start offers it again.")


def is_plain(options: Namespace) -> bool:
    """Whether the wizard is to go line by line."""
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return bool(options.plain or os.environ.get("ACCESSIBLE") or dumb)


def check_terminal(options: Namespace) -> None:
    """Raise :class:`UsageError` where the wizard cannot be shown."""
    # Some of these would write every key that is pressed to a file or to a socket.
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
    if options.json:
        raise UsageError(
            "json-needs-command", "The wizard has no JSON output.", "Use set, test or show."
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "no-terminal",
            "The wizard needs a terminal.",
            "In scripts use: smtp-wizard set --user … --endpoint … --secret-stdin",
        )
    if is_plain(options):
        return
    columns, lines = shutil.get_terminal_size()
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        raise UsageError(
            "terminal-too-small",
            f"The terminal has {columns}x{lines} characters; the wizard needs "
            f"{_SMALLEST[0]}x{_SMALLEST[1]}.",
            "Enlarge it, or go line by line: smtp-wizard --plain",
        )

"""The wizard on the full screen, and what has to be right before it starts."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING

from wizard import current, layout
from wizard.cli import output
from wizard.errors import UsageError
from wizard.stores.store import StoreName

if TYPE_CHECKING:
    from wizard.tui.session import Session

_SMALLEST = (40, 12)


def run(options: Namespace) -> int:
    """Run the wizard on the operator's own files; return the exit code."""
    check_terminal(options)
    now = current.load(layout.find(options.config, options.env_file))

    from wizard.cli import check_command
    from wizard.probe.live import probe
    from wizard.stores import where
    from wizard.tui.session import Session

    now = where.with_stored(now)

    test = partial(probe, timeout=options.timeout, compose=now.in_container)
    session = Session(
        now,
        test,
        options.timeout,
        check=partial(check_command.find, now.layout),
        stores={name: where.store(now, name) for name in _offered(now)},
    )
    return show(session, options)


def _offered(now: current.Current) -> list[StoreName]:
    """Return the stores that make sense here besides ``.env``: no unit starts a container."""
    credential = [] if now.in_container else [StoreName.CREDENTIAL]
    return [StoreName.KEYRING, *credential]


def show(session: Session, options: Namespace) -> int:
    """Show the wizard, and print what it did once it has left the screen."""
    from wizard.tui.app import WizardApp

    app = WizardApp(session)
    lines = app.run(mouse=not options.no_mouse)
    if app.return_code:
        return app.return_code
    if lines is None:
        output.say("No changes were made to any files.")
        return output.ABORTED
    for line in lines:
        output.result(line)
    return 0


def check_terminal(options: Namespace) -> None:
    """Raise :class:`UsageError` where the full screen cannot be shown."""
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
    if options.plain or os.environ.get("ACCESSIBLE") or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "plain-not-available",
            "The line by line mode is not built yet.",
            "Use: smtp-wizard set --user … --endpoint … --secret-stdin",
        )
    columns, lines = shutil.get_terminal_size()
    if columns < _SMALLEST[0] or lines < _SMALLEST[1]:
        raise UsageError(
            "terminal-too-small",
            f"The terminal has {columns}x{lines} characters; the wizard needs "
            f"{_SMALLEST[0]}x{_SMALLEST[1]}.",
            "Enlarge it, or use: smtp-wizard set",
        )

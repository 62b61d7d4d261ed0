"""The wizard, on the full screen or line by line, and the checks before it starts."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard import __version__
from wizard.cli import output
from wizard.errors import FileRefused, UsageError
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.compose.container import Container
    from wizard.config.current import CurrentConfig
    from wizard.config.layout import Layout
    from wizard.config.settings import SmtpSettings
    from wizard.errors import Finding
    from wizard.live_test.events import Event
    from wizard.secrets.sources import StoreKind
    from wizard.ui.account.done import Done
    from wizard.ui.account.session import WizardSession

_MIN_SIZE = (40, 12)
_HEAD_START = 0.2
"""Seconds to draw the first screen before the check and the keyring slow it down."""


def run(options: Namespace) -> int:
    """Run the wizard on the operator's own files; return the exit code."""
    check_terminal(options)
    announce_start(options)
    return show(open_session(options), options)


def open_session(options: Namespace) -> WizardSession:
    """Read the files of the server that the operator has named, or that is found here."""
    from wizard.config.layout import find_layout

    first = find_layout(options.config, options.env_file)

    def layout_of(config: Path) -> Layout:
        """Find the files of a server; ``--env-file`` belongs to the first one alone."""
        return first if config.absolute() == first.config else find_layout(config)

    return _open_session(options, layout_of, first.config)


def _open_session(
    options: Namespace, layout_of: Callable[[Path], Layout], config: Path
) -> WizardSession:
    """Read the files of one server, after an interrupted write was put back."""
    from wizard.config.current import load_config
    from wizard.ui.account.mail_server_search import MailServerSearch
    from wizard.ui.account.session import WizardSession

    layout = layout_of(config)
    notices = _recover_interrupted(layout.config)
    current = load_config(layout)
    if not current.in_container:  # there, Compose is asked first, while the operator reads
        current = current.with_stored()
    return WizardSession(
        current,
        partial(_live_test, timeout=options.timeout),
        options.timeout,
        check=partial(_check, layout),
        stores={store: current.open_store(store) for store in _stores_to_offer(current)},
        discovery=MailServerSearch(online=not options.no_lookup),
        persistent=True,
        notices=notices,
        head_start=0.0 if is_plain(options) else _HEAD_START,
        layout_of=layout_of,
        open=partial(_open_session, options, layout_of),
    )


def announce_start(options: Namespace) -> None:
    """Say that the wizard is starting, before the full screen.

    Loading takes half a second, and seconds on a slow machine. The line stays on the terminal, as a
    heading above what the wizard prints at its end.
    """
    if not is_plain(options):
        output.say(_("smtp-wizard {version} is starting …", version=__version__))


def _live_test(settings: SmtpSettings, **options: Any) -> AsyncGenerator[Event, None]:
    """Import the live test, like the check, only at its first run, for a quicker start."""
    from wizard.live_test.run import run_live_test

    return run_live_test(settings, **options)


def _check(layout: Layout, container: Container | None) -> Sequence[Finding]:
    from wizard.cli.check_command import find_problems

    return find_problems(layout, container)


def _recover_interrupted(config: Path) -> list[str]:
    """Put back or complete an interrupted write; return what the operator should know of it."""
    from wizard.saving.journal import Journal

    if not Journal(config).may_exist():
        return []
    from wizard.saving.lock import lock_config
    from wizard.saving.transaction import recover_interrupted

    try:
        with lock_config(config, 1):
            return [finding.message for finding in recover_interrupted(config)]
    except FileRefused as error:  # another process is writing, so nothing has crashed
        return [str(error)]


def _stores_to_offer(current: CurrentConfig) -> list[StoreKind]:
    """Return the stores that make sense here besides ``.env``."""
    from wizard.secrets.sources import STORES

    return [
        store
        for store in STORES
        if store.open_class is not None and (store.offered_in_compose or not current.in_container)
    ]


def show(session: WizardSession, options: Namespace) -> int:
    """Run the wizard on the terminal, print what it did, and return the exit code."""
    output.silence_libraries()
    if is_plain(options):
        return _show_line_by_line(session)
    from wizard.system.signals import EndOnSignals
    from wizard.ui.textual.app import WizardApp

    app = WizardApp(session)
    with EndOnSignals(app):
        app.run(mouse=not options.no_mouse)
    done = app.flow.done
    for line in done.lines if done is not None else ():
        output.result(line)
    _say_ending(done, kept=app.kept)
    if app.crash is not None:
        from wizard.system.crash_report import StepCrashed

        raise StepCrashed(app.stage) from app.crash
    return app.return_code or (0 if done is not None or app.flow.closed else output.ABORTED)


def _show_line_by_line(session: WizardSession) -> int:
    from wizard.system.signals import EndOnSignals
    from wizard.ui.plain.surface import PlainWizard

    gc.enable()
    wizard = PlainWizard(session)
    with EndOnSignals(wizard):
        wizard.run()
    done = wizard.flow.done
    _say_ending(done, kept=wizard.kept)
    if done is not None and not wizard.result_shown:
        for line in done.lines:
            output.result(line)
    if wizard.signal_number:
        return 128 + wizard.signal_number
    return 0 if done is not None or wizard.flow.closed else output.ABORTED


def _say_ending(done: Done | None, *, kept: bool) -> None:
    if done is None:
        output.say(_("No changes were made to any files."))
    if kept:
        output.say(
            _("What you entered is kept without the secret; the next start offers it again.")
        )


def is_plain(options: Namespace) -> bool:
    """Whether the wizard runs line by line."""
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return bool(options.plain or os.environ.get("ACCESSIBLE") or dumb)


def check_terminal(options: Namespace) -> None:
    """Raise :class:`UsageError` if the wizard cannot be shown."""
    # Some of these variables make textual write every key to a file or a socket.
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
    if options.json:
        raise UsageError(
            "json-needs-command", _("The wizard has no JSON output."), _("Use set, test or show.")
        )
    if not (output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout)):
        raise UsageError(
            "no-terminal",
            _("The wizard needs a terminal."),
            _("In scripts use: smtp-wizard set --user … --endpoint … --secret-stdin"),
        )
    if is_plain(options):
        return
    columns, lines = shutil.get_terminal_size()
    if columns < _MIN_SIZE[0] or lines < _MIN_SIZE[1]:
        raise UsageError(
            "terminal-too-small",
            _(
                "The terminal has {columns}x{lines} characters; the wizard needs {least}.",
                columns=columns,
                lines=lines,
                least="x".join(map(str, _MIN_SIZE)),
            ),
            _("Enlarge it, or go line by line: smtp-wizard --plain"),
        )

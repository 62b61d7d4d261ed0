"""``demo``: the wizard in a scratch directory, against an embedded mail server."""

from __future__ import annotations

import contextlib
import tempfile
from argparse import Namespace
from functools import partial
from pathlib import Path

from wizard.cli import output
from wizard.cli.wizard_command import announce_start, check_terminal, show
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.errors import UsageError
from wizard.text.language import _


def run(options: Namespace) -> int:
    """Run the demo; return the wizard's exit code."""
    check_terminal(options)
    announce_start(options)
    try:
        from wizard.demo.mail_server import DEMO_USER, MailServer
    except ModuleNotFoundError as error:
        raise _not_included(error.name or "") from None
    from wizard.demo import stage
    from wizard.demo.network import DEMO_RECORDS, DemoNetwork
    from wizard.live_test.run import run_live_test
    from wizard.ui.account.mail_server_search import MailServerSearch
    from wizard.ui.account.session import WizardSession

    with (
        tempfile.TemporaryDirectory(prefix="smtp-wizard-demo-") as scratch,
        contextlib.chdir(scratch),
        MailServer(DEMO_USER, stage.PASSWORD) as server,
    ):
        network = DemoNetwork(server)
        config = stage.write_demo_files(Path(scratch))
        session = WizardSession(
            load_config(find_layout(config), environ={}),
            partial(run_live_test, timeout=options.timeout, network=network),
            options.timeout,
            stage.hints(),
            notices=stage.notices(server.ports),
            discovery=MailServerSearch(online=True, network=network, records=DEMO_RECORDS),
            after_writing=partial(stage.prove_it_works, config, network, server),
        )
        code = show(session, options)
    output.say(_("The demo's directory and its mail server are gone now."))
    return code


def _not_included(package: str) -> UsageError:
    """Return what to say where the mail server lacks a package."""
    if package in ("aiosmtpd", "trustme"):
        message = _(
            "The mail server of the demo needs the Python packages aiosmtpd and trustme, which "
            "are not installed."
        )
        remedy = _(
            "Install smtp-wizard[demo], or add the two: pipx inject smtp-wizard aiosmtpd trustme"
        )
    else:
        message = _(
            "The mail server of the demo needs the Python package {package}, which a single "
            "file for all machines cannot bring along.",
            package=package,
        )
        remedy = _("Install the system's python3-cryptography, or smtp-wizard[demo] with pipx.")
    return UsageError("demo-not-included", message, remedy)

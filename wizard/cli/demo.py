"""``demo``: the wizard in a scratch directory, against an embedded mail server."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from functools import partial
from pathlib import Path

from wizard import current, layout
from wizard.cli import output
from wizard.cli.full_screen import check_terminal, show
from wizard.errors import UsageError


def run(options: Namespace) -> int:
    """Run the demo; return the wizard's exit code."""
    check_terminal(options)
    try:
        from wizard.demo.server import DEMO_USER, MailServer
    except ModuleNotFoundError as error:
        raise UsageError(
            "demo-not-included",
            f"The mail server of the demo needs the Python package {error.name}, "
            "which a single file for all machines cannot bring along.",
            "Install the system's python3-cryptography, or smtp-wizard with pipx.",
        ) from None
    from wizard.demo import stage
    from wizard.demo.network import DemoNetwork
    from wizard.flow.session import Session
    from wizard.probe.live import probe

    with (
        tempfile.TemporaryDirectory(prefix="smtp-wizard-demo-") as scratch,
        MailServer(DEMO_USER, stage.PASSWORD) as server,
    ):
        network = DemoNetwork(server)
        place = layout.find(stage.furnish(Path(scratch)))
        now = current.load(place, environ={})
        test = partial(probe, timeout=options.timeout, network=network, compose=now.in_container)
        code = show(Session(now, test, options.timeout, stage.hints(server.ports)), options)
        if code == 0:
            proof = stage.prove(current.load(place, environ={}), network, server)
            output.result(f"\n{proof}")
        output.say("The demo's directory and its mail server are gone now.")
        return code

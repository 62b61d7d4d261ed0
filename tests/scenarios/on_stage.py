"""Runs the wizard on the files of a scenario, against the demo's mail servers, as a program.

``python -m tests.scenarios.on_stage CONFIG PASSWORD [keyring]``; the mail servers end with it. With
``keyring`` one is offered; it is a fake, to be chosen but not to be written to.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path

from tests.memory_store import MemoryStore
from wizard import current, layout
from wizard.cli import full_screen, output
from wizard.demo.network import DemoNetwork
from wizard.demo.server import DEMO_USER, MailServer
from wizard.flow.session import Session
from wizard.probe.live import probe
from wizard.secret import Secret
from wizard.stores.store import StoreName

TIMEOUT = 15.0


def session(config: Path, server: MailServer) -> Session:
    now = current.load(layout.find(config), environ={})
    test = partial(probe, timeout=TIMEOUT, network=DemoNetwork(server), compose=now.in_container)
    return Session(now, test, TIMEOUT)


def main() -> int:
    config, password, *stores = sys.argv[1:]
    output.tolerate_encoding()
    with MailServer(DEMO_USER, Secret(password)) as server:
        begun = session(Path(config), server)
        if stores:
            begun.stores = {StoreName.KEYRING: MemoryStore()}
        return full_screen.show(begun, Namespace(plain=True, no_mouse=True))


if __name__ == "__main__":
    sys.exit(main())

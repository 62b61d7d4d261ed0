"""Runs the wizard on the files of a scenario, against the demo's mail servers, as a program.

``python -m tests.scenarios.on_stage CONFIG PASSWORD [EXTRA]``; the mail servers end with it. EXTRA
is ``keyring``, which is offered then, a fake to be chosen but not to be written to; or ``lookup``,
a little DNS that is asked for the mail server; or ``silence``, one that never answers.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path

from tests.held_records import PUBLIC_RECORDS, HeldRecords
from tests.memory_store import MemoryStore
from wizard.cli import output, wizard_command
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.discovery.dns import Records
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.secrets.sources import KEYRING
from wizard.text import language
from wizard.ui.steps.mail_server_search import MailServerSearch
from wizard.ui.steps.session import WizardSession

TIMEOUT = 15.0


def session(config: Path, server: MailServer, extra: str = "") -> WizardSession:
    now = load_config(find_layout(config), environ={})
    network = DemoNetwork(server)
    test = partial(run_live_test, timeout=TIMEOUT, network=network, compose=now.in_container)
    begun = WizardSession(now, test, TIMEOUT)
    if extra == "keyring":
        begun.stores = {KEYRING: MemoryStore()}
    elif extra:
        records: Records = PUBLIC_RECORDS if extra == "lookup" else HeldRecords()
        begun.discovery = MailServerSearch(
            asks=True, network=network, records=records, seconds=3600
        )
    return begun


def main() -> int:
    config, password, *extra = sys.argv[1:]
    output.tolerate_encoding()
    language.use(language.choose())
    with MailServer(DEMO_USER, Secret(password)) as server:
        begun = session(Path(config), server, *extra)
        return wizard_command.show(begun, Namespace(plain=True, no_mouse=True))


if __name__ == "__main__":
    sys.exit(main())

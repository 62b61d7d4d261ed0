"""Runs the wizard on the files of a scenario, against the demo's mail servers, as a program.

``python -m tests.scenarios.on_stage CONFIG PASSWORD [EXTRA]``; the mail servers end with it. EXTRA
is ``keyring``, which is offered then, a fake to be chosen but not to be written to; or ``lookup``,
a little DNS that is asked for the mail server; or ``silence``, one that never answers; or the name
of a mail server in :mod:`tests.scenarios.scripted`, which takes the place of the demo's.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.held_records import PUBLIC_RECORDS, HeldRecords
from tests.live_test.certificates import authority
from tests.live_test.servers import LoopbackNetwork
from tests.memory_store import MemoryStore
from tests.scenarios.scripted import ANSWERS, scripted
from wizard.cli import output, wizard_command
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.discovery.dns import Records
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.secrets.sources import KEYRING
from wizard.system.network import Network
from wizard.text import language
from wizard.ui.steps.mail_server_search import MailServerSearch
from wizard.ui.steps.session import WizardSession

TIMEOUT = 15.0
LITTLE_TIME = 2.0
"""Where the mail server uses up all there is."""


@contextmanager
def mail_server(password: str, extra: str) -> Iterator[Network]:
    """Run the mail server, and yield the network that leads to it."""
    if extra in ANSWERS:
        with scripted(extra, tls=extra != "never greets") as port:
            yield LoopbackNetwork(port, authority())
    else:
        with MailServer(DEMO_USER, Secret(password)) as server:
            yield DemoNetwork(server)


def session(config: Path, network: Network, extra: str = "") -> WizardSession:
    now = load_config(find_layout(config), environ={})
    timeout = LITTLE_TIME if extra == "never greets" else TIMEOUT
    test = partial(run_live_test, timeout=timeout, network=network)
    begun = WizardSession(now, test, timeout)
    if extra == "keyring":
        begun.stores = {KEYRING: MemoryStore()}
    elif extra in {"lookup", "silence"}:
        records: Records = PUBLIC_RECORDS if extra == "lookup" else HeldRecords()
        begun.discovery = MailServerSearch(
            online=True, network=network, records=records, seconds=3600
        )
    return begun


def main() -> int:
    config, password, *more = sys.argv[1:]
    extra = "".join(more)
    output.tolerate_encoding()
    language.use(language.choose())
    with mail_server(password, extra) as network:
        begun = session(Path(config), network, extra)
        return wizard_command.show(begun, Namespace(plain=True, no_mouse=True))


if __name__ == "__main__":
    sys.exit(main())

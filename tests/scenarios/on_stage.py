"""Runs the wizard on the files of a scenario, against the demo's mail servers, as a program.

``python -m tests.scenarios.on_stage CONFIG PASSWORD [EXTRA]``; the mail servers end with it. EXTRA
is ``keyring``, a fake that is offered besides .env; ``lookup``, a little DNS that is asked for the
mail server; ``silence``, one that never answers; ``google``, where the demo's mail server is
Google's; or the name of a mail server in :mod:`tests.scenarios.scripted`, which takes its place.
"""

from __future__ import annotations

import errno
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

from tests.held_records import HOSTED, PUBLIC_RECORDS, HeldRecords
from tests.live_test.certificates import authority
from tests.live_test.servers import LoopbackNetwork
from tests.memory_store import MemoryStore
from tests.scenarios.scripted import ANSWERS, scripted
from wizard.cli import output, wizard_command
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer, Validity
from wizard.demo.network import DemoNetwork
from wizard.discovery.dns import Records
from wizard.live_test.run import run_live_test
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret
from wizard.secrets.sources import KEYRING
from wizard.system.network import Address, Network
from wizard.text import language
from wizard.ui.account.mail_server_search import MailServerSearch
from wizard.ui.account.session import WizardSession

TIMEOUT = 15.0
LITTLE_TIME = 2.0
"""Where the mail server uses up all there is."""
GOOGLE = "smtp.gmail.com"
USERS = {"google": "alerts@gmail.com", "hosted": f"you@{HOSTED}"}
"""Whom the mail server lets in, unless it is the demo's user."""
_LOOKS_UP = ("lookup", "hosted", "silence")


class Google(DemoNetwork):
    """A network in which the demo's mail server has the name of Google's."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        return await super().resolve(DEMO_HOST if host == GOOGLE else host, port)


@contextmanager
def mail_server(password: str, extra: str) -> Iterator[Network]:
    """Run the mail server, and yield the network that leads to it."""
    if extra in ANSWERS:
        with scripted(extra, tls=extra != "never greets") as port:
            yield LoopbackNetwork(port, authority())
        return
    user, certificate = USERS.get(extra, DEMO_USER), None
    if extra == "google":
        certificate = Validity((GOOGLE,))
    keyring = MemoryStore()
    with (
        patch("os.fsync", _fsync),
        patch.object(KeyringStore, "open", lambda *_opened: keyring),
        MailServer(user, Secret(password), certificate=certificate) as server,
    ):
        yield Google(server) if extra == "google" else DemoNetwork(server)


_really_fsync = os.fsync


def _fsync(descriptor: int) -> None:
    if _full_disk().exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _really_fsync(descriptor)


def _full_disk() -> Path:
    """Return the file that makes the disk full while it exists, also for another process."""
    return Path(os.environ["XDG_STATE_HOME"]) / "full"


def fill_disk(*, full: bool) -> None:
    """Make the disk full, or make room again."""
    if full:
        _full_disk().touch()
    else:
        _full_disk().unlink()


def append(file: Path, text: str) -> None:
    """Change a file behind the wizard's back."""
    with file.open("a") as stream:
        stream.write(text)


def session(config: Path, network: Network, extra: str = "") -> WizardSession:
    now = load_config(find_layout(config), environ={})
    timeout = LITTLE_TIME if extra == "never greets" else TIMEOUT
    test = partial(run_live_test, timeout=timeout, network=network)
    begun = WizardSession(now, test, timeout, persistent=True)
    begun.check = lambda _container: ()
    begun.open = partial(session, network=network, extra=extra)
    if extra == "keyring":
        begun.stores = {KEYRING: MemoryStore()}
    elif extra in _LOOKS_UP:
        records: Records = HeldRecords() if extra == "silence" else PUBLIC_RECORDS
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

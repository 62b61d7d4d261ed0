"""The wizard on a real terminal, with a record of what textual wrote.

``python -m tests.ui_textual.recorded RECORD CONFIG [SECONDS]`` runs it with the demo's mail server;
with SECONDS, its live tests take that long at most, and reach what really listens.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.signals import EndOnSignals
from wizard.ui.account.session import WizardSession
from wizard.ui.textual.app import WizardApp
from wizard.ui.textual.terminal import DiffDriver


class RecordedTerminal(DiffDriver):
    """Records textual's output before it is reduced, the terminal's size, and forgotten screens."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._record = Path(sys.argv[1]).open("a", encoding="utf-8")  # noqa: SIM115
        self._forgotten = False

    def forget_screen(self) -> None:
        self._forgotten = True
        super().forget_screen()

    def write(self, data: str) -> None:
        size = tuple(os.get_terminal_size(self.fileno))
        self._record.write(json.dumps([data, size, self._forgotten]) + "\n")
        self._record.flush()
        self._forgotten = False
        super().write(data)


def main() -> None:
    with MailServer(DEMO_USER, Secret("open$esame #1")) as server:
        now = load_config(find_layout(Path(sys.argv[2])), environ={})
        patience = float(sys.argv[3]) if len(sys.argv) > 3 else 5.0
        test = partial(run_live_test, timeout=patience)
        if len(sys.argv) <= 3:
            test = partial(test, network=DemoNetwork(server))
        app = WizardApp(WizardSession(now, test, patience))
        app.driver_class = RecordedTerminal
        with EndOnSignals(app):
            app.run()
    if app.crash is not None:
        raise app.crash


if __name__ == "__main__":
    main()

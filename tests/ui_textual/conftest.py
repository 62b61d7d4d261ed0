"""The wizard with real files and a real mail server; only its ports and its name are the demo's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from wizard.compose.container import Container
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.demo.network import DemoNetwork
from wizard.discovery.dns import Records
from wizard.errors import Finding
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.secrets.sources import StoreKind
from wizard.secrets.store import ExternalStore
from wizard.ui.steps.done import Done
from wizard.ui.steps.mail_server_search import MailServerSearch
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual.app import WizardApp
from wizard.ui.textual.basics import PlainText
from wizard.ui.textual.form_screen import FormScreen

PASSWORD = "open$esame #1"
NORMAL, SMALL = (80, 24), (40, 12)
PATIENCE = 60.0
"""Seconds until something must have happened; only a defect takes that long."""


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        yield server


@dataclass
class Operator:
    """Presses keys and reads the screen, and uses nothing else of the program."""

    pilot: Pilot[Done]

    @property
    def app(self) -> WizardApp:
        assert isinstance(self.pilot.app, WizardApp)
        return self.pilot.app

    async def type(self, text: str) -> None:
        self.burst(*text)
        await self.settled()

    def burst(self, *keys: str) -> None:
        """Send keys at once, as a connection does after a stall."""
        for key in keys:
            character = " " if key == "space" else key if len(key) == 1 else None
            self.app.post_message(events.Key(key, character))

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.burst(key)
            await self.settled()

    async def settled(self) -> None:
        """Wait for everything that the keys caused, including a live test."""
        await self._wait_while(lambda: self._handling() or self._working())

    async def handled(self) -> None:
        """Wait until the keys are handled, whatever happens in the background."""
        await self._wait_while(self._handling)

    async def _wait_while(self, busy: Callable[[], bool]) -> None:
        quiet = 0
        async with asyncio.timeout(PATIENCE):
            while quiet < 2 and self.app.is_running:
                await self.pilot.pause(0.0 if quiet else 0.005)
                quiet = 0 if busy() else quiet + 1

    def _handling(self) -> bool:
        app = self.app
        if app.handling_keys or app.message_queue_size or len(app.screen_stack) < 2:
            return True
        if app.screen._callbacks:  # noqa: SLF001  (what textual does after the next refresh)
            return True
        if app.screen.query(".-active"):  # a button that looks pressed takes no second press
            return True
        widgets = app.screen.walk_children(with_self=True)
        return any(widget.message_queue_size for widget in widgets)

    def _working(self) -> bool:
        return any(
            worker.node is self.app.screen and worker.group != "findings"
            for worker in self.app.workers
        )

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for something that comes by itself, while other things may still happen."""
        async with asyncio.timeout(PATIENCE):
            while not reached():
                await self.pilot.pause(0.01)

    @property
    def has_left(self) -> bool:
        """Whether the wizard is ending, and has written nothing."""
        return self.app._exit and self.app.return_value is None  # noqa: SLF001  (no public way)

    @property
    def step(self) -> str:
        screen = self.app.screen
        if isinstance(screen, FormScreen):
            return f"{screen.heading.step.value}Screen"
        return type(screen).__name__

    def text(self) -> str:
        """Return everything that can be read on the screen by scrolling, without its layout."""
        return "\n".join(
            str(widget.content)
            for widget in self.app.screen.walk_children(PlainText)
            if widget.display and all(parent.display for parent in widget.ancestors_with_self)
        )

    def drawn(self) -> str:
        """Return what is drawn, line by line."""
        screen = self.app.screen
        lines = screen._compositor.render_strips()  # noqa: SLF001  (no public way)
        return "\n".join(strip.text for strip in lines)


Wizard = Callable[..., AbstractAsyncContextManager[Operator]]


@pytest.fixture
def wizard(mail_server: MailServer) -> Wizard:
    """Return a context manager that runs the wizard on a config.toml."""

    @asynccontextmanager
    async def run(
        config: Path,
        size: tuple[int, int] = NORMAL,
        environ: dict[str, str] | None = None,
        stores: Mapping[StoreKind, ExternalStore] | None = None,
        check: Callable[[Container | None], Sequence[Finding]] | None = None,
        persistent: bool = False,
        records: Records | None = None,
    ) -> AsyncGenerator[Operator, None]:
        now = load_config(find_layout(config), environ=environ or {})
        network = DemoNetwork(mail_server)
        test = partial(run_live_test, timeout=5.0, network=network)
        session = WizardSession(
            now, test, 5.0, stores=stores or {}, check=check, persistent=persistent
        )
        if records is not None:
            session.discovery = MailServerSearch(
                online=True, network=network, records=records, seconds=3600
            )
        app = WizardApp(session)
        async with app.run_test(size=size) as pilot:
            operator = Operator(pilot)
            await operator.settled()
            yield operator

    return run


__all__ = [
    "DEMO_HOST",
    "DEMO_USER",
    "NORMAL",
    "PASSWORD",
    "PATIENCE",
    "SMALL",
    "Operator",
    "Wizard",
]

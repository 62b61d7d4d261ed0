"""The wizard on a stage: real files, a real mail server, and nothing that differs between two runs.

Replaced are the names and addresses of the mail servers, the seconds that everything takes, and
what the machine has to offer besides (its variables, its programs, its other servers).
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, chdir, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from textual import events
from textual._compositor import LayoutUpdate
from textual.pilot import Pilot

from screenshots.picture import Cell, Row, cells
from wizard.compose.container import Container
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.config.settings import SmtpSettings
from wizard.demo.mail_server import MailServer, Validity
from wizard.demo.network import DemoNetwork
from wizard.discovery.dns import FixedRecords, Records, SrvRecord
from wizard.live_test.events import Event, StageFinished, StageStarted, TestFinished
from wizard.live_test.failure import Stage
from wizard.live_test.run import run_live_test
from wizard.secrets.secret import Secret
from wizard.system.network import Address
from wizard.text import language
from wizard.ui.account import live_test
from wizard.ui.account.done import Done
from wizard.ui.account.mail_server_search import MailServerSearch
from wizard.ui.account.session import WizardSession
from wizard.ui.textual.account_screen import AccountScreen
from wizard.ui.textual.app import WizardApp

USER, PASSWORD = "alerts@gmail.com", Secret("cldkxbnvuozqhtei")
OWN_USER = "ops@northwind.example"
GOOGLE, OWN, HOSTING = "smtp.gmail.com", "mail.northwind.example", "smtp.hosting.example"
ADDRESSES = {GOOGLE: "142.250.27.108", OWN: "192.0.2.25", HOSTING: "192.0.2.26"}
RECORDS = FixedRecords(
    srv_records={
        "_submissions._tcp.northwind.example": [SrvRecord(0, 1, 465, HOSTING)],
        "_submission._tcp.northwind.example": [SrvRecord(0, 1, 587, "mail.hosting.example")],
    }
)
TIMEOUT = 15.0
_MILLISECONDS = {
    Stage.DNS: 12,
    Stage.TCP: 24,
    Stage.TLS: 41,
    Stage.GREETING: 18,
    Stage.AUTH: 310,
    Stage.MAIL: 22,
    Stage.RCPT: 21,
}
_SHOWN_PLACE = "/srv/bomnipotent"
_PATIENCE = 60.0
"""Seconds until something must have happened; only a defect takes that long."""


class StageNetwork:
    """A :class:`wizard.system.network.Network` in which the embedded mail server has other names.

    Port 465 of :data:`OWN` is closed.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._demo = DemoNetwork(server)

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Return the address of a name."""
        if host not in ADDRESSES:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [Address(ADDRESSES[host], port)]

    async def connect(self, address: Address) -> socket.socket:
        """Connect to the embedded server, whatever the address."""
        ports = {465: self._server.ports.smtps, 587: self._server.ports.starttls}
        if address.port not in ports or address == Address(ADDRESSES[OWN], 465):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return await self._demo.connect(Address("127.0.0.1", ports[address.port]))

    def tls_context(self) -> ssl.SSLContext:
        """Trust the embedded server."""
        return self._demo.tls_context()

    def is_trusted_only_here(self, tls: ssl.SSLObject) -> bool:
        """Take its authority for a public one."""
        return self._demo.is_trusted_only_here(tls)


@dataclass
class StageTest:
    """The live test, with the same seconds on every run; it can be held before some stages."""

    network: StageNetwork
    held_before: Collection[Stage] = ()
    held: bool = False
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let it go on."""
        self.held = False
        self._released.set()

    async def __call__(
        self,
        settings: SmtpSettings,
        *,
        container: Container | None = None,
        recipient: str | None = None,
        deliver: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Test for real."""
        async for event in run_live_test(
            settings,
            recipient=recipient,
            deliver=deliver,
            timeout=TIMEOUT,
            container=container,
            network=self.network,
        ):
            match event:
                case StageFinished():
                    yield _steady(event)
                case TestFinished(report):
                    stages = tuple(_steady(stage) for stage in report.stages)
                    seconds = sum(stage.seconds for stage in stages)
                    yield TestFinished(
                        replace(report, stages=stages, seconds=seconds, decided_after=seconds)
                    )
                case _:
                    yield event
            if isinstance(event, StageStarted) and event.stage in self.held_before:
                self._released.clear()
                self.held = True
                await self._released.wait()


def _steady(event: StageFinished) -> StageFinished:
    return replace(event, seconds=_MILLISECONDS.get(event.stage, 0) / 1000)


@dataclass
class Operator:
    """Presses keys, and looks at the screen when everything has come to rest."""

    pilot: Pilot[Done]
    test: StageTest
    place: Path
    pictures: dict[str, list[Row]] = field(default_factory=dict)
    """What was looked at, by the name of the scene."""

    async def type(self, text: str) -> None:
        """Type ``text`` at once."""
        for character in text:
            self.pilot.app.post_message(events.Key(character, character))
        await self.settled()

    async def paste(self, text: str) -> None:
        """Paste ``text``."""
        self.pilot.app.post_message(events.Paste(text))
        await self.settled()

    async def press(self, *keys: str) -> None:
        """Press one key after the other."""
        for key in keys:
            self.pilot.app.post_message(events.Key(key, None))
            await self.settled()

    async def arrive(self, screen: str) -> None:
        """Wait for a screen that comes after work in the background."""
        async with asyncio.timeout(_PATIENCE):
            while type(self.pilot.app.screen).__name__ != screen:
                await self.pilot.pause(0.005)
        await self.settled()

    async def settled(self) -> None:
        """Wait for everything that the keys caused, including a live test that is not held."""
        quiet = 0
        async with asyncio.timeout(_PATIENCE):
            while quiet < 2 and self.pilot.app.is_running:
                await self.pilot.pause(0.0 if quiet else 0.005)
                quiet = 0 if self._busy() else quiet + 1

    def _busy(self) -> bool:
        app = self.pilot.app
        assert isinstance(app, WizardApp)  # noqa: S101
        if app.handling_keys or app.message_queue_size or len(app.screen_stack) < 2:
            return True
        if app.screen._callbacks:  # noqa: SLF001  (what textual does after the next refresh)
            return True
        if any(each.message_queue_size for each in app.screen.walk_children(with_self=True)):
            return True
        groups = {worker.group for worker in app.workers if worker.node is app.screen}
        return bool(groups - {"findings"} - ({"test"} if self.test.held else set()))

    def look(self, name: str) -> None:
        """Keep what the screen shows now."""
        self.pictures[name] = self.screen()

    def screen(self) -> list[Row]:
        """Return what the screen shows now."""
        app = self.pilot.app
        update = app.screen._compositor.render_update(  # noqa: SLF001  (no public way)
            full=True,
            screen_stack=app._background_screens,  # noqa: SLF001
        )
        assert isinstance(update, LayoutUpdate)  # noqa: S101
        return [self._in_place(cells(chain.from_iterable(line))) for line in update.strips]

    def _in_place(self, row: Row) -> Row:
        """Show another path in place of the scratch directory."""
        place, text = str(self.place), "".join(cell.text for cell in row)
        at = text.find(place)
        if at < 0:
            return row
        end = text.find("  ", at)
        end = len(row) if end < 0 else end
        shown = [row[at]._replace(text=character) for character in _SHOWN_PLACE]
        spared = [Cell(" ")] * (len(place) - len(_SHOWN_PLACE))
        return [*row[:at], *shown, *row[at + len(place) : end], *spared, *row[end:]]


@contextmanager
def scratch_directory(write: Callable[[Path], Path]) -> Iterator[Path]:
    """Write the server's files where nothing else is; yield the path of config.toml."""
    # Of the same length everywhere: paths are wrapped and shortened.
    place = Path(tempfile.mkdtemp(prefix="bomnipotent", dir="/tmp"))
    environ = {"PATH": "", "HOME": str(place), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    try:
        with chdir(place), patch.dict(os.environ, environ, clear=True):
            yield write(place)
    finally:
        shutil.rmtree(place)


@asynccontextmanager
async def wizard(
    config: Path,
    server: MailServer,
    *,
    size: tuple[int, int] = (80, 24),
    in_language: str = "en",
    coloured: bool = True,
    records: Records = RECORDS,
    **options: Any,
) -> AsyncGenerator[Operator, None]:
    """Run the wizard on ``config``; ``options`` are those of its session."""
    network = StageNetwork(server)
    test = StageTest(network)
    now = load_config(find_layout(config), environ={}).with_container().with_stored()
    session = WizardSession(
        now,
        test,
        TIMEOUT,
        discovery=MailServerSearch(
            online=True, network=network, records=records, seconds=_PATIENCE
        ),
        open=partial(_never_opened),
        **options,
    )
    # A test that runs has always begun two seconds ago.
    begun, clock = partial(live_test.RunningTest, began=0.0), SimpleNamespace(monotonic=lambda: 2.0)
    environ = {} if coloured else {"NO_COLOR": "1"}
    language.use(in_language)
    try:
        with (
            patch.object(live_test, "RunningTest", begun),
            patch.object(live_test, "time", clock),
            patch.object(AccountScreen, "set_timer", _at_once),
            patch.dict(os.environ, environ),
        ):
            app = WizardApp(session)
            async with app.run_test(size=size) as pilot:
                operator = Operator(pilot, test, config.parents[1])
                await operator.settled()
                yield operator
    finally:
        language.use("en")


def _at_once(
    screen: AccountScreen, _delay: float, callback: Callable[[], object]
) -> SimpleNamespace:
    """Do without delay what waits for the operator to pause: it is waited for in any case."""
    callback()
    return SimpleNamespace(stop=lambda: None)


def _never_opened(path: Path) -> WizardSession:
    raise NotImplementedError(path)


def mail_server(user: str = USER, password: Secret = PASSWORD) -> MailServer:
    """Return the embedded mail server, with a certificate for all its names."""
    return MailServer(user, password, certificate=Validity(tuple(ADDRESSES)))

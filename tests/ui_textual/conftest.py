"""The wizard with real files and a real mail server; only its ports and its name are the demo's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
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
from wizard.ui.account.done import Done
from wizard.ui.account.form import AccountForm
from wizard.ui.account.mail_server_search import MailServerSearch
from wizard.ui.account.review import Review
from wizard.ui.account.session import WizardSession
from wizard.ui.account.view import Action, Line
from wizard.ui.textual.app import WizardApp
from wizard.ui.textual.dialogs import Answers
from wizard.ui.textual.panel import Panel
from wizard.ui.textual.row import FormRow

PASSWORD = "open$esame #1"
NORMAL, SMALL = (80, 24), (40, 12)
PATIENCE = 60.0
"""Seconds until something must have happened; only a defect takes that long."""


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        yield server


class WaitingApp(WizardApp):
    """The wizard, which says whether it is the operator's turn."""

    waits = False
    """Whether nothing happens before the operator has done something; else it plans or writes."""

    async def account(self, form: AccountForm) -> Action:
        with self._waiting():
            return await super().account(form)

    async def review(self, review: Review) -> bool:
        with self._waiting():
            return await super().review(review)

    async def done(self, done: Done) -> tuple[Done, bool]:
        with self._waiting():
            return await super().done(done)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.waits = True
        try:
            yield
        finally:
            self.waits = False


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
        if isinstance(self.app, WaitingApp) and not self.app.waits:
            return True
        awaited = ("test", "search", "preview")
        return any(worker.group in awaited for worker in self.app.workers)

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
    def screen(self) -> str:
        """The name of the screen."""
        return type(self.app.screen).__name__

    @property
    def focus(self) -> str:
        """The name of the field, or the words of the button or answer, on which Enter acts."""
        if isinstance(self.app.focused, Answers):
            shown, pattern = self.drawn(), r"(?:│|^) ▌ (.*?) *(?:│|$)"
        else:
            shown, pattern = self.drawn().splitlines()[-2], r"▌\[ (.*?) \]"
        marked = re.search(pattern, shown, re.MULTILINE)
        if marked is not None:
            return marked[1]
        rows = (row for row in self.app.screen.query(FormRow) if row.has_focus_within)
        return next((str(row.name) for row in rows), "")

    async def go_to(self, place: str) -> None:
        """Press Tab until the focus is on a field or button."""
        for _ in range(20):
            if self.focus == place:
                return
            await self.press("tab")
        pytest.fail(f"the focus does not come to {place!r} on:\n{self.drawn()}")

    async def fill(self, field: str, text: str) -> None:
        """Type into a field, and press Enter."""
        await self.go_to(field)
        await self.type(text)
        await self.press("enter")

    async def push(self, label: str) -> None:
        """Press a button."""
        await self.go_to(label)
        await self.press("enter")

    async def choose(self, field: str, label: str) -> None:
        """Choose an option of a field, as it is drawn."""
        await self.go_to(field)
        chosen = rf"\(•\) {re.escape(label)}|‹ {re.escape(label)} ›"  # noqa: RUF001
        for _ in range(8):
            if re.search(chosen, self.drawn_row(field)):
                return
            await self.press("right")
        pytest.fail(f"there is no {label!r} on:\n{self.drawn()}")

    def row(self, field: str) -> FormRow:
        """Return a row, also while something else is over it."""
        for screen in self.app.screen_stack:
            for row in screen.query(FormRow):
                if row.name == field:
                    return row
        pytest.fail(f"there is no field {field!r} on:\n{self.drawn()}")

    def drawn_row(self, field: str) -> str:
        """Return what is drawn of a field, with its note."""
        region = self.row(field).region
        return "\n".join(self.drawn().splitlines()[region.y : region.bottom])

    def value(self, field: str) -> str:
        """Return what a field contains."""
        return str(self.row(field).field.value)

    def read(self) -> str:
        """Return what is drawn in one line, without frames, for sentences that are wrapped."""
        return " ".join(re.sub(r"[│┃╭╮╰╯┏┓┗┛─━]+", " ", self.drawn()).split())

    def text(self) -> str:
        """Return everything that can be read on the screen by scrolling, without its layout."""
        lines = []
        for panel in self.app.screen.query(Panel):
            if panel.display:
                shown = panel._lines  # noqa: SLF001  (no public way)
                lines += [panel._title, *map(_words, shown)]  # noqa: SLF001
        return self.read() + "\n" + "\n".join(lines)

    def drawn(self) -> str:
        """Return what is drawn, line by line."""
        screen = self.app.screen
        lines = screen._compositor.render_strips()  # noqa: SLF001  (no public way)
        return "\n".join(strip.text for strip in lines)


def _words(line: object) -> str:
    if isinstance(line, Line):
        parts = [line.mark, line.word, line.lead, line.text, line.right]
    else:
        parts = [str(part) for part in line if part is not None]  # type: ignore[attr-defined]
    return " ".join(part.strip() for part in parts if part)


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
        app = WaitingApp(session)
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
    "WaitingApp",
    "Wizard",
]

"""Runs the wizard line by line, and restores the terminal however that ends."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass

from wizard.system.crash_report import Crash
from wizard.ui.plain.surface import PlainSurface
from wizard.ui.plain.terminal import Terminal
from wizard.ui.steps.done import Done
from wizard.ui.steps.session import Session


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run has ended."""

    done: Done | None
    """What was written; None where nothing was."""
    shown: bool
    """Whether the operator has read that already."""
    kept: bool
    """Whether what was entered is kept for the next start."""
    number: int
    """The signal that ended it; 0 where none did."""


class Plain:
    """One run on standard input and output. Signals end it by the methods other than ``run``."""

    loop: asyncio.AbstractEventLoop | None = None
    """Where it runs; None before it does."""

    def __init__(self, session: Session) -> None:
        self._terminal = Terminal()
        self._surface = PlainSurface(session, self._terminal)
        self._running: asyncio.Future[Done | None] | None = None

    def run(self) -> Ending:
        """Run to the end; raise :class:`Crash` for a defect."""
        return asyncio.run(self._run())

    async def _run(self) -> Ending:
        self.loop = asyncio.get_running_loop()
        # Ctrl+\ would leave a terminal that shows nothing of what is typed.
        self.loop.add_signal_handler(signal.SIGQUIT, self.end_by, signal.SIGQUIT)
        surface = self._surface
        with self._terminal:
            self._running = asyncio.ensure_future(surface.run())
            try:
                done = await self._running
            except Exception as error:
                surface.flow.keep()
                raise Crash(surface.stage) from error
        return Ending(done, surface.shown, surface.kept, surface.number)

    def end_by(self, number: int) -> None:
        """End as a signal asks; what is being written is written first."""
        self._surface.number = number
        if self._running is not None and not self._surface.flow.writing:
            self._running.cancel()

    def interrupt(self) -> None:
        """Do what Ctrl+C does."""
        self._terminal.interrupt()

    def give_up(self) -> bool:
        """Save and restore what can be without the loop; not while files are written."""
        if self._surface.flow.writing:
            return False
        self._surface.flow.keep()
        self._terminal.restore()
        return True

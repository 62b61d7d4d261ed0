"""Runs the wizard line by line, and restores the terminal however that ends."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass

from wizard.flow.done import Done
from wizard.flow.session import Session
from wizard.plain.surface import PlainSurface
from wizard.plain.terminal import Terminal
from wizard.report import Crash

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


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


def run(session: Session) -> Ending:
    """Run the wizard on standard input and output; raise :class:`Crash` for a defect."""
    return asyncio.run(_run(session))


async def _run(session: Session) -> Ending:
    loop = asyncio.get_running_loop()
    with Terminal() as terminal:
        surface = PlainSurface(session, terminal)
        running = asyncio.ensure_future(surface.run())
        for number in _ENDING:
            loop.add_signal_handler(number, surface.end_by, number, running)
        try:
            done = await running
        except Exception as error:
            surface.flow.keep()
            raise Crash(surface.stage) from error
        return Ending(done, surface.shown, surface.kept, surface.number)

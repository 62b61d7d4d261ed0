"""Waiting for the server's verdict, for a few seconds at most."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import aclosing
from dataclasses import dataclass

from wizard.afterwards.log import Log, LogUnreadable
from wizard.afterwards.log_reader import LogReader
from wizard.afterwards.outcome import Heard, Outcome
from wizard.config.draft import Draft
from wizard.saving.plan import Plan
from wizard.server.redaction import Veil, veil
from wizard.server.reload import Server

SECONDS = 10.0
SETTLES = 0.5


@dataclass(frozen=True, slots=True)
class Listening:
    """What is listened to from before the writing on."""

    server: Server
    log: Log
    veil: Veil
    seconds: float = SECONDS
    settles: float = SETTLES
    """Seconds after the first verdict in which another one may follow: a server that reads a file
    in the middle of its being written refuses it first, and an error message has several lines."""

    @property
    def undo_command(self) -> str:
        """What brings the old settings back, as it is typed in a shell."""
        return shlex.join(["smtp-wizard", "-c", str(self.server.current.layout.config), "undo"])

    async def outcome(self) -> Outcome:
        """Wait for the verdict; cancelling ends everything that was started for it."""
        reader = LogReader()
        ended = False
        try:
            async with asyncio.timeout(self.seconds) as limit, aclosing(self.log.pieces()) as log:
                async for piece in log:
                    undecided = reader.reloaded is None
                    reader.feed(piece)
                    if undecided and reader.reloaded is not None:
                        settled = asyncio.get_running_loop().time() + self.settles
                        limit.reschedule(min(settled, limit.when() or settled))
                ended = True
        except TimeoutError:
            pass
        except LogUnreadable:
            if reader.reloaded is None:
                return Outcome(Heard.UNREADABLE)
        reader.close()
        return self._judge(reader, ended)

    def _judge(self, reader: LogReader, ended: bool) -> Outcome:
        if reader.reloaded:
            return Outcome(Heard.RELOADED)
        if reader.reloaded is False:
            return Outcome(Heard.REFUSED, self.veil("; ".join(reader.why)))
        if ended:
            return Outcome(Heard.ENDED)
        return Outcome(Heard.QUIET if self.server.hiding_level else Heard.SILENT)


def listen(server: Server, draft: Draft, plan: Plan) -> Listening | None:
    """Begin to listen, just before ``plan`` is written; None where there is nothing to hear."""
    log = server.log() if server.reloads(plan) else None
    return None if log is None else Listening(server, log, veil(server.current, draft))

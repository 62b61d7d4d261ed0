"""A log of the server, and what may go wrong with reading it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol


class LogUnreadable(Exception):
    """The log cannot be read by this account, or not at all."""


class Log(Protocol):
    """Where the server's log is, as it was at one moment: what came before is left out."""

    @property
    def command(self) -> str:
        """What the operator types in a shell to read the log's last lines."""

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yield what has been appended since then, and then what is being appended.

        Ends when nothing can come any more; closing it ends everything that was started for it.
        Raises :class:`LogUnreadable`.
        """

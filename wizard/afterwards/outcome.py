"""What the server's log has said of the new settings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Heard(Enum):
    """What there was to hear."""

    RELOADED = auto()
    """The server uses the new settings."""
    REFUSED = auto()
    """The server cannot use the new config.toml, and goes on with what it had."""
    SILENT = auto()
    """Nothing within the time."""
    QUIET = auto()
    """No error within the time, from a log whose level leaves out that all is well."""
    ENDED = auto()
    """The log is that of a container which does not run."""
    UNREADABLE = auto()
    """The log could not be read after all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was heard, and the server's own words where it refuses: masked, on one line."""

    heard: Heard
    words: str = ""

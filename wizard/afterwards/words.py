"""What was heard from the server, in the operator's words; in this one place."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.afterwards.listening import Listening
from wizard.afterwards.outcome import Heard, Outcome

WAITING = "Listening to the server's log: {seconds:.0f} s at most."
STOPPED = "Nobody waited for the server's log."
_RELOADED = "✓ The server has reloaded config.toml and uses the new settings."
_REFUSED = (
    "✗ The server cannot use the new config.toml. It goes on with its old settings, but once "
    "stopped it does not start again before this is mended."
)
_SAID = "The server said: {words}"
_MEND = "Mend what the server names in config.toml; it then reloads the file by itself."
_UNDO = "Or go back to how it was:"
_SILENT = (
    "! The server's log says nothing of a reload within {seconds:.0f} seconds: perhaps the server "
    "does not run."
)
_QUIET = (
    "! The server's log says nothing of an error within {seconds:.0f} seconds. At its level "
    "{level} it does not say that a reload went well."
)
_READ = "Read the server's log:"
_ENDED = "! The server's container does not run. It reads the new settings when you start it:"


@dataclass(frozen=True, slots=True)
class Said:
    """``heard`` is what has happened; ``steps`` is what to do about it, commands with ``$ ``."""

    heard: tuple[str, ...]
    steps: tuple[str, ...] = ()
    mark: str = ""
    """``passed``, ``warned`` or ``failed``."""
    instead: bool = False
    """Whether the steps take the place of all that was to be done otherwise."""
    settled: bool = False
    """Whether there is nothing more to be said of the reload."""


def said(outcome: Outcome, listening: Listening) -> Said:
    """Return what to tell the operator; nothing where nothing could be heard."""
    seconds, read = listening.seconds, (_READ, f"$ {listening.log.command}")
    match outcome.heard:
        case Heard.RELOADED:
            return Said((_RELOADED,), mark="passed", settled=True)
        case Heard.REFUSED:
            words = (_SAID.format(words=outcome.words),) if outcome.words else read
            mend = (_MEND, _UNDO, f"$ {listening.undo_command}")
            return Said((_REFUSED, *words), mend, "failed", instead=True, settled=True)
        case Heard.SILENT:
            return Said((_SILENT.format(seconds=seconds),), read, "warned")
        case Heard.QUIET:
            level = listening.server.hiding_level
            return Said(
                (_QUIET.format(seconds=seconds, level=level),), read, "warned", settled=True
            )
        case Heard.ENDED:
            start = f"$ {listening.server.start_command}"
            return Said((_ENDED,), (start,), "warned", settled=True)
        case Heard.UNREADABLE:
            return Said(())

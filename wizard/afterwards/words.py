"""What was heard from the server, in the operator's words; in this one place."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.afterwards.listening import Listening
from wizard.afterwards.outcome import Heard, Outcome
from wizard.text.language import N_, _

WAITING = N_("Listening to the server's log: {seconds:.0f} s at most.")
STOPPED = N_("Nobody waited for the server's log.")
_RELOADED = N_("✓ The server has reloaded config.toml and uses the new settings.")
_REFUSED = N_(
    "✗ The server cannot use the new config.toml. It goes on with its old settings, but once "
    "stopped it does not start again before this is mended."
)
_SAID = N_("The server said: {words}")
_MEND = N_("Mend what the server names in config.toml; it then reloads the file by itself.")
_UNDO = N_("Or go back to how it was:")
_SILENT = N_(
    "! The server's log says nothing of a reload within {seconds:.0f} seconds: perhaps the "
    "server does not run."
)
_QUIET = N_(
    "! The server's log says nothing of an error within {seconds:.0f} seconds. At its level "
    "{level} it does not say that a reload went well."
)
_READ = N_("Read the server's log:")
_ENDED = N_("! The server's container does not run. It reads the new settings when you start it:")


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
    seconds, read = listening.seconds, (_(_READ), f"$ {listening.log.command}")
    match outcome.heard:
        case Heard.RELOADED:
            return Said((_(_RELOADED),), mark="passed", settled=True)
        case Heard.REFUSED:
            words = (_(_SAID, words=outcome.words),) if outcome.words else read
            mend = (_(_MEND), _(_UNDO), f"$ {listening.undo_command}")
            return Said((_(_REFUSED), *words), mend, "failed", instead=True, settled=True)
        case Heard.SILENT:
            return Said((_(_SILENT, seconds=seconds),), read, "warned")
        case Heard.QUIET:
            level = listening.server.hiding_level
            return Said((_(_QUIET, seconds=seconds, level=level),), read, "warned", settled=True)
        case Heard.ENDED:
            start = f"$ {listening.server.start_command}"
            return Said((_(_ENDED),), (start,), "warned", settled=True)
        case Heard.UNREADABLE:
            return Said(())

"""What a running server makes of the settings that were written, as its log tells."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from wizard.compose.container import Container
from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.errors import Finding, WizardError
from wizard.files.refusals import InPlaceReason
from wizard.formats.variables import expand
from wizard.saving.plan import Plan
from wizard.secrets.sources import ENV_FILE
from wizard.server.log import LogFile, LogReader, LogUnreadable, ServerLog, container_log
from wizard.server.next_steps import NextStep, StepKind, compose_command, start_command
from wizard.server.redaction import LogRedactor, redactor_for
from wizard.text.language import N_, _

_LEVELS_WITHOUT_INFO = ("error", "warn", "warning")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """One server, and what is configured for it."""

    current: CurrentConfig

    @property
    def container(self) -> Container | None:
        """Its container; None where it runs in none, or where none is found."""
        container = self.current.container
        return container if container is not None and container.service else None

    @property
    def start_command(self) -> str:
        """What starts it, as it is typed in a shell; empty where that is not known.

        The secret is in ``.env``.
        """
        return start_command(ENV_FILE, self.current)

    @property
    def hiding_level(self) -> str:
        """The level of its log if that leaves out successful reloads; otherwise empty."""
        level = self._expand(self.current.view.log_level).strip().lower()
        return level if level in _LEVELS_WITHOUT_INFO else ""

    def reloads(self, plan: Plan) -> bool:
        """Whether a running server picks up by itself what ``plan`` writes."""
        current = self.current
        changed = any(
            change.before.path == plan.config and change.changed and not change.created
            for change in plan.changes
        )
        never_started = not current.configured and current.view.missing_required
        if plan.restart_needed or plan.needs_exec or never_started:
            return False
        return changed and not self._mounts_file()

    def restart_command(self, findings: Iterable[Finding] = ()) -> str | None:
        """Return what makes it read a config.toml that is mounted on its own.

        None where it notices by itself, empty where the command is not known. ``findings`` are
        those of the writing.
        """
        written_unnoticed = any(found.code == InPlaceReason.MOUNT.code for found in findings)
        if not written_unnoticed and not self._mounts_file():
            return None
        if not self.current.in_container:
            return self.start_command
        # `up -d` does nothing for a container whose own settings are the same.
        return shlex.join(compose_command(self.current, "restart"))

    def log(self) -> ServerLog | None:
        """Return its log from now on; None where that is unknown or cannot be read."""
        layout, file = self.current.layout, self._expand(self.current.view.log_file)
        owner = self.current.stranger  # who may have anything of ours named as the log
        try:
            if not self.current.in_container:
                # The vendor's unit starts the server in the directory of config.toml.
                return LogFile.open_at_end(layout.config.parent / file, owner) if file else None
            if self.container is None:
                return None
            if file:  # then the server prints nothing
                path = self.container.path_on_host(file)
                return None if path is None else LogFile.open_at_end(path, owner)
            return container_log(self.container, self.current.environ, datetime.now(UTC))
        except (LogUnreadable, OSError, ValueError):
            return None

    def _expand(self, value: str | None) -> str:
        try:
            return expand(value or "", self.current.lookup)
        except WizardError:
            return ""

    def _mounts_file(self) -> bool:
        container = self.container
        return container is not None and container.mounts_alone(self.current.layout.config)


def observe_server(current: CurrentConfig) -> RunningServer:
    """Return the server as Compose would start it; asks Compose where that was not done yet."""
    if current.container is None:
        current = current.with_container()
    return RunningServer(current)


@dataclass(frozen=True, slots=True)
class ReloadWatch:
    """Follows the server's log from just before the writing."""

    server: RunningServer
    log: ServerLog
    redactor: LogRedactor
    timeout: float = 10.0
    """Seconds to wait at most."""
    settle_time: float = 0.5
    """Seconds after the first verdict in which another one may follow: a server that reads a file
    in the middle of its being written refuses it first, and an error message has several lines."""

    @property
    def undo_command(self) -> str:
        """What brings the old settings back, as it is typed in a shell."""
        return shlex.join(["smtp-wizard", "-c", str(self.server.current.layout.config), "undo"])

    async def outcome(self) -> ReloadOutcome:
        """Wait for the verdict; cancelling ends everything that was started for it."""
        import asyncio  # `set` needs this module only for the command that restarts a server

        reader = LogReader()
        ended = False
        try:
            async with asyncio.timeout(self.timeout) as limit, aclosing(self.log.chunks()) as log:
                async for chunk in log:
                    undecided = reader.reloaded is None
                    reader.feed(chunk)
                    await asyncio.sleep(0)  # where more is there at once, time would not pass
                    if undecided and reader.reloaded is not None:
                        settled = asyncio.get_running_loop().time() + self.settle_time
                        limit.reschedule(min(settled, limit.when() or settled))
                ended = True
        except TimeoutError:
            pass
        except LogUnreadable:
            if reader.reloaded is None:
                return ReloadOutcome(ReloadResult.UNREADABLE)
        reader.close()
        return self._judge(reader, ended)

    def _judge(self, reader: LogReader, ended: bool) -> ReloadOutcome:
        if reader.reloaded:
            return ReloadOutcome(ReloadResult.RELOADED)
        if reader.reloaded is False:
            return ReloadOutcome(ReloadResult.REFUSED, self.redactor("; ".join(reader.reasons)))
        if ended:
            return ReloadOutcome(ReloadResult.ENDED)
        hides = self.server.hiding_level
        return ReloadOutcome(ReloadResult.QUIET if hides else ReloadResult.SILENT)


def watch_reload(server: RunningServer, draft: Draft, plan: Plan) -> ReloadWatch | None:
    """Note where the log ends, just before ``plan`` is written; None where it would say nothing."""
    log = server.log() if server.reloads(plan) else None
    return None if log is None else ReloadWatch(server, log, redactor_for(server.current, draft))


class ReloadResult(Enum):
    """What the server's log says of the new settings."""

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
class ReloadOutcome:
    """The result, and the server's own words where it refuses: masked, on one line."""

    result: ReloadResult
    words: str = ""


WAITING = N_("Listening to the server's log: {seconds:.0f} s at most.")
STOPPED = N_("Nobody waited for the server's log.")
_RELOADED = N_("✓ The server has reloaded config.toml and uses the new settings.")
_REFUSED = N_(
    "✗ The server cannot use the new config.toml. It goes on with its old settings, but once "
    "stopped it does not start again before this is repaired."
)
_SAID = N_("The server said: {words}")
_REPAIR = N_("Correct what the server names in config.toml; it then reloads the file by itself.")
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
class ReloadMessage:
    """What to tell the operator: what the server has made of the settings, and what to do."""

    verdict: tuple[str, ...]
    steps: tuple[NextStep, ...] = ()
    mark: str = ""
    """``passed``, ``warned`` or ``failed``."""
    replaces_steps: bool = False
    """Whether the steps take the place of all that was to be done otherwise."""
    settled: bool = False
    """Whether there is nothing more to be said of the reload."""


def reload_message(outcome: ReloadOutcome, watch: ReloadWatch) -> ReloadMessage:
    """Return what to tell the operator; nothing where the log could not be read."""
    seconds = watch.timeout
    read_log = NextStep(_(_READ)), NextStep(watch.log.command, StepKind.COMMAND)
    match outcome.result:
        case ReloadResult.RELOADED:
            return ReloadMessage((_(_RELOADED),), mark="passed", settled=True)
        case ReloadResult.REFUSED:
            words = [_(_SAID, words=outcome.words)] if outcome.words else map(str, read_log)
            repair = (
                NextStep(_(_REPAIR)),
                NextStep(_(_UNDO)),
                NextStep(watch.undo_command, StepKind.COMMAND),
            )
            return ReloadMessage(
                (_(_REFUSED), *words), repair, "failed", replaces_steps=True, settled=True
            )
        case ReloadResult.SILENT:
            return ReloadMessage((_(_SILENT, seconds=seconds),), read_log, "warned")
        case ReloadResult.QUIET:
            level = watch.server.hiding_level
            verdict = _(_QUIET, seconds=seconds, level=level)
            return ReloadMessage((verdict,), read_log, "warned", settled=True)
        case ReloadResult.ENDED:
            start = NextStep(watch.server.start_command, StepKind.COMMAND)
            return ReloadMessage((_(_ENDED),), (start,), "warned", settled=True)
        case ReloadResult.UNREADABLE:
            return ReloadMessage(())

"""The server that reads what was written: where its log is, and what it notices by itself."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from wizard.afterwards.container_log import container_log
from wizard.afterwards.log import Log, LogUnreadable
from wizard.check.inspection import find_container
from wizard.compose.container import Container
from wizard.config.current import Current
from wizard.config.settings import Caution, expand
from wizard.errors import WizardError
from wizard.files.written import InPlace
from wizard.saving.plan import Plan
from wizard.secrets.store import StoreName
from wizard.server.log import LogFile
from wizard.server.next_steps import start_command

_LEVELS_WITHOUT_INFO = ("error", "warn", "warning")


@dataclass(frozen=True, slots=True)
class Server:
    """One server; ``container`` is None where it runs in none, or where that is not known."""

    current: Current
    container: Container | None = None

    @property
    def start_command(self) -> str:
        """What starts it, as it is typed in a shell; the secret is in ``.env``."""
        return start_command(StoreName.ENV.place, self.current.layout)

    @property
    def hiding_level(self) -> str:
        """The level of its log where that leaves out that a reload went well; empty elsewhere."""
        level = self._expanded(self.current.view.log_level).strip().lower()
        return level if level in _LEVELS_WITHOUT_INFO else ""

    def reloads(self, plan: Plan) -> bool:
        """Whether a running server takes over by itself what ``plan`` writes."""
        current = self.current
        changed = any(
            change.before.path == plan.config and change.changed and not change.created
            for change in plan.changes
        )
        through_exec = plan.store is not StoreName.ENV and plan.variable is not None
        never_started = not current.configured and current.view.missing_required
        if plan.restart_needed or through_exec or never_started:
            return False
        return changed and not self._mounts_file()

    def restart_command(self, notes: Iterable[Caution] = ()) -> str | None:
        """Return what makes it read a config.toml that is mounted on its own.

        None where it notices by itself. ``notes`` is what the writing has come to.
        """
        if not (self._mounts_file() or any(note.code == InPlace.MOUNT.code for note in notes)):
            return None
        compose_file = self.current.layout.compose_file
        if compose_file is None:
            return self.start_command
        # `up -d` does nothing for a container whose own settings are the same.
        service = () if self.container is None else (self.container.service.name,)
        return shlex.join(["docker", "compose", "-f", str(compose_file), "restart", *service])

    def log(self) -> Log | None:
        """Return its log from now on; None where it is not known, or of no use to this account."""
        layout, file = self.current.layout, self._expanded(self.current.view.log_file)
        try:
            if not self.current.in_container:
                # The vendor's unit starts the server in the directory of config.toml.
                return LogFile.look(layout.config.parent / file) if file else None
            if self.container is None or layout.compose_file is None:
                return None
            if file:  # nothing is printed then
                outside = _outside(self.container, file)
                return None if outside is None else LogFile.look(outside)
            return container_log(
                self.container, layout.compose_file, self.current.environ, datetime.now(UTC)
            )
        except (LogUnreadable, OSError, ValueError):
            return None

    def _expanded(self, value: str | None) -> str:
        try:
            return expand(value or "", self.current.lookup)
        except WizardError:
            return ""

    def _mounts_file(self) -> bool:
        container = self.container
        if container is None:
            return False
        config = Path(os.path.realpath(self.current.layout.config))
        sources = (container.source_of(mount) for mount in container.service.mounts)
        return any(Path(os.path.realpath(source)) == config for source in sources if source)


def look(current: Current) -> Server:
    """Look at the compose file, where there is one; never raises for what it finds."""
    if not current.in_container:
        return Server(current)
    try:
        return Server(current, find_container(current.layout, current.env_text, current.environ))
    except (WizardError, OSError, ValueError):
        return Server(current)


def _outside(container: Container, file: str) -> Path | None:
    """Return the host's path of a file of the container; None for one that is only inside."""
    path = PurePosixPath(os.path.normpath(file))
    found: tuple[int, Path] | None = None
    for mount in container.service.mounts:
        target = PurePosixPath(os.path.normpath(mount.target))
        source = container.source_of(mount)
        if source is not None and target.is_absolute() and path.is_relative_to(target):
            depth = len(target.parts)
            if found is None or depth >= found[0]:
                found = depth, source / path.relative_to(target)
    return None if found is None else found[1]

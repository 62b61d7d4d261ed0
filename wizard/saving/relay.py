"""A relay beside the server, planned: its service in a compose file, its password in ``.env``."""

from __future__ import annotations

import contextlib
import stat
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from wizard.compose.ask import DOCKER, check_addition
from wizard.compose.container import Container
from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.relay import (
    PASSWORD,
    PORT,
    SERVICE,
    is_written_here,
    relay_obstacle,
    relay_services,
    relay_settings,
)
from wizard.errors import FileRefused, InvalidValue
from wizard.files.encoding import decode, encode
from wizard.files.reading import read_file
from wizard.files.writing import PRIVATE
from wizard.formats.dotenv.variables import set_variable
from wizard.formats.variables import Readers
from wizard.saving.change import FileChange, FileRole
from wizard.secrets.secret import Keep, Remove, Secret
from wizard.secrets.sources import ENV_FILE
from wizard.text.language import _


class RelayPlan(NamedTuple):
    """What puts a relay between the server and its mail server."""

    server: Draft
    """What the server is to use: the relay."""
    services: str
    """What the compose files have to say besides."""
    override: Path | None
    """The new file for that; None where the operator has to add it to one that is there."""
    mode: int
    password: Secret | None
    password_file: Path
    current: CurrentConfig

    @classmethod
    def of(cls, current: CurrentConfig, draft: Draft) -> RelayPlan:
        """Plan it; raise a :class:`WizardError` where that is impossible or Compose refuses it."""
        container = current.container
        obstacle = relay_obstacle(container)
        if obstacle is not None or container is None:
            raise obstacle or AssertionError
        settings = replace(draft, relay=None).settings(current)
        written = container.project.variables.get(PASSWORD)
        if isinstance(draft.secret, Keep) and written and is_written_here(container):
            settings = replace(settings, secret=Secret(written))
        relay = relay_settings(settings, draft.relay or "")
        if relay.unknown_secret:
            raise InvalidValue(
                "relay-secret",
                _("The secret is not known here, so the relay cannot get it."),
                _("Give it again: --secret-stdin, --secret-file or --secret-env."),
            )
        services = relay_services(container, relay)
        path = container.project.override
        override = (
            path if path not in container.project.files or is_written_here(container) else None
        )
        if container.asked != DOCKER:  # nobody here could check it
            override = None
        else:
            _check(container, services, override)
        login = relay.login
        return cls(
            replace(
                draft,
                user=relay.user,
                endpoint=f"smtp://{SERVICE}:{PORT}",
                starttls=False,
                secret=Remove(),
                store=ENV_FILE,
                relay=None,
            ),
            services,
            override,
            _mode(container),
            None if login is None else login[1],
            container.project.find_variable(PASSWORD).path,
            current,
        )

    def changes(self, env: FileChange, config: FileChange) -> tuple[FileChange, ...]:
        """Return all changes with those of ``env`` and ``config``, in the order of writing."""
        files = [env]
        if self.password is not None:
            same = env.before.path == self.password_file
            before = env.before if same else read_file(self.password_file)
            text = decode((env.after if same else before.data) or b"", before.path.name)
            value = self.password.reveal()
            try:
                text = set_variable(text, PASSWORD, value, self.current.environ, Readers.COMPOSE)
            except FileRefused as error:
                raise error.at(before.path) from None
            changed = FileChange(before, encode(text), FileRole.ENV)
            files = [changed] if same else [env, changed]
        if self.override is not None:
            before = read_file(self.override)
            data = encode(self.services)
            files.append(FileChange(before, data, FileRole.COMPOSE, self.mode))
        return (*files, config)


def _check(container: Container, services: str, path: Path | None) -> None:
    # The password itself is none of Compose's business yet.
    reason = check_addition(container, services, {PASSWORD: "unset"}, path)
    if reason is not None:
        raise FileRefused(
            "compose-refused",
            _("Docker Compose would start nothing with the relay: {reason}", reason=reason),
            _("Correct that first; docker compose config shows whether it is right."),
            path=path or container.project.files[0],
        )


def _mode(container: Container) -> int:
    """Return the mode for a new compose file: that of the one that is there."""
    with contextlib.suppress(OSError):
        return stat.S_IMODE(container.project.files[0].stat().st_mode) & 0o664 | PRIVATE
    return PRIVATE

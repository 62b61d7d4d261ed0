"""What a store means for the operator: before it is chosen, and once the secret is in it."""

from __future__ import annotations

import shlex
from pathlib import Path

from wizard.config.current import Place
from wizard.config.layout import Layout, LayoutKind
from wizard.secrets.credential import credential_path
from wizard.stores import systemd
from wizard.text.language import N_, _

_STANDALONE_CONSEQUENCES = {
    Place.ENV_FILE: N_("The server reads it by itself, also after a reboot."),
    Place.KEYRING: N_(
        "After a reboot the keyring is locked until you log in: a service that starts by itself "
        "cannot use it. You start the server through smtp-wizard exec."
    ),
    Place.CREDENTIAL: N_(
        "Only root and the service can read it, also after a reboot; the unit gets a drop-in that "
        "starts the server through smtp-wizard exec."
    ),
}
_COMPOSE_CONSEQUENCES = {
    Place.ENV_FILE: N_("Docker Compose reads it by itself whenever it creates the container."),
    Place.KEYRING: N_(
        "Docker keeps the value with the container, so restarts and reboots need no keyring; "
        "creating the container again needs smtp-wizard exec in your own session."
    ),
    Place.CREDENTIAL: N_(
        "Only root can read it; creating the container again takes a unit that starts Docker "
        "Compose through smtp-wizard exec."
    ),
}


def consequence(place: Place, kind: LayoutKind) -> str:
    """Say in one sentence what it means to keep the secret in a store."""
    sentences = _COMPOSE_CONSEQUENCES if kind is LayoutKind.COMPOSE else _STANDALONE_CONSEQUENCES
    return _(sentences[place])


def start_command(place: Place, layout: Layout) -> str:
    """Return the command that starts the server with the secret, as it is typed in a shell."""
    if layout.kind is LayoutKind.COMPOSE and layout.compose_file is not None:
        command = ["docker", "compose", "-f", str(layout.compose_file), "up", "-d"]
    elif place is Place.KEYRING:
        command = ["bomnipotent_server", str(layout.config)]
    else:
        return "systemctl restart bomnipotent"
    if place is Place.ENV_FILE:
        return shlex.join(command)
    return shlex.join(["smtp-wizard", "-c", str(layout.config), "exec", "--", *command])


def drop_in(place: Place, layout: Layout, server: Path, program: Path) -> str:
    """Return the drop-in for the unit of a server that is started by ``server config.toml``."""
    credential = credential_path(layout.config) if place is Place.CREDENTIAL else None
    command = [str(server), str(layout.config)]
    return systemd.drop_in(layout.config, command, program=program, credential=credential)


def compose_lines(variable: str) -> tuple[str, ...]:
    """Return what the compose file's service needs; Compose then refuses to start without it."""
    return ("environment:", f"  {variable}: ${{{variable}:?}}")

"""What a store means for the operator: before it is chosen, and once the secret is in it.

What to paste into the unit of a server that gets its secret through ``exec``.

Quoting: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.layout import Layout, LayoutKind
from wizard.errors import Finding
from wizard.secrets.credential import CREDENTIAL, credential_path
from wizard.secrets.store import SecretSource, StoreKind
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.saving.plan import Plan


_BEFORE_START = ("server-settings-missing", "compose-variable-not-passed")
"""What has to be mended before the server can use what was written."""


def _unit(current: CurrentConfig) -> list[str]:
    """Return the drop-in for the server's unit, and what makes systemd read it."""
    server = shutil.which("bomnipotent_server") or "/usr/bin/bomnipotent_server"
    program = shutil.which("smtp-wizard") or "/usr/local/bin/smtp-wizard"
    text = drop_in_for(SecretSource.CREDENTIAL, current.layout, Path(server), Path(program))
    return [
        _("The server's unit needs this drop-in ({path}):", path=DROP_IN),
        *(f"    {line}" for line in text.splitlines()),
        _("Then:"),
        "$ systemctl daemon-reload",
    ]


RELOADS = N_(
    "A running server reloads config.toml by itself. Its log then says: Configuration "
    "successfully reloaded"
)


def next_steps(
    current: CurrentConfig,
    draft: Draft,
    plan: Plan,
    cautions: Iterable[Finding],
    restart: str | None = None,
    *,
    settled: bool = False,
) -> tuple[str, ...]:
    """Return what to do now, one sentence or command a line; commands begin with ``$ ``.

    ``cautions`` are those of the plan: some have to be dealt with before the server starts.
    ``restart`` is what makes a server read a config.toml that is mounted on its own; None where
    it notices a change by itself. ``settled``: the operator knows what the server makes of it.
    """
    if not plan.changed:
        return (_("Nothing had to be changed."),)
    steps = [f"! {caution.message}" for caution in cautions if caution.code in _BEFORE_START]
    place = plan.store.place
    through_exec = plan.store is not StoreKind.ENV and plan.variable is not None
    if through_exec or plan.restart_needed:
        if plan.store is StoreKind.CREDENTIAL and through_exec:
            steps += _unit(current)
        elif through_exec:
            steps.append(_("The server gets the secret only when it is started like this:"))
        elif plan.secret_changed:
            steps.append(_("A running server does not notice a new secret. Start it again:"))
        else:
            steps.append(_("Start the server:"))
        steps.append(f"$ {start_command(place, current.layout)}")
    elif restart is not None:
        steps.append(
            _("config.toml is mounted on its own, so the server does not notice the change.")
        )
        steps.append(_("Start it again:"))
        steps.append(f"$ {restart}")
    elif not settled:
        steps.append(_(RELOADS))
    if draft.delivers:
        steps.append(_("Then let the server prove it with a mail of its own:"))
        steps.append("$ bomnipotent_client test-email you@example.org")
    return tuple(steps)


_STANDALONE_CONSEQUENCES = {
    SecretSource.ENV_FILE: N_("The server reads it by itself, also after a reboot."),
    SecretSource.KEYRING: N_(
        "After a reboot the keyring is locked until you log in: a service that starts by itself "
        "cannot use it. You start the server through smtp-wizard exec."
    ),
    SecretSource.CREDENTIAL: N_(
        "Only root and the service can read it, also after a reboot; the unit gets a drop-in that "
        "starts the server through smtp-wizard exec."
    ),
}
_COMPOSE_CONSEQUENCES = {
    SecretSource.ENV_FILE: N_(
        "Docker Compose reads it by itself whenever it creates the container."
    ),
    SecretSource.KEYRING: N_(
        "Docker keeps the value with the container, so restarts and reboots need no keyring; "
        "creating the container again needs smtp-wizard exec in your own session."
    ),
    SecretSource.CREDENTIAL: N_(
        "Only root can read it; creating the container again takes a unit that starts Docker "
        "Compose through smtp-wizard exec."
    ),
}


def store_consequence(place: SecretSource, kind: LayoutKind) -> str:
    """Say in one sentence what it means to keep the secret in a store."""
    sentences = _COMPOSE_CONSEQUENCES if kind is LayoutKind.COMPOSE else _STANDALONE_CONSEQUENCES
    return _(sentences[place])


def start_command(place: SecretSource, layout: Layout) -> str:
    """Return the command that starts the server with the secret, as it is typed in a shell."""
    if layout.kind is LayoutKind.COMPOSE and layout.compose_file is not None:
        command = ["docker", "compose", "-f", str(layout.compose_file), "up", "-d"]
    elif place is SecretSource.KEYRING:
        command = ["bomnipotent_server", str(layout.config)]
    else:
        return "systemctl restart bomnipotent"
    if place is SecretSource.ENV_FILE:
        return shlex.join(command)
    return shlex.join(["smtp-wizard", "-c", str(layout.config), "exec", "--", *command])


def drop_in_for(place: SecretSource, layout: Layout, server: Path, program: Path) -> str:
    """Return the drop-in for the unit of a server that is started by ``server config.toml``."""
    credential = credential_path(layout.config) if place is SecretSource.CREDENTIAL else None
    command = [str(server), str(layout.config)]
    return render_drop_in(layout.config, command, program=program, credential=credential)


def compose_environment_lines(variable: str) -> tuple[str, ...]:
    """Return what the compose file's service needs; Compose then refuses to start without it."""
    return ("environment:", f"  {variable}: ${{{variable}:?}}")


DROP_IN = Path("/etc/systemd/system/bomnipotent.service.d/smtp-secret.conf")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@+-]+")


def render_drop_in(
    config: Path,
    command: Sequence[str],
    *,
    program: Path = Path("/usr/local/bin/smtp-wizard"),
    credential: Path | None = None,
) -> str:
    """Return the text of a drop-in that starts ``command`` through ``exec``.

    ``command`` is what the unit starts now, ``program`` this program, both as absolute paths;
    ``credential`` is the encrypted file, where the secret is kept as one.
    """
    start = [str(program), "--config", str(config), "exec", "--", *command]
    lines = [f"# {DROP_IN}", "[Service]"]
    if credential is not None:
        lines.append(f"LoadCredentialEncrypted={CREDENTIAL}:{_specifiers(str(credential))}")
    # The empty line takes back the command of the unit itself; there can be only one.
    lines += ["ExecStart=", "ExecStart=" + " ".join(map(_word, start))]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    """Return one word of a command line, so that systemd passes it on as it is."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    escaped = escaped.replace("\n", "\\n").replace("$", "$$")
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")

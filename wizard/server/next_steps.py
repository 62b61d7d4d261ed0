"""What to do once the settings are written, and what each place for the secret means.

Quoting in the drop-in: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.layout import Layout, LayoutKind
from wizard.errors import Finding
from wizard.secrets.sources import StoreKind
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.saving.plan import Plan

_BEFORE_START = ("server-settings-missing", "compose-variable-not-passed")
"""What has to be repaired before the server can use what was written."""
_RELOADS = N_(
    "A running server reloads config.toml by itself. Its log then says: Configuration "
    "successfully reloaded"
)


class StepKind(Enum):
    """How a step is drawn."""

    TEXT = auto()
    COMMAND = auto()
    """To be typed in a shell."""
    WARNING = auto()


class NextStep(NamedTuple):
    """One line of what to do now."""

    text: str
    kind: StepKind = StepKind.TEXT

    def __str__(self) -> str:
        return _MARKS[self.kind] + self.text


_MARKS = {StepKind.TEXT: "", StepKind.COMMAND: "$ ", StepKind.WARNING: "! "}


def next_steps(
    current: CurrentConfig,
    draft: Draft,
    plan: Plan,
    *,
    warnings: Iterable[Finding] = (),
    restart: str | None = None,
    settled: bool = False,
) -> tuple[NextStep, ...]:
    """Return what to do now, line by line.

    ``warnings`` are those of the plan: some have to be dealt with before the server starts.
    ``restart`` is the command that makes a server read a config.toml that is mounted on its own;
    None where it notices by itself. ``settled``: the operator knows what the server makes of it.
    """
    if not plan.changed:
        return (NextStep(_("Nothing had to be changed.")),)
    steps = [
        NextStep(warning.message, StepKind.WARNING)
        for warning in warnings
        if warning.code in _BEFORE_START
    ]
    if plan.needs_exec or plan.restart_needed:
        steps += _start_server(current.layout, plan)
    elif restart is not None:
        words = _("config.toml is mounted on its own, so the server does not notice the change.")
        steps += NextStep(words), NextStep(_("Start it again:"))
        steps.append(NextStep(restart, StepKind.COMMAND))
    elif not settled:
        steps.append(NextStep(_(_RELOADS)))
    if draft.delivers:
        steps.append(NextStep(_("Then let the server prove it with a mail of its own:")))
        steps.append(NextStep("bomnipotent_client test-email you@example.org", StepKind.COMMAND))
    return tuple(steps)


def _start_server(layout: Layout, plan: Plan) -> list[NextStep]:
    command = NextStep(start_command(plan.store, layout), StepKind.COMMAND)
    if plan.needs_exec and plan.store.unit_setting is not None:
        return [*_install_drop_in(layout.config, plan.store.unit_setting(layout.config)), command]
    if plan.needs_exec:
        words = _("The server gets the secret only when it is started like this:")
    elif plan.secret_changed:
        words = _("A running server does not notice a new secret. Start it again:")
    else:
        words = _("Start the server:")
    return [NextStep(words), command]


def start_command(store: StoreKind, layout: Layout) -> str:
    """Return the command that starts the server with the secret, as it is typed in a shell."""
    if layout.kind is LayoutKind.COMPOSE and layout.compose_file is not None:
        command = ["docker", "compose", "-f", str(layout.compose_file), "up", "-d"]
    elif store.needs_exec and store.unit_setting is None:
        command = ["bomnipotent_server", str(layout.config)]
    else:
        return "systemctl restart bomnipotent"
    if not store.needs_exec:
        return shlex.join(command)
    return shlex.join(["smtp-wizard", "-c", str(layout.config), "exec", "--", *command])


_DROP_IN = Path("/etc/systemd/system/bomnipotent.service.d/smtp-secret.conf")
_UNQUOTED = r"[A-Za-z0-9_./:=@+-]+"


def _install_drop_in(config: Path, setting: str) -> list[NextStep]:
    """Return the drop-in for the server's unit, and what makes systemd read it."""
    import shutil  # only here: it takes its time

    text = render_drop_in(
        config,
        setting,
        server=shutil.which("bomnipotent_server") or "/usr/bin/bomnipotent_server",
        program=shutil.which("smtp-wizard") or "/usr/local/bin/smtp-wizard",
    )
    return [
        NextStep(_("The server's unit needs this drop-in ({path}):", path=_DROP_IN)),
        *(NextStep(f"    {line}") for line in text.splitlines()),
        NextStep(_("Then:")),
        NextStep("systemctl daemon-reload", StepKind.COMMAND),
    ]


def render_drop_in(config: Path, setting: str, *, server: str, program: str) -> str:
    """Return the text of a drop-in that starts the server through ``exec``.

    ``setting`` is what the store of the secret needs; ``server`` and ``program``, which is this
    one, are absolute paths.
    """
    start = (program, "--config", str(config), "exec", "--", server, str(config))
    lines = (
        f"# {_DROP_IN}",
        "[Service]",
        _escape_specifiers(setting),
        "ExecStart=",  # takes back the command of the unit itself; there can be only one
        "ExecStart=" + " ".join(map(_quote, start)),
    )
    return "\n".join(lines) + "\n"


def _quote(word: str) -> str:
    """Return one word of a command line, so that systemd passes it on as it is."""
    if re.fullmatch(_UNQUOTED, word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    escaped = escaped.replace("\n", "\\n").replace("$", "$$")
    return f'"{_escape_specifiers(escaped)}"'


def _escape_specifiers(text: str) -> str:
    return text.replace("%", "%%")


def store_consequence(store: StoreKind, kind: LayoutKind) -> str:
    """Say in one sentence what it means to keep the secret in a store."""
    words = store.consequence
    if kind is LayoutKind.COMPOSE:
        words = store.consequence_in_compose
    return _(words)


def compose_environment_lines(variable: str) -> tuple[str, ...]:
    """Return what the compose file's service needs; Compose then refuses to start without it."""
    return ("environment:", f"  {variable}: ${{{variable}:?}}")

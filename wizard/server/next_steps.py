"""What to do once the settings are written, and what each place for the secret means.

Quoting in the drop-in: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers".
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wizard.config.current import CurrentConfig
from wizard.config.draft import Draft
from wizard.config.layout import LayoutKind
from wizard.config.settings import is_placeholder
from wizard.errors import Finding, WizardError
from wizard.formats.variables import expand
from wizard.secrets.sources import StoreKind
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.saving.plan import Plan

_BEFORE_START = (
    "server-settings-missing",
    "compose-variable-not-passed",
    "compose-value-fixed",
    "compose-env-disabled",
    "relay-to-add",
)
"""What has to be repaired before the server can use what was written."""
_UNIT = "bomnipotent.service"
"""What the documentation calls the server's unit."""
_SYSTEMD_SECONDS = 2.0
_EXAMPLE_DOMAIN, _EXAMPLE_ADDRESS = "https://bomnipotent.example.org", "you@example.org"
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


_MARKS = {StepKind.TEXT: "", StepKind.COMMAND: "    ", StepKind.WARNING: "! "}


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
    ``restart`` is the command that makes a server read a config.toml that is mounted on its own,
    empty where that is not known; None where it notices by itself. ``settled``: the operator knows
    what the server makes of it.
    """
    if not plan.changed:
        return (NextStep(_("Nothing had to be changed.")),)
    steps = [
        NextStep(warning.message, StepKind.WARNING)
        for warning in warnings
        if warning.code in _BEFORE_START
    ]
    if plan.needs_exec or plan.restart_needed:
        steps += _start_server(current, plan)
    elif restart is not None:
        words = _("config.toml is mounted on its own, so the server does not notice the change.")
        steps += NextStep(words), *_start(_("Start it again:"), restart)
    elif not settled:
        steps.append(NextStep(_(_RELOADS)))
    if draft.delivers:
        steps += _proof(current, draft)
    return tuple(steps)


def _proof(current: CurrentConfig, draft: Draft) -> list[NextStep]:
    """Return how the server proves that its mails arrive: by the first one that it has to send.

    A server that had neither mail settings nor the skip has never been started, so that nobody has
    an account yet.
    """
    client = ["bomnipotent_client", "--domain", _domain(current)]
    if not current.configured and not current.view.skip_present and not draft.skip:
        request = shlex.join([*client, "user", "request", _EXAMPLE_ADDRESS])
        return [
            NextStep(_("Then request your account, from any machine with the client:")),
            NextStep(request, StepKind.COMMAND),
            NextStep(
                _(
                    "If its mail arrives, the settings are right. Open the link in it; how "
                    'to go on is described on doc.bomnipotent.de, page "Creating an Admin".'
                )
            ),
        ]
    return [
        NextStep(
            _(
                "Then let the server prove it with a mail of its own, from any machine where the "
                "client has a session (server and client 1.1.0 or later):"
            )
        ),
        NextStep(shlex.join([*client, "test-email", _EXAMPLE_ADDRESS]), StepKind.COMMAND),
        NextStep(
            _('How to begin a session is described on doc.bomnipotent.de, page "User Session".')
        ),
    ]


def _domain(current: CurrentConfig) -> str:
    """Return where clients reach the server; an example where that is not known."""
    with suppress(WizardError):
        domain = expand(current.view.domain or "", current.lookup)
        if domain and not is_placeholder(domain) and not set(domain) & set("<> "):
            return domain
    return _EXAMPLE_DOMAIN


def _start_server(current: CurrentConfig, plan: Plan) -> list[NextStep]:
    store, config = plan.store, current.layout.config
    command = start_command(store, current)
    if plan.needs_exec and store.unit_setting is not None:
        return [
            *_install_drop_in(config, store.unit_setting(config)),
            NextStep(command, StepKind.COMMAND) if command else NextStep(_without_unit()),
        ]
    if plan.needs_exec:
        words = _("The server gets the secret only when it is started like this:")
    elif plan.secret_changed and current.configured:
        words = _("A running server does not notice a new secret. Start it again:")
    else:
        words = _("Start the server:")
    return _start(words, command)


def _start(words: str, command: str) -> list[NextStep]:
    """Return ``words`` and the command; without one, that it is started as it always is."""
    if command:
        return [NextStep(words), NextStep(command, StepKind.COMMAND)]
    return [NextStep(f"{words.removesuffix(':')}. {_without_unit()}")]


def _without_unit() -> str:
    return _(
        "There is no unit {unit} here. How the server is set up as a service is described on "
        'doc.bomnipotent.de, page "Standalone".',
        unit=_UNIT,
    )


def start_command(store: StoreKind, current: CurrentConfig) -> str:
    """Return the command that starts the server with the secret, as it is typed in a shell.

    It is empty where that is not known: nothing but a unit of the documented name is looked for.
    """
    layout = current.layout
    if layout.kind is LayoutKind.COMPOSE:
        command = compose_command(current, "up", "-d")
    elif store.needs_exec and store.unit_setting is None:
        command = ["bomnipotent_server", str(layout.config)]
    else:
        return f"systemctl restart {_UNIT.partition('.')[0]}" if _has_unit(current) else ""
    if not store.needs_exec:
        return shlex.join(command)
    return shlex.join(["smtp-wizard", "-c", str(layout.config), "exec", "--", *command])


def compose_command(current: CurrentConfig, *words: str) -> list[str]:
    """Return a call of Compose for the server, with the flags that the working directory needs."""
    container = current.container
    asked = container is not None and container.asked != "files"
    tool = container.asked.split() if container is not None and asked else ["docker", "compose"]
    service = [container.service] if container is not None and container.service else []
    return [*tool, *_project_flags(current), *words, *service]


def _project_flags(current: CurrentConfig) -> list[str]:
    """Return what makes Compose read the same files as in its own directory."""
    directory, container = current.layout.compose_directory, current.container
    if directory is None or _is_working_directory(directory):
        return []
    if container is not None and "COMPOSE_FILE" in container.project.variables:
        return [word for file in container.project.files for word in ("-f", str(file))]
    return ["--project-directory", str(directory)]


def _is_working_directory(directory: Path) -> bool:
    try:
        return directory.samefile(Path.cwd())
    except OSError:
        return False


def _has_unit(current: CurrentConfig) -> bool:
    """Whether systemd has a unit of the name that the documentation gives the server's."""
    import shutil  # only here: it takes its time

    from wizard.system.process import ChildOutputTooLong, ChildTimeout, run_tool

    systemctl = shutil.which("systemctl", path=current.environ.get("PATH"))
    if systemctl is None or not Path(systemctl).is_absolute():
        return False
    command = [systemctl, "show", "--property=LoadState", "--value", _UNIT]
    try:
        answer = run_tool(command, Path("/"), current.environ, _SYSTEMD_SECONDS, 4096)
    except (ChildOutputTooLong, ChildTimeout, OSError):
        return False
    return answer.output.strip() == b"loaded"


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

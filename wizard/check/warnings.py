"""What the operator should know about a plan, and what to do once it is written."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from wizard.config.current import Current, Place
from wizard.config.draft import Draft
from wizard.config.settings import Caution, SkipForm, cautions
from wizard.errors import InvalidValue
from wizard.formats.dotenv.quoting import misreaders
from wizard.secrets.secret import Replace
from wizard.secrets.store import StoreName
from wizard.server.next_steps import compose_lines, consequence, drop_in, start_command
from wizard.stores import systemd
from wizard.text.language import N_, _

if TYPE_CHECKING:
    from wizard.saving.plan import Plan

_OTHER_USERS = 0o077
_BEFORE_START = ("server-settings-missing", "compose-variable-not-passed")
"""What has to be mended before the server can use what was written."""


def warnings(current: Current, draft: Draft, plan: Plan) -> tuple[Caution, ...]:
    """Return everything that works differently from what the operator may expect."""
    found: list[Caution] = []
    if draft.delivers:
        # With verification skipped, mail settings that cannot work do no harm.
        with contextlib.suppress(InvalidValue):
            found += cautions(draft.settings(current))
        found += _about_secret(current, draft, plan)
    found += _about_skip(draft)
    found += _about_files(current, plan)
    return tuple(found)


def _about_secret(current: Current, draft: Draft, plan: Plan) -> list[Caution]:
    name = plan.variable
    found: list[Caution] = []
    if isinstance(draft.secret, Replace) and draft.store is StoreName.ENV:
        text = draft.secret.secret.reveal()
        if name is not None and current.environ.get(name, text) != text:
            found.append(
                Caution(
                    "environment-wins",
                    "secret",
                    _(
                        "{name} is also set in this environment, with another value. Where the "
                        "server's environment sets it, too, that value wins over .env.",
                        name=name,
                    ),
                )
            )
        readers = misreaders(text)
        if readers:
            names = ", ".join(_(reader.reader) for reader in readers)
            found.append(
                Caution(
                    "secret-misread",
                    "secret",
                    _(
                        "The server and Docker Compose read this secret exactly, but other "
                        "readers of .env would not: {names}.",
                        names=names,
                    ),
                )
            )
    if plan.store is not StoreName.ENV and name is not None:
        found.append(
            Caution(
                "secret-needs-exec",
                "secret",
                _("The server cannot read this place by itself.")
                + " "
                + consequence(plan.store.place, current.layout.kind),
            )
        )
    if name is not None and not current.layout.passes(name):
        found.append(
            Caution(
                "compose-variable-not-passed",
                "secret",
                _(
                    "{path} does not pass {name} to the container. Add to the service:",
                    path=current.layout.compose_file,
                    name=name,
                )
                + "".join(f"\n    {line}" for line in compose_lines(name)),
            )
        )
    if current.literal_secret is not None and not isinstance(draft.secret, Replace):
        found.append(
            Caution(
                "secret-in-config",
                "secret",
                _(
                    "The secret stands in config.toml itself, where everybody who may read the "
                    "configuration sees it. Enter it again to move it to .env."
                ),
            )
        )
    return found


def _about_skip(draft: Draft) -> list[Caution]:
    if not draft.skip:
        return []
    found = [
        Caution(
            "verification-skipped",
            "skip",
            _(
                "Users are not verified: anybody can register with an address that is not theirs. "
                "The server warns in its log for every mail it does not send."
            ),
        )
    ]
    if draft.skip_form is None:
        found.append(
            Caution(
                "skip-form-assumed",
                "skip",
                _(
                    "Nothing tells the server's version, so the form of 0.5 and 0.6 is written "
                    "({path}); a server since 0.7 does not start with it. Name the version with "
                    "--server-version X.Y.",
                    path=SkipForm.GLOBAL.path[0],
                ),
            )
        )
    return found


def about_permissions(current: Current) -> list[Caution]:
    """Return a caution for each file that this account will not be able to write."""
    return [
        Caution(
            "not-writable",
            "config",
            _(
                "This account may not write {path}. Run the wizard as an account that may, or "
                "with sudo.",
                path=snapshot.path,
            ),
        )
        for snapshot in current.unwritable
    ]


def _about_files(current: Current, plan: Plan) -> list[Caution]:
    found = about_permissions(current)
    for name, line in current.view.misnamed:
        found.append(
            Caution(
                "section-misnamed",
                "config",
                _(
                    "Line {line} of config.toml says [{name}], which the server does not know. "
                    "The section must be called [smtp].",
                    line=line,
                    name=name,
                ),
            )
        )
    mode = current.env.mode
    if mode is not None and mode & _OTHER_USERS and plan.variable is not None:
        command = f"chmod 600 {quote(str(current.env.path))}"
        found.append(
            Caution(
                "env-readable-by-others",
                "secret",
                _(
                    "{path} can be read by other accounts of this machine (mode {mode:04o}). "
                    "Unless the server needs that: {command}",
                    path=current.env.path,
                    mode=mode,
                    command=command,
                ),
            )
        )
    if not current.configured and current.view.missing_required:
        missing = ", ".join(current.view.missing_required)
        found.append(
            Caution(
                "server-settings-missing",
                "config",
                _(
                    "The server does not start before config.toml has these settings, too: "
                    "{missing}. They are described in the documentation of BOMnipotent Server, "
                    "under Configuration.",
                    missing=missing,
                ),
            )
        )
    return found


def _unit(current: Current) -> list[str]:
    """Return the drop-in for the server's unit, and what makes systemd read it."""
    server = shutil.which("bomnipotent_server") or "/usr/bin/bomnipotent_server"
    program = shutil.which("smtp-wizard") or "/usr/local/bin/smtp-wizard"
    text = drop_in(Place.CREDENTIAL, current.layout, Path(server), Path(program))
    return [
        _("The server's unit needs this drop-in ({path}):", path=systemd.DROP_IN),
        *(f"    {line}" for line in text.splitlines()),
        _("Then:"),
        "$ systemctl daemon-reload",
    ]


RELOADS = N_(
    "A running server reloads config.toml by itself. Its log then says: Configuration "
    "successfully reloaded"
)


def next_steps(
    current: Current,
    draft: Draft,
    plan: Plan,
    restart: str | None = None,
    *,
    settled: bool = False,
) -> tuple[str, ...]:
    """Return what to do now, one sentence or command a line; commands begin with ``$ ``.

    ``restart`` is what makes a server read a config.toml that is mounted on its own; None where
    it notices a change by itself. ``settled``: the operator knows what the server makes of it.
    """
    if not plan.changed:
        return (_("Nothing had to be changed."),)
    steps = [
        f"! {caution.message}"
        for caution in warnings(current, draft, plan)
        if caution.code in _BEFORE_START
    ]
    place = plan.store.place
    through_exec = plan.store is not StoreName.ENV and plan.variable is not None
    if through_exec or plan.restart_needed:
        if plan.store is StoreName.CREDENTIAL and through_exec:
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

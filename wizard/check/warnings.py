"""What the operator should know about a plan, and what to do once it is written."""

from __future__ import annotations

import contextlib
from shlex import quote
from typing import TYPE_CHECKING

from wizard.config.current import CurrentConfig, unwritable_findings
from wizard.config.draft import Draft
from wizard.config.settings import settings_findings
from wizard.errors import Finding, InvalidValue
from wizard.formats.config_toml.skip_form import SkipKey
from wizard.formats.dotenv.quoting import readers_that_differ
from wizard.secrets.secret import Replace
from wizard.secrets.store import StoreKind
from wizard.server.next_steps import compose_environment_lines, store_consequence
from wizard.text.language import _

if TYPE_CHECKING:
    from wizard.saving.plan import Plan


_OTHER_USERS = 0o077


def plan_warnings(current: CurrentConfig, draft: Draft, plan: Plan) -> tuple[Finding, ...]:
    """Return everything that works differently from what the operator may expect."""
    found: list[Finding] = []
    if draft.delivers:
        # With verification skipped, mail settings that cannot work do no harm.
        with contextlib.suppress(InvalidValue):
            found += settings_findings(draft.settings(current))
        found += _about_secret(current, draft, plan)
    found += _about_skip(draft)
    found += _about_files(current, plan)
    return tuple(found)


def _about_secret(current: CurrentConfig, draft: Draft, plan: Plan) -> list[Finding]:
    name = plan.variable
    found: list[Finding] = []
    if isinstance(draft.secret, Replace) and draft.store is StoreKind.ENV:
        text = draft.secret.secret.reveal()
        if name is not None and current.environ.get(name, text) != text:
            found.append(
                Finding(
                    "environment-wins",
                    _(
                        "{name} is also set in this environment, with another value. Where the "
                        "server's environment sets it, too, that value wins over .env.",
                        name=name,
                    ),
                )
            )
        readers = readers_that_differ(text)
        if readers:
            names = ", ".join(_(reader.reader) for reader in readers)
            found.append(
                Finding(
                    "secret-misread",
                    _(
                        "The server and Docker Compose read this secret exactly, but other "
                        "readers of .env would not: {names}.",
                        names=names,
                    ),
                )
            )
    if plan.store is not StoreKind.ENV and name is not None:
        found.append(
            Finding(
                "secret-needs-exec",
                _("The server cannot read this place by itself.")
                + " "
                + store_consequence(plan.store.place, current.layout.kind),
            )
        )
    if name is not None and not current.layout.passes(name):
        found.append(
            Finding(
                "compose-variable-not-passed",
                _(
                    "{path} does not pass {name} to the container. Add to the service:",
                    path=current.layout.compose_file,
                    name=name,
                )
                + "".join(f"\n    {line}" for line in compose_environment_lines(name)),
            )
        )
    if current.literal_secret is not None and not isinstance(draft.secret, Replace):
        found.append(
            Finding(
                "secret-in-config",
                _(
                    "The secret stands in config.toml itself, where everybody who may read the "
                    "configuration sees it. Enter it again to move it to .env."
                ),
            )
        )
    return found


def _about_skip(draft: Draft) -> list[Finding]:
    if not draft.skip:
        return []
    found = [
        Finding(
            "verification-skipped",
            _(
                "Users are not verified: anybody can register with an address that is not theirs. "
                "The server warns in its log for every mail it does not send."
            ),
        )
    ]
    if draft.skip_form is None:
        found.append(
            Finding(
                "skip-form-assumed",
                _(
                    "Nothing tells the server's version, so the form of 0.5 and 0.6 is written "
                    "({path}); a server since 0.7 does not start with it. Name the version with "
                    "--server-version X.Y.",
                    path=SkipKey.GLOBAL.path[0],
                ),
            )
        )
    return found


def _about_files(current: CurrentConfig, plan: Plan) -> list[Finding]:
    found = unwritable_findings(current)
    for name, line in current.view.misnamed:
        found.append(
            Finding(
                "section-misnamed",
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
            Finding(
                "env-readable-by-others",
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
            Finding(
                "server-settings-missing",
                _(
                    "The server does not start before config.toml has these settings, too: "
                    "{missing}. They are described in the documentation of BOMnipotent Server, "
                    "under Configuration.",
                    missing=missing,
                ),
            )
        )
    return found

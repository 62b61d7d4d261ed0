"""The secret itself: where it stands in the open, and whether its TOML string can hold it."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from wizard.check.container_rules import secret_as_received
from wizard.check.finding import Finding, Severity
from wizard.check.inspection import Seen
from wizard.config.settings import mask_url_password
from wizard.errors import InvalidValue
from wizard.formats.config_toml.reference import choose_reference
from wizard.text.language import _


def findings(seen: Seen) -> Iterator[Finding]:
    """Yield what is wrong with the secret."""
    current = seen.current
    if current is None or current.view.smtp is None:
        return
    smtp = current.view.smtp
    path, line = current.config.path, smtp.lines.get("secret")
    if current.literal_secret is not None:
        yield Finding(
            "secret-in-config",
            Severity.WARNING,
            path,
            line,
            _(
                "The secret stands in config.toml itself, where everybody who may read the "
                "configuration sees it."
            ),
            _("Move it to .env: smtp-wizard set --secret-stdin"),
        )
    endpoint = smtp.endpoint or ""
    in_the_open = current.literal_secret is not None or mask_url_password(endpoint) != endpoint
    mode = current.config.mode
    if in_the_open and mode is not None and mode & stat.S_IRWXO:
        yield Finding(
            "config-world-readable",
            Severity.ERROR,
            path,
            None,
            _(
                "Every account of this machine can read config.toml (mode {mode:04o}), and the "
                "secret in it.",
                mode=mode,
            ),
            _("Move the secret to .env: smtp-wizard set --secret-stdin"),
        )
    value = secret_as_received(seen)
    if value:
        yield from _about_value(seen, value, line)


def _about_value(seen: Seen, value: str, line: int | None) -> Iterator[Finding]:
    smtp = None if seen.view is None else seen.view.smtp
    name = None if seen.current is None else seen.current.reference
    if smtp is None or name is None:
        return
    if _breaks(name, value, smtp.secret_source):
        yield Finding(
            "secret-breaks-config",
            Severity.ERROR,
            seen.config.path,
            line,
            _(
                "The secret has quotation marks or backslashes in it that break the string in "
                "which config.toml refers to it."
            ),
            _("Store it again, which also rewrites the reference: smtp-wizard set --secret-stdin"),
        )
    if value != value.strip():
        yield Finding(
            "secret-blanks",
            Severity.WARNING,
            seen.config.path,
            line,
            _("The secret begins or ends with a blank, which is often copied along by mistake."),
            _("Store it again if that is not meant: smtp-wizard set --secret-stdin"),
        )


def _breaks(name: str, value: str, source: str | None) -> bool:
    try:
        return choose_reference(name, value, source) != source
    except InvalidValue:
        return True

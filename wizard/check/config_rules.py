"""config.toml: is it valid, does it set up or skip mails, and does the server know its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wizard.check.inspection import Inspection
from wizard.config.settings import SWITCH_TYPE, is_placeholder, wrong_type
from wizard.errors import FileRefused, Finding, InvalidValue, Severity
from wizard.files.encoding import byte_order_mark_remedy
from wizard.formats.config_toml.reading import OLD_GLOBALS, first_line, value_at
from wizard.formats.config_toml.skip_key import SkipKey, skip_key_of
from wizard.formats.config_toml.view import (
    METADATA_FILE,
    PUBLISHER,
    REQUIRED,
    SMTP,
    SMTP_KEYS,
    ConfigView,
    SmtpValues,
)
from wizard.formats.toml.statements import TomlSource, parse_toml
from wizard.text.language import N_, _

_ERROR, _NOTE = Severity.ERROR, Severity.NOTE
_ONLY_IN_SMTP = ("endpoint", "starttls")
"""No other section of the server has keys of these names."""
_TO_FILL_IN = "<[^<>@]+>"
"""What the documentation has in the place of a part of a value, which no name or path has."""
_SKIP_PATHS = {form.path[-1]: form.path for form in SkipKey}


def config_findings(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with config.toml as a whole."""
    if inspection.config.problem is not None:
        yield Finding.from_error(inspection.config.problem, inspection.config.path)
        return
    view = inspection.view
    if not inspection.config.exists or view is None:
        yield Finding(
            "config-missing",
            _("There is no such configuration, so the server does not start."),
            _("Run smtp-wizard, or name the file with -c PATH."),
            _ERROR,
            inspection.config.path,
        )
        return
    try:
        source = parse_toml(inspection.config.text)
    except FileRefused as error:
        yield Finding.from_error(error, inspection.config.path)
        return
    if source.bom:
        yield Finding(
            "byte-order-mark",
            _(
                "The file begins with a byte order mark, as Windows writes it, which not every "
                "program skips."
            ),
            byte_order_mark_remedy(inspection.config.path),
            _NOTE,
            inspection.config.path,
            1,
        )
    yield from _section_findings(inspection, view)
    yield from _smtp_findings(inspection, view)
    yield from _provider_metadata_findings(inspection, source)
    yield from _placeholder_findings(inspection, source)
    yield from _misplaced_findings(inspection, source)
    yield from _skip_findings(inspection, view, source)
    yield from _outdated_findings(inspection, view, source)


def _section_findings(inspection: Inspection, view: ConfigView) -> Iterator[Finding]:
    path = inspection.config.path
    for name, line in view.misnamed:
        yield Finding(
            "section-misnamed",
            _(
                "The server does not know [{name}]; the section is called [smtp].",
                name=name,
            ),
            _("Rename it: smtp-wizard set --rename-section"),
            _ERROR,
            path,
            line,
        )
    if view.smtp is None and not view.misnamed and not (view.skip_on or view.skip_references):
        yield Finding(
            "mail-not-configured",
            _(
                "There is neither [smtp] nor a setting that skips the verification of users, so "
                "the server does not start.",
            ),
            _("Run smtp-wizard, or: smtp-wizard set --user … --endpoint … --secret-stdin"),
            _ERROR,
            path,
        )
    if view.missing_required:
        # Where all of them are missing, only the mail settings have been made so far.
        begun = len(view.missing_required) < len(REQUIRED)
        yield Finding(
            "server-settings-missing",
            _(
                "The server does not start before it has these settings, too: {missing}.",
                missing=", ".join(view.missing_required),
            ),
            _('They are described on doc.bomnipotent.de, page "Required Configs".'),
            _ERROR if begun else Severity.WARNING,
            path,
        )


def _provider_metadata_findings(inspection: Inspection, source: TomlSource) -> Iterator[Finding]:
    if all(value_at(source.data, path) is not None for path in (PUBLISHER, METADATA_FILE)):
        yield Finding(
            "provider-metadata-twice",
            _(
                "[provider_metadata] has both a path and a publisher, and the server does not load "
                "a configuration with both."
            ),
            _(
                "Keep one of them. They are described on doc.bomnipotent.de, page "
                '"CSAF Provider Metadata".'
            ),
            _ERROR,
            inspection.config.path,
            first_line(source, METADATA_FILE),
        )


def _placeholder_findings(inspection: Inspection, source: TomlSource) -> Iterator[Finding]:
    """Find examples of the documentation outside of [smtp], whose values are judged one by one."""
    for path, text in _texts(source.data):
        if path[0] != SMTP and (is_placeholder(text) or re.search(_TO_FILL_IN, text)):
            yield Finding(
                "placeholder",
                _("{key} is still the example from the documentation.", key=".".join(path)),
                _("Write your own value."),
                path=inspection.config.path,
                line=first_line(source, path),
            )


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in parsed TOML, with its path; those in an array have the array's path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts(below, (*path, key))
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below, path)


def smtp_key_findings(path: Path, smtp: SmtpValues) -> Iterator[Finding]:
    """Find the keys of ``[smtp]`` for which the server does not start."""
    for key, line in smtp.unknown:
        remedy = _("Remove it. Known are: {known}.", known=", ".join(SMTP_KEYS))
        if key in _SKIP_PATHS:
            remedy = _move_skip(key)
        yield Finding(
            "smtp-key-unknown",
            _(
                "The server does not know {key!r} in [smtp], and unknown keys keep it from "
                "starting.",
                key=key,
            ),
            remedy,
            _ERROR,
            path,
            line,
        )
    for key, line in smtp.wrong_type:
        problem = wrong_type(key)
        yield Finding(problem.code, problem.message, problem.remedy, _ERROR, path, line)


def _smtp_findings(inspection: Inspection, view: ConfigView) -> Iterator[Finding]:
    smtp = view.smtp
    if smtp is None:
        return
    path = inspection.config.path
    yield from smtp_key_findings(path, smtp)
    for key in ("user", "endpoint"):
        if key not in smtp.lines:
            yield Finding(
                f"{key}-missing",
                _("[smtp] has no {key}.", key=key),
                _("Set it: smtp-wizard set --{key} …", key=key),
                _ERROR,
                path,
                smtp.line,
            )


def _misplaced_findings(inspection: Inspection, source: TomlSource) -> Iterator[Finding]:
    """Find keys that the server knows, but in another place."""
    for table, values in [("", source.data), *source.data.items()]:
        if not isinstance(values, dict) or table.lower() in (SMTP, "smtp_config"):
            continue
        for key in values:
            path = (table, key) if table else (key,)
            remedy = _move(path, values[key])
            if remedy:
                message = N_("{key} is above all sections, where the server does not know it.")
                if table:
                    message = N_("{key} is in [{table}], where the server does not know it.")
                yield Finding(
                    "key-misplaced",
                    _(message, key=key, table=table),
                    remedy,
                    _ERROR,
                    inspection.config.path,
                    first_line(source, path),
                )


def _move(path: tuple[str, ...], value: object) -> str:
    """Say where a key belongs; nothing if it is there or is none of ours."""
    key = path[-1]
    if key in _SKIP_PATHS:
        return "" if path == _SKIP_PATHS[key] else _move_skip(key)
    in_smtp = key in _ONLY_IN_SMTP or (
        path in (("user",), ("secret",)) and not isinstance(value, dict)
    )
    return _("Move it: it belongs below [smtp].") if in_smtp else ""


def _move_skip(key: str) -> str:
    path = _SKIP_PATHS[key]
    if len(path) > 1:
        return _("Move it: it belongs below [{name}].", name=path[0])
    return _("Move it: it belongs above all sections.")


def _skip_findings(
    inspection: Inspection, view: ConfigView, source: TomlSource
) -> Iterator[Finding]:
    path = inspection.config.path
    lines = {key: first_line(source, key.path) for key in view.skip_present}
    if len(lines) > 1:
        yield Finding(
            "skip-both-forms",
            _(
                "Both ways to skip the verification of users are in the file; every server knows "
                "only one of them, and does not start with the other."
            ),
            _(
                "Name your server's version: smtp-wizard set --skip-verification --server-version "
                "X.Y"
            ),
            _ERROR,
            path,
            max(lines.values()),
        )
        return
    known = _known_skip_key(inspection, view)
    for key, line in lines.items():
        if key in view.skip_wrong_type:
            message = _(SWITCH_TYPE, key=".".join(key.path))
            remedy = _("Correct it in an editor.")
            yield Finding("skip-type", message, remedy, _ERROR, path, line)
        if known is not None and key is not known:
            yield Finding(
                "skip-form-wrong",
                _unknown_to_server(inspection, view, ".".join(key.path)),
                _(
                    "Its name is {path}; rewrite it by: smtp-wizard set --skip-verification "
                    "--server-version X.Y",
                    path=".".join(known.path),
                )
                if key in view.skip_on
                else _("Remove it, or rename it to {path}.", path=".".join(known.path)),
                _ERROR,
                path,
                line,
            )
        elif key in view.skip_on:
            yield Finding(
                "verification-skipped",
                _(
                    "Users are not verified: anybody can register with an address that is not "
                    "theirs."
                ),
                _("Once mails work: smtp-wizard set --verify-users"),
                _NOTE,
                path,
                line,
            )


def _outdated_findings(
    inspection: Inspection, view: ConfigView, source: TomlSource
) -> Iterator[Finding]:
    """Find the other keys that a server since 0.7 has below [user]."""
    if _known_skip_key(inspection, view) is not SkipKey.USER_TABLE:
        return
    for key, new in OLD_GLOBALS.items():
        if key in source.data and key not in _SKIP_PATHS:
            yield Finding(
                "key-outdated",
                _unknown_to_server(inspection, view, key),
                _("Move it: it is {key} below [{table}] now.", key=new[-1], table=new[0]),
                _ERROR,
                inspection.config.path,
                first_line(source, (key,)),
            )


def _unknown_to_server(inspection: Inspection, view: ConfigView, key: str) -> str:
    if _skip_key_of_image(inspection) is not None:
        return _("This server does not know {path}, and does not start with it.", path=key)
    return _(
        "{part} belongs to server 0.7 or later, which does not know {key} and does not start "
        "with it.",
        part=view.newer_part,
        key=key,
    )


def _known_skip_key(inspection: Inspection, view: ConfigView) -> SkipKey | None:
    """Return the key that the server knows, by its image or else by what only newer ones know."""
    return _skip_key_of_image(inspection) or (SkipKey.USER_TABLE if view.newer_part else None)


def _skip_key_of_image(inspection: Inspection) -> SkipKey | None:
    container = inspection.container
    tag = None if container is None else container.image_tag
    try:
        return None if tag is None else skip_key_of(tag)
    except InvalidValue:
        return None

"""config.toml: is it understood, does it have mail settings or the skip, are its keys known."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.check.inspection import Inspection
from wizard.errors import FileRefused, Finding, InvalidValue, Severity
from wizard.formats.config_toml.skip_form import SkipKey, skip_key_of
from wizard.formats.config_toml.view import SMTP, SMTP_KEYS, ConfigView, first_line
from wizard.formats.toml.statements import TomlSource, parse_toml
from wizard.text.language import N_, _

_ERROR, _NOTE = Severity.ERROR, Severity.NOTE
# No other section of the server has keys of these names.
_ONLY_IN_SMTP = ("endpoint", "starttls")
_SKIP_HOMES = {form.path[-1]: form.path for form in SkipKey}


def config_findings(seen: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with config.toml as a whole."""
    if seen.config.problem is not None:
        yield Finding.from_error(seen.config.problem, seen.config.path)
        return
    view = seen.view
    if not seen.config.exists or view is None:
        yield Finding(
            "config-missing",
            _("There is no such configuration, so the server does not start."),
            _("Run smtp-wizard, or name the file with -c PATH."),
            _ERROR,
            seen.config.path,
        )
        return
    try:
        source = parse_toml(seen.config.text)
    except FileRefused as error:  # said above already
        yield Finding.from_error(error, seen.config.path)
        return
    yield from _sections(seen, view)
    yield from _smtp_keys(seen, view)
    yield from _misplaced(seen, source)
    yield from _skip(seen, view, source)


def _sections(seen: Inspection, view: ConfigView) -> Iterator[Finding]:
    path = seen.config.path
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
    if view.smtp is None and not view.misnamed and not view.skip_on:
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
        yield Finding(
            "server-settings-missing",
            _(
                "The server does not start before it has these settings, too: {missing}.",
                missing=", ".join(view.missing_required),
            ),
            _(
                "They are described in the documentation of BOMnipotent Server, under "
                "Configuration."
            ),
            path=path,
        )


def _smtp_keys(seen: Inspection, view: ConfigView) -> Iterator[Finding]:
    smtp = view.smtp
    if smtp is None:
        return
    path = seen.config.path
    for key, line in smtp.unknown:
        remedy = _("Remove it. Known are: {known}.", known=", ".join(SMTP_KEYS))
        if key in _SKIP_HOMES:
            remedy = _home(key)
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
        kind = N_("The value of {key} has to be a text in quotes.")
        if key == "starttls":
            kind = N_("The value of {key} has to be true or false, without quotes.")
        yield Finding(
            "smtp-key-type",
            _(kind, key=key),
            _("Correct it in an editor, or by: smtp-wizard set"),
            _ERROR,
            path,
            line,
        )
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


def _misplaced(seen: Inspection, source: TomlSource) -> Iterator[Finding]:
    """Find keys that are known, but in another place."""
    for table, values in [("", source.data), *source.data.items()]:
        if not isinstance(values, dict) or table.lower() in (SMTP, "smtp_config"):
            continue
        for key in values:
            where = (table, key) if table else (key,)
            home = _misplaced_home(where, values[key])
            if home:
                place = N_("{key} stands above all sections, where the server does not know it.")
                if table:
                    place = N_("{key} stands in [{table}], where the server does not know it.")
                yield Finding(
                    "key-misplaced",
                    _(place, key=key, table=table),
                    home,
                    _ERROR,
                    seen.config.path,
                    first_line(source.statements, where),
                )


def _misplaced_home(where: tuple[str, ...], value: object) -> str:
    """Say where a key belongs; nothing if it stands there or is not ours."""
    key = where[-1]
    if key in _SKIP_HOMES:
        return "" if where == _SKIP_HOMES[key] else _home(key)
    in_smtp = key in _ONLY_IN_SMTP or (
        where in (("user",), ("secret",)) and not isinstance(value, dict)
    )
    return _("Move it: it belongs below [smtp].") if in_smtp else ""


def _home(key: str) -> str:
    path = _SKIP_HOMES[key]
    if len(path) > 1:
        return _("Move it: it belongs below [{name}].", name=path[0])
    return _("Move it: it belongs above all sections.")


def _skip(seen: Inspection, view: ConfigView, source: TomlSource) -> Iterator[Finding]:
    path = seen.config.path
    lines = {form: first_line(source.statements, form.path) for form in view.skip_present}
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
    known = _known_form(seen)
    for form, line in lines.items():
        if known is not None and form is not known:
            yield Finding(
                "skip-form-wrong",
                _(
                    "This server does not know {path}, and does not start with it.",
                    path=".".join(form.path),
                ),
                _(
                    "Its name is {path}; rewrite it by: smtp-wizard set --skip-verification "
                    "--server-version X.Y",
                    path=".".join(known.path),
                ),
                _ERROR,
                path,
                line,
            )
        elif form in view.skip_on:
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


def _known_form(seen: Inspection) -> SkipKey | None:
    """Return the form that the server's image knows; its tag is the only proof."""
    tag = seen.layout.image_tag
    try:
        return None if tag is None else skip_key_of(tag)
    except InvalidValue:
        return None

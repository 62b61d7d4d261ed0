"""config.toml: is it understood, does it have mail settings or the skip, are its keys known."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.check.finding import Finding, Severity, of_error
from wizard.check.seen import Seen
from wizard.errors import FileRefused, InvalidValue
from wizard.formats.config.view import SMTP, SMTP_KEYS, ConfigView, first_line
from wizard.formats.toml.source import TomlSource, parse
from wizard.settings import SkipForm, skip_form_of

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
# No other section of the server has keys of these names.
_ONLY_IN_SMTP = ("endpoint", "starttls")
_SKIP_HOMES = {form.path[-1]: form.path for form in SkipForm}


def findings(seen: Seen) -> Iterator[Finding]:
    """Yield what is wrong with config.toml as a whole."""
    if seen.config.problem is not None:
        yield of_error(seen.config.problem, seen.config.path)
        return
    view = seen.view
    if not seen.config.exists or view is None:
        yield Finding(
            "config-missing",
            _ERROR,
            seen.config.path,
            None,
            "There is no such configuration, so the server does not start.",
            "Run smtp-wizard, or name the file with -c PATH.",
        )
        return
    try:
        source = parse(seen.config.text)
    except FileRefused as error:  # said above already
        yield of_error(error, seen.config.path)
        return
    yield from _sections(seen, view)
    yield from _smtp_keys(seen, view)
    yield from _misplaced(seen, source)
    yield from _skip(seen, view, source)


def _sections(seen: Seen, view: ConfigView) -> Iterator[Finding]:
    path = seen.config.path
    for name, line in view.misnamed:
        yield Finding(
            "section-misnamed",
            _ERROR,
            path,
            line,
            f"The server does not know [{name}]; the section is called [{SMTP}].",
            "Rename it: smtp-wizard set --rename-section",
        )
    if view.smtp is None and not view.misnamed and not view.skip_on:
        yield Finding(
            "mail-not-configured",
            _ERROR,
            path,
            None,
            f"There is neither [{SMTP}] nor a setting that skips the verification of users, so "
            "the server does not start.",
            "Run smtp-wizard, or: smtp-wizard set --user … --endpoint … --secret-stdin",
        )
    if view.missing_required:
        yield Finding(
            "server-settings-missing",
            _WARNING,
            path,
            None,
            f"The server does not start before it has these settings, too: "
            f"{', '.join(view.missing_required)}.",
            "They are described in the documentation of BOMnipotent Server, under Configuration.",
        )


def _smtp_keys(seen: Seen, view: ConfigView) -> Iterator[Finding]:
    smtp = view.smtp
    if smtp is None:
        return
    path = seen.config.path
    for key, line in smtp.unknown:
        remedy = f"Remove it. Known are: {', '.join(SMTP_KEYS)}."
        if key in _SKIP_HOMES:
            remedy = f"Move it: {_home(key)}."
        yield Finding(
            "smtp-key-unknown",
            _ERROR,
            path,
            line,
            f"The server does not know {key!r} in [{SMTP}], and unknown keys keep it from "
            "starting.",
            remedy,
        )
    for key, line in smtp.wrong_type:
        kind = "true or false, without quotes" if key == "starttls" else "a text in quotes"
        yield Finding(
            "smtp-key-type",
            _ERROR,
            path,
            line,
            f"The value of {key} has to be {kind}.",
            "Correct it in an editor, or by: smtp-wizard set",
        )
    for key in ("user", "endpoint"):
        if key not in smtp.lines:
            yield Finding(
                f"{key}-missing",
                _ERROR,
                path,
                smtp.line,
                f"[{SMTP}] has no {key}.",
                f"Set it: smtp-wizard set --{key} …",
            )


def _misplaced(seen: Seen, source: TomlSource) -> Iterator[Finding]:
    """Find keys that are known, but in another place."""
    for table, values in [("", source.data), *source.data.items()]:
        if not isinstance(values, dict) or table.lower() in (SMTP, "smtp_config"):
            continue
        for key in values:
            where = (table, key) if table else (key,)
            home = _misplaced_home(where, values[key])
            if home:
                place = f"in [{table}]" if table else "above all sections"
                yield Finding(
                    "key-misplaced",
                    _ERROR,
                    seen.config.path,
                    first_line(source.statements, where),
                    f"{key} stands {place}, where the server does not know it.",
                    f"Move it: {home}.",
                )


def _misplaced_home(where: tuple[str, ...], value: object) -> str:
    """Return where a key belongs, in words; nothing if it stands there or is not ours."""
    key = where[-1]
    if key in _SKIP_HOMES:
        return "" if where == _SKIP_HOMES[key] else _home(key)
    in_smtp = key in _ONLY_IN_SMTP or (
        where in (("user",), ("secret",)) and not isinstance(value, dict)
    )
    return f"it belongs below [{SMTP}]" if in_smtp else ""


def _home(key: str) -> str:
    path = _SKIP_HOMES[key]
    return f"it belongs below [{path[0]}]" if len(path) > 1 else "it belongs above all sections"


def _skip(seen: Seen, view: ConfigView, source: TomlSource) -> Iterator[Finding]:
    path = seen.config.path
    lines = {form: first_line(source.statements, form.path) for form in view.skip_present}
    if len(lines) > 1:
        yield Finding(
            "skip-both-forms",
            _ERROR,
            path,
            max(lines.values()),
            "Both ways to skip the verification of users are in the file; every server knows "
            "only one of them, and does not start with the other.",
            "Name your server's version: smtp-wizard set --skip-verification --server-version X.Y",
        )
        return
    known = _known_form(seen)
    for form, line in lines.items():
        if known is not None and form is not known:
            yield Finding(
                "skip-form-wrong",
                _ERROR,
                path,
                line,
                f"This server does not know {'.'.join(form.path)}, and does not start with it.",
                f"Its name is {'.'.join(known.path)}; rewrite it by: "
                "smtp-wizard set --skip-verification --server-version X.Y",
            )
        elif form in view.skip_on:
            yield Finding(
                "verification-skipped",
                _NOTE,
                path,
                line,
                "Users are not verified: anybody can register with an address that is not theirs.",
                "Once mails work: smtp-wizard set --verify-users",
            )


def _known_form(seen: Seen) -> SkipForm | None:
    """Return the form that the server's image knows; its tag is the only proof."""
    tag = seen.layout.image_tag
    try:
        return None if tag is None else skip_form_of(tag)
    except InvalidValue:
        return None

"""Reading what a config.toml says."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from wizard.errors import FileRefused
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.config_toml.view import (
    REQUIRED,
    SMTP,
    SMTP_KEYS,
    ConfigView,
    SmtpValues,
)
from wizard.formats.toml.document import Document, TomlTable, inline_pairs
from wizard.formats.toml.statements import (
    TomlSource,
    parse_toml,
    toml_references,
)
from wizard.formats.variables import REFERENCE
from wizard.text.language import _

_MISNAMED = (SMTP, "smtp_config")
_NEWER_PARTS = (
    ("[user]", ("user",), dict),
    ("[open_pgp]", ("open_pgp",), dict),
    ("[[tasks]]", ("tasks",), list),
)
"""What speaks for server 0.7 or later: how it is called, its path, and the type of its value.

[open_pgp] came with 1.0 and [[tasks]] with 1.4. Neither [tlp] nor a path in [provider_metadata]
tells anything: both are in the documentation of 0.5 as well.
"""
OLD_GLOBALS = {
    "tmp_admin": ("user", "tmp_admin"),
    "user_expiration_period": ("user", "expiration_period"),
    SkipKey.GLOBAL.path[0]: SkipKey.USER_TABLE.path,
}
"""Keys that are above all tables up to server 0.6, and their paths since 0.7."""


def parse_config(text: str) -> ConfigView:
    """Read a config.toml; raise `FileRefused` if it cannot be read or ``smtp`` is no table."""
    return view_of(parse_toml(text))


def view_of(source: TomlSource) -> ConfigView:
    """Return what a parsed config.toml says."""
    data = source.data
    present = {key for key in SkipKey if value_at(data, key.path) is not None}
    log_file, log_level = value_at(data, ("log", "file")), value_at(data, ("log", "level"))
    domain = data.get("domain")
    document = Document(source)
    table = TomlTable(document, SMTP)
    references = dict(_skip_references(document, present))
    switches = {key for key in present if isinstance(value_at(data, key.path), bool)}
    return ConfigView(
        smtp=_smtp(source, table),
        skip_on=frozenset(key for key in present if value_at(data, key.path) is True),
        skip_present=frozenset(present),
        skip_references=references,
        skip_wrong_type=frozenset(present - switches - references.keys()),
        misnamed=misnamed_tables(source),
        version_evidence=_version_evidence(data),
        newer_part=_newer_part(data),
        missing_required=tuple(
            name for name, paths in REQUIRED if all(value_at(data, path) is None for path in paths)
        ),
        database_host=_url_host(data.get("db_url")),
        domain=domain if isinstance(domain, str) else None,
        log_file=log_file if isinstance(log_file, str) else None,
        log_level=log_level if isinstance(log_level, str) else None,
        references=_references(source.text),
        references_elsewhere=_references_outside_secret(table),
    )


def _url_host(url: Any) -> str | None:
    found = re.match(r"[^:/]+://(?:[^/]*@)?([^/:?#@]+)", url) if isinstance(url, str) else None
    return None if found is None else found[1]


def _skip_references(
    document: Document, present: Iterable[SkipKey]
) -> Iterator[tuple[SkipKey, str]]:
    """Yield the keys with a reference outside of a string, and its source."""
    for key in present:
        if key is SkipKey.GLOBAL:
            found = (
                s.text[slice(*s.value_span)] for s in document.statements if s.path == key.path
            )
            written = next(found, "")
        else:
            name, own = key.path
            table = TomlTable(document, name)
            location = table.find(own)
            written = table.value_source(location) if location else ""
        if REFERENCE.fullmatch(written):
            yield key, written


def value_at(data: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path of parsed TOML, or None (which TOML does not have)."""
    for part in path:
        if not isinstance(data, dict):
            return None
        data = data.get(part)
    return data


def misnamed_tables(source: TomlSource) -> tuple[tuple[str, int], ...]:
    """Return the tables that were probably meant to be ``[smtp]``, with their lines."""
    return tuple(
        (name, first_line(source, (name,)))
        for name, value in source.data.items()
        if name != SMTP and name.lower() in _MISNAMED and isinstance(value, dict)
    )


def first_line(source: TomlSource, path: tuple[str, ...]) -> int:
    """Return the line where a path first occurs in a document."""
    return _first_lines(source).get(path[:_DEEPEST], 1)


_DEEPEST = 3
"""Keys of a path that are looked at; below that, the line of the table counts."""


@lru_cache(maxsize=4)
def _first_lines(source: TomlSource) -> Mapping[tuple[str, ...], int]:
    """Map each path, also of tables that are only implied, to the line where it first occurs."""
    lines: dict[tuple[str, ...], int] = {}
    for statement in source.statements:
        if not statement.has_key:
            continue
        path = statement.path
        for depth in range(1, min(len(path), _DEEPEST) + 1):
            lines.setdefault(path[:depth], statement.line)
        if len(path) < _DEEPEST and statement.text[statement.value_span[0]] in "[{":
            ends = [found.start() for found in re.finditer("\n", statement.text)]
            for pair in inline_pairs(statement):
                line = statement.line + bisect_left(ends, pair.key_span[0])
                for depth in range(len(path) + 1, min(len(pair.path), _DEEPEST) + 1):
                    lines.setdefault(pair.path[:depth], line)
    return lines


def _version_evidence(data: dict[str, Any]) -> SkipKey | None:
    if _newer_part(data):
        return SkipKey.USER_TABLE
    return SkipKey.GLOBAL if any(name in data for name in OLD_GLOBALS) else None


def _newer_part(data: dict[str, Any]) -> str:
    found = (name for name, path, kind in _NEWER_PARTS if isinstance(value_at(data, path), kind))
    return next(found, "")


def _references_outside_secret(table: TomlTable) -> frozenset[str]:
    texts = [statement.text for statement in table.document.statements]
    if location := table.find("secret"):
        text, (start, end) = texts[location.statement], location.value_span
        texts[location.statement] = f'{text[:start]}""{text[end:]}'
    return _references("".join(texts))


def _references(text: str) -> frozenset[str]:
    return frozenset(name for name, _offset in toml_references(text))


def _smtp(source: TomlSource, table: TomlTable) -> SmtpValues | None:
    data = source.data.get(SMTP)
    if data is None:
        return None
    line = first_line(source, (SMTP,))
    if not isinstance(data, dict):
        raise FileRefused(
            "smtp-not-a-table",
            _('"smtp" is here, but not as a table.'),
            _("Write one section [smtp] with the keys user, endpoint, secret and starttls."),
            line=line,
        )
    lines = {key: first_line(source, (SMTP, key)) for key in SMTP_KEYS if key in data}
    values: dict[str, Any] = {}
    for key in lines:
        location = table.find(key)
        written = table.value_source(location) if location else ""
        if isinstance(data[key], SMTP_KEYS[key]):
            values[key] = data[key]
        elif isinstance(data[key], int) and REFERENCE.search(written):
            values[key] = written
        if key == "secret" and key in values:
            values["secret_source"] = written
    unknown = [key for key in data if key not in SMTP_KEYS]
    return SmtpValues(
        line=line,
        lines=lines,
        unknown=tuple((key, first_line(source, (SMTP, key))) for key in unknown),
        wrong_type=tuple((key, lines[key]) for key in lines if key not in values),
        **values,
    )

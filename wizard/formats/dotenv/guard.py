"""The last look at an edited `.env`, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wizard.errors import FileRefused
from wizard.formats.dotenv.reading import Statement
from wizard.formats.dotenv.variables import Entry, read_entries
from wizard.text.language import _


def check_edit(
    before: str,
    after: str,
    name: str,
    value: str | None,
    environ: Mapping[str, str],
    remedy: str,
) -> None:
    """Raise FileRefused unless ``after`` is ``before`` with this one variable changed.

    BOMnipotent Server and Docker Compose must both read ``value`` from every definition of the
    variable (None: from none at all), and find all other definitions as they were.
    """
    old = read_entries(before, environ)
    try:
        new = read_entries(after, environ)
    except FileRefused as refused:
        raise _not_safe(remedy) from refused
    found = [entry for entry in new if entry.name == name]
    if bool(found) != (value is not None) or any(not entry.reads(value) for entry in found):
        raise _not_safe(remedy)
    if _others(after, new, name) != _others(before, old, name):
        raise _not_safe(remedy)


def _others(text: str, entries: Iterable[Entry], name: str) -> list[tuple[str, str]]:
    """Return the source of all other definitions, as it is for dotenvy and for Compose.

    The source and not the value, which rightly changes where it refers to the variable.
    """
    return [
        (_source(text, entry.dotenvy), _source(text, entry.compose))
        for entry in entries
        if entry.name != name
    ]


def _source(text: str, statement: Statement) -> str:
    return text[statement.start : statement.end]


def _not_safe(remedy: str) -> FileRefused:
    return FileRefused(
        "env-not-safe",
        _(
            "The server or Docker Compose would not read the changed file as it should, so it was "
            "left as it is."
        ),
        remedy,
    )

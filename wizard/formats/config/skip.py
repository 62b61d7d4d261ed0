"""Switching the verification of users off and on again in config.toml.

Whatever switching off the verification adds, switching it on again removes: our comment marks it.
A key without our comment is the operator's own and becomes ``false`` instead.
"""

from __future__ import annotations

from typing import Any, Literal

from wizard.config.settings import SkipForm
from wizard.errors import FileRefused
from wizard.formats.config_toml.view import first_line
from wizard.formats.toml.document import TomlTable
from wizard.formats.toml.edit import Document
from wizard.formats.toml.statements import Kind, Statement
from wizard.formats.toml.style import pair_in_style
from wizard.text.language import _

MARK = "# New users need not confirm a verification mail; this lowers security."
"""The comment above what we add. It must never change, or old ones are no longer recognised."""

_GLOBAL_KEY = SkipForm.GLOBAL.path[0]
_TABLE, _TABLE_KEY = SkipForm.USER_TABLE.path


def switch(document: Document, data: dict[str, Any], form: SkipForm | Literal[False]) -> None:
    """Switch the verification off in one form, or on again with False.

    Raises `FileRefused` where ``user`` (in ``data``, what the document means) is no table.
    """
    if form is False:
        _switch_off(document)
        return
    if form is SkipForm.USER_TABLE and not isinstance(data.get(_TABLE, {}), dict):
        raise FileRefused(
            "user-not-a-table",
            _('"user" is here, but not as a table.'),
            _("Write one section [{name}] instead.", name=_TABLE),
            line=first_line(document.statements, (_TABLE,)),
        )
    _switch_on(document, form)


def without_skip_off(data: dict[str, Any]) -> dict[str, Any]:
    """Return parsed TOML without keys that switch nothing off, and without an empty ``[user]``."""
    result = {key: value for key, value in data.items() if key != _GLOBAL_KEY or value is not False}
    if isinstance(user := result.get(_TABLE), dict):
        result[_TABLE] = user = {k: v for k, v in user.items() if k != _TABLE_KEY or v is not False}
        if not user:
            del result[_TABLE]
    return result


def expected_skip(data: dict[str, Any], form: SkipForm | Literal[False]) -> dict[str, Any]:
    """Return what :func:`without_skip_off` has to give after :func:`switch`."""
    result = {key: value for key, value in data.items() if key != _GLOBAL_KEY}
    if isinstance(user := result.get(_TABLE, {}), dict):
        user = {key: value for key, value in user.items() if key != _TABLE_KEY}
        result[_TABLE] = user | ({_TABLE_KEY: True} if form is SkipForm.USER_TABLE else {})
    if form is SkipForm.GLOBAL:
        result[_GLOBAL_KEY] = True
    return without_skip_off(result)


def _switch_on(document: Document, form: SkipForm) -> None:
    """Set the key of ``form`` to true and remove the other one, which such a server rejects."""
    if form is SkipForm.GLOBAL:
        _take_out_of_table(document)
        if (index := _global(document)) is None:
            _add_global(document)
        else:
            document.replace(index, document.statements[index].value_span, "true")
        return
    if (index := _global(document)) is not None:
        _take_out_global(document, index)
    table = TomlTable(document, _TABLE)
    if place := table.find(_TABLE_KEY):
        document.replace(place.index, place.value_span, "true")
    elif table.is_absent:
        document.append_section([MARK, f"[{_TABLE}]", f"{_TABLE_KEY} = true"])
    else:
        table.insert(_TABLE_KEY, "true", MARK)
        if (index := table.inline) is not None:
            document.insert(index, [document.statements[index].indent + MARK], ())


def _switch_off(document: Document) -> None:
    """Remove what `_switch_on` has added; set any other key of either form to false."""
    if (index := _global(document)) is not None:
        if document.is_comment(index - 1, MARK):
            _take_out_global(document, index)
        else:
            document.replace(index, document.statements[index].value_span, "false")
    table = TomlTable(document, _TABLE)
    if place := table.find(_TABLE_KEY):
        header = table.header
        made_header = header is not None and document.is_comment(header - 1, MARK)
        if made_header or document.is_comment(place.index - 1, MARK):
            _take_out_of_table(document)
        else:
            document.replace(place.index, place.value_span, "false")


def _is_global(statement: Statement) -> bool:
    return statement.kind is Kind.PAIR and statement.table == ()


def _global(document: Document) -> int | None:
    return document.last(lambda s: _is_global(s) and s.path == (_GLOBAL_KEY,))


def _first_header(document: Document) -> int | None:
    indices = range(len(document.statements))
    headers = (Kind.HEADER, Kind.ARRAY_HEADER)
    return next((i for i in indices if document.is_kind(i, *headers)), None)


def _add_global(document: Document) -> None:
    """Add the global key: behind the last one, else above all tables, else at the end."""
    line = f"{_GLOBAL_KEY} = true"
    if (last := document.last(_is_global)) is not None:
        above = document.statements[last]
        siblings = [statement for statement in document.statements if _is_global(statement)]
        lines = [above.indent + MARK, pair_in_style(siblings, _GLOBAL_KEY, "true")]
        document.insert(last + 1, lines, ())
    elif (header := _first_header(document)) is not None:
        # A comment glued to the first header belongs to that table, so the key goes above it.
        while document.is_kind(header - 1, Kind.COMMENT):
            header -= 1
        document.insert(header, [MARK, line, ""], ())
    else:
        document.append_section([MARK, line])


def _take_out_global(document: Document, index: int) -> None:
    """Remove the global key, and what stands around it only because of it."""
    gone = [index]
    if document.is_comment(index - 1, MARK):
        gone.append(index - 1)
        if sum(_is_global(statement) for statement in document.statements) == 1:
            # It was not added behind another key, so a blank line was added with it.
            beside = index - 2 if _first_header(document) is None else index + 1
            gone += [beside] if document.is_kind(beside, Kind.BLANK) else []
    document.remove(*gone)


def _take_out_of_table(document: Document) -> None:
    """Remove the key of `[user]`, and the table with it if both are ours."""
    table = TomlTable(document, _TABLE)
    if not (place := table.find(_TABLE_KEY)):
        return
    header = table.header
    if document.is_comment(place.index - 1, MARK):
        table.remove(place, MARK)
        if place.inline:
            document.remove(place.index - 1)
    elif header is not None and document.is_comment(header - 1, MARK):
        gone = [place.index, header - 1]
        if len(table.own_pairs) == 1:
            gone += [header, header - 2] if document.is_kind(header - 2, Kind.BLANK) else [header]
        document.remove(*gone)
    else:
        table.remove(place, MARK)

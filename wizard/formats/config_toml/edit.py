"""Changing config.toml: what is asked for is spliced in, every other byte stays.

Whatever is added to skip the verification of users is removed again with it: a comment marks it.
A key without that comment is the operator's own, and becomes ``false`` instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Literal

from wizard.errors import FileRefused
from wizard.formats.config_toml.reading import first_line, misnamed_tables, view_of
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.config_toml.skip_key import SkipKey
from wizard.formats.config_toml.view import (
    SMTP,
    SMTP_KEYS,
    SmtpValues,
)
from wizard.formats.masking import mask_config
from wizard.formats.toml.document import Document, TomlTable, pair_in_style
from wizard.formats.toml.statements import (
    KEY_PART,
    Statement,
    StatementKind,
    TomlSource,
    parse_toml,
)
from wizard.formats.toml.values import (
    is_string,
    read_string,
    render_string,
    render_table,
    same_value,
)
from wizard.text.language import _


class Removal(Enum):
    """The type of `REMOVE`."""

    REMOVE = auto()


REMOVE: Final = Removal.REMOVE
"""Instead of a value: remove the key."""
COMMENTS = {
    "user": "# Login name at the mail server, usually the full e-mail address.",
    "endpoint": "# Mail server host name, or smtp://host:port for a local relay.",
    "secret": "# Password or API key for the login; read from the environment or .env.",
    "starttls": "# Only if the server offers no SMTPS (implicit TLS); default is false.",
}
"""Put above a new key. They must never change, or old ones are no longer recognised."""
MARK = "# New users need not confirm a verification mail; this lowers security."
"""Put above what is added. It must never change, or old ones are no longer recognised."""
_GLOBAL_KEY = SkipKey.GLOBAL.path[0]
_TABLE, _TABLE_KEY = SkipKey.USER_TABLE.path


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """What to change in a config.toml; None leaves a value as it is.

    ``secret_source`` is the TOML source of a string on one line, as `choose_reference` returns it.
    ``starttls`` False writes nothing if the key is absent. ``skip`` sets one key that skips the
    verification of users (and removes the other), or unsets both with False. ``rename_misnamed``
    turns ``[smtp_config]`` into ``[smtp]``.
    """

    user: str | None = None
    endpoint: str | None = field(default=None, repr=False)  # it may contain a password
    secret_source: str | Literal[Removal.REMOVE] | None = field(default=None, repr=False)
    starttls: bool | None = None
    skip: SkipKey | Literal[False] | None = None
    rename_misnamed: bool = False

    def __post_init__(self) -> None:
        source = self.secret_source
        if isinstance(source, str) and not ("\n" not in source and is_string(source)):
            raise ValueError("secret_source is not the TOML source of a string on one line")


class _Change:
    """One key of ``[smtp]`` that gets another value or is removed."""

    def __init__(
        self, key: str, value: str | bool | Literal[Removal.REMOVE], source: str | None = None
    ) -> None:
        self.key = key
        self.value = value
        self.source = source

    def render(self, like: str) -> str:
        """Return the source of the value, in the style of ``like``, which it replaces."""
        if isinstance(self.value, str):
            return self.source or render_string(self.value, like)
        return "true" if self.value is True else "false"

    def carry_out(self, table: TomlTable) -> bool:
        """Make the change; return whether there is a table to make it in."""
        comment = COMMENTS[self.key]
        if self.value is not REMOVE:
            return table.put(self.key, self.render, comment)
        if location := table.find(self.key):
            table.remove(location, comment)
        return True


def edit_config(text: str, edit: ConfigEdit) -> str:
    """Return ``text`` with the edit carried out.

    What already has the wanted value is not touched, so a second edit changes nothing. Raises
    `FileRefused` if the text cannot be read, or if the result would not mean exactly what was
    asked for.
    """
    source = parse_toml(text)
    if edit.rename_misnamed:
        source = _renamed(source)
    changes = list(_smtp_changes(view_of(source).smtp, edit))
    document = Document(source)
    table = TomlTable(document, SMTP)
    for index, change in enumerate(changes):
        if not change.carry_out(table):
            new = [(COMMENTS[each.key], each.key, each.render("")) for each in changes[index:]]
            document.append_section(render_table(SMTP, new))
            break
    if edit.skip is not None:
        _set_skip(document, source, edit.skip)
    if not same_value(_meaning(document.text, edit), _expected(source.data, changes, edit)):
        raise _unsafe(changes, edit)
    return document.text


def _smtp_changes(known: SmtpValues | None, edit: ConfigEdit) -> Iterator[_Change]:
    """Yield what differs from the file, in the order of the vendor's documentation."""
    now = known or SmtpValues(line=1)
    for key in SMTP_KEYS:
        if key == "secret":
            yield from _secret_change(now, edit.secret_source)
            continue
        wanted = getattr(edit, key)
        absent_is_wanted = wanted is False and key not in now.lines
        if wanted not in (None, getattr(now, key)) and not absent_is_wanted:
            yield _Change(key, wanted)


def _secret_change(
    now: SmtpValues, source: str | Literal[Removal.REMOVE] | None
) -> Iterator[_Change]:
    if source is REMOVE:
        if "secret" in now.lines:
            yield _Change("secret", REMOVE)
    elif source is not None and source != now.secret_source:
        yield _Change("secret", read_string(source), source)


def _renamed(source: TomlSource) -> TomlSource:
    """Rename the one table that was meant to be ``[smtp]``."""
    misnamed = misnamed_tables(source)
    if not misnamed:
        return source
    name, line = misnamed[0]
    if SMTP in source.data or len(misnamed) > 1:
        raise FileRefused(
            "smtp-twice",
            _(
                "There is a table [{name}], but also another one that may be meant to be [smtp].",
                name=name,
            ),
            _("Keep one of them, under the name [smtp]."),
            line=line,
        )
    document = Document(source)
    for index, statement in enumerate(source.statements):
        # Below a header, only the header contains the name.
        named_here = statement.kind is not StatementKind.PAIR or not statement.table
        if statement.path[:1] == (name,) and named_here and statement.has_key:
            start = statement.key_span[0]
            part = re.compile(KEY_PART).match(statement.text, start)
            document.replace(index, (start, part.end() if part else start), SMTP)
    renamed = parse_toml(document.text)
    expected = {SMTP if key == name else key: value for key, value in source.data.items()}
    if not same_value(renamed.data, expected):
        raise _unsafe([], ConfigEdit(rename_misnamed=True))
    return renamed


def _expected(data: dict[str, Any], changes: list[_Change], edit: ConfigEdit) -> dict[str, Any]:
    """Return what :func:`_meaning` of the result has to be."""
    expected = dict(data)
    if changes:
        smtp = dict(expected.get(SMTP, {}))
        for change in changes:
            smtp.pop(change.key, None)
            if change.value is not REMOVE:
                smtp[change.key] = change.value
        expected[SMTP] = smtp
    if edit.secret_source is REMOVE and not expected.get(SMTP, True):
        del expected[SMTP]
    return expected if edit.skip is None else _expected_skip(expected, edit.skip)


def _meaning(text: str, edit: ConfigEdit) -> dict[str, Any] | None:
    try:
        data = dict(parse_toml(text).data)
    except FileRefused:
        return None
    if edit.secret_source is REMOVE and not data.get(SMTP, True):
        del data[SMTP]  # a table of dotted keys is gone with its last key, one with a header is not
    return data if edit.skip is None else _without_unset_skip(data)


def _unsafe(changes: list[_Change], edit: ConfigEdit) -> FileRefused:
    """Return the refusal of an edit whose result would mean something else, without secrets."""
    wanted = []
    for change in changes:
        literal = change.key == "secret" and secret_reference(str(change.value)) is None
        if change.value is REMOVE:
            wanted.append(_("# without {key}", key=change.key))
        elif not literal:
            wanted.append(mask_config(f"{change.key} = {change.render('')}"))
    if wanted or edit.rename_misnamed:
        wanted.insert(0, f"[{SMTP}]")
    if isinstance(edit.skip, SkipKey):
        *table, key = edit.skip.path
        skip = [f"{key} = true"]
        wanted = [*wanted, *(f"[{name}]" for name in table), *skip] if table else [*skip, *wanted]
    return FileRefused(
        "edit-not-safe",
        _("The file is written in a way that cannot be changed safely; nothing was written."),
        _("Make the change in an editor:") + " " + "\n".join(["", *wanted]),
    )


def _set_skip(document: Document, source: TomlSource, key: SkipKey | Literal[False]) -> None:
    """Set ``key``, or unset both keys with False.

    Raises `FileRefused` if ``user`` in ``source``, from which the document was made, is not a
    table.
    """
    if key is False:
        _unset_skip(document)
        return
    if key is SkipKey.USER_TABLE and not isinstance(source.data.get(_TABLE, {}), dict):
        raise FileRefused(
            "user-not-a-table",
            _('"user" is here, but not as a table.'),
            _("Write one section [{name}] instead.", name=_TABLE),
            line=first_line(source, (_TABLE,)),
        )
    _set_skip_key(document, key)


def _without_unset_skip(data: dict[str, Any]) -> dict[str, Any]:
    """Return parsed TOML without skip keys that are false, and without an empty ``[user]``."""
    result = {key: value for key, value in data.items() if key != _GLOBAL_KEY or value is not False}
    if isinstance(user := result.get(_TABLE), dict):
        result[_TABLE] = user = {k: v for k, v in user.items() if k != _TABLE_KEY or v is not False}
        if not user:
            del result[_TABLE]
    return result


def _expected_skip(data: dict[str, Any], key: SkipKey | Literal[False]) -> dict[str, Any]:
    """Return what :func:`_without_unset_skip` has to be after :func:`_set_skip`."""
    result = {name: value for name, value in data.items() if name != _GLOBAL_KEY}
    if isinstance(user := result.get(_TABLE, {}), dict):
        user = {name: value for name, value in user.items() if name != _TABLE_KEY}
        result[_TABLE] = user | ({_TABLE_KEY: True} if key is SkipKey.USER_TABLE else {})
    if key is SkipKey.GLOBAL:
        result[_GLOBAL_KEY] = True
    return _without_unset_skip(result)


def _set_skip_key(document: Document, key: SkipKey) -> None:
    """Set ``key`` to true and remove the other one, which such a server rejects."""
    if key is SkipKey.GLOBAL:
        _take_out_of_table(document)
        if (index := _global(document)) is None:
            _add_global(document)
        else:
            document.replace(index, document.statements[index].value_span, "true")
        return
    if (index := _global(document)) is not None:
        _take_out_global(document, index)
    table = TomlTable(document, _TABLE)
    if location := table.find(_TABLE_KEY):
        document.replace(location.statement, location.value_span, "true")
    elif table.is_absent:
        document.append_section([MARK, *render_table(_TABLE, [("", _TABLE_KEY, "true")])])
    else:
        table.insert(_TABLE_KEY, "true", MARK)
        if (index := table.inline) is not None:
            document.insert(index, [document.statements[index].indent + MARK], ())


def _unset_skip(document: Document) -> None:
    """Remove what `_set_skip_key` has added; set the operator's own keys to false."""
    if (index := _global(document)) is not None:
        if document.is_comment(index - 1, MARK):
            _take_out_global(document, index)
        else:
            document.replace(index, document.statements[index].value_span, "false")
    table = TomlTable(document, _TABLE)
    if location := table.find(_TABLE_KEY):
        header = table.header
        made_header = header is not None and document.is_comment(header - 1, MARK)
        if made_header or document.is_comment(location.statement - 1, MARK):
            _take_out_of_table(document)
        else:
            document.replace(location.statement, location.value_span, "false")


def _is_global(statement: Statement) -> bool:
    return statement.kind is StatementKind.PAIR and statement.table == ()


def _global(document: Document) -> int | None:
    return document.last(lambda s: _is_global(s) and s.path == (_GLOBAL_KEY,))


def _first_header(document: Document) -> int | None:
    indices = range(len(document.statements))
    headers = (StatementKind.HEADER, StatementKind.ARRAY_HEADER)
    return next((i for i in indices if document.is_kind(i, *headers)), None)


def _add_global(document: Document) -> None:
    """Add the global key: after the last one, else above all tables, else at the end."""
    line = f"{_GLOBAL_KEY} = true"
    if (last := document.last(_is_global)) is not None:
        above = document.statements[last]
        siblings = [statement for statement in document.statements if _is_global(statement)]
        lines = [above.indent + MARK, pair_in_style(siblings, _GLOBAL_KEY, "true")]
        document.insert(last + 1, lines, ())
    elif (header := _first_header(document)) is not None:
        # A comment right above the first header belongs to that table, so the key goes above it.
        while document.is_kind(header - 1, StatementKind.COMMENT):
            header -= 1
        document.insert(header, [MARK, line, ""], ())
    else:
        document.append_section([MARK, line])


def _take_out_global(document: Document, index: int) -> None:
    """Remove the global key, and the comment and blank line that came with it."""
    gone = [index]
    if document.is_comment(index - 1, MARK):
        gone.append(index - 1)
        if sum(_is_global(statement) for statement in document.statements) == 1:
            # It was not added after another key, so a blank line was added with it.
            beside = index - 2 if _first_header(document) is None else index + 1
            gone += [beside] if document.is_kind(beside, StatementKind.BLANK) else []
    document.remove(*gone)


def _take_out_of_table(document: Document) -> None:
    """Remove the key of `[user]`, and the table with it if both are ours."""
    table = TomlTable(document, _TABLE)
    if not (location := table.find(_TABLE_KEY)):
        return
    header = table.header
    if document.is_comment(location.statement - 1, MARK):
        table.remove(location, MARK)
        if location.inline:
            document.remove(location.statement - 1)
    elif header is not None and document.is_comment(header - 1, MARK):
        gone = [location.statement, header - 1]
        if len(table.own_pairs) == 1:
            gone += (
                [header, header - 2]
                if document.is_kind(header - 2, StatementKind.BLANK)
                else [header]
            )
        document.remove(*gone)
    else:
        table.remove(location, MARK)

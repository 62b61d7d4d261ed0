"""Changing a config.toml: what is asked for is spliced in, everything else stays byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Literal

from wizard.config.settings import SkipForm
from wizard.errors import FileRefused
from wizard.formats.config.skip import expected_skip, switch, without_skip_off
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.config_toml.view import SMTP, SmtpValues, misnamed_tables, view
from wizard.formats.masking import mask_urls
from wizard.formats.text import BOM
from wizard.formats.toml.document import TomlTable
from wizard.formats.toml.edit import Document
from wizard.formats.toml.statements import Kind, TomlSource, load, parse
from wizard.formats.toml.tokens import FIRST_KEY_PART
from wizard.formats.toml.values import is_string, read_string, render_string, same
from wizard.text.language import _


class Removal(Enum):
    """The type of `REMOVE`."""

    REMOVE = auto()


REMOVE: Final = Removal.REMOVE
"""In the place of a value: remove the key."""

COMMENTS = {
    "user": "# Login name at the mail server, usually the full e-mail address.",
    "endpoint": "# Mail server host name, or smtp://host:port for a local relay.",
    "secret": "# Password or API key for the login; read from the environment or .env.",
    "starttls": "# Only if the server offers no SMTPS (implicit TLS); default is false.",
}
"""What stands above a new key. They must never change, or old ones are no longer recognised."""


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """What to change in a config.toml; None leaves a thing as it is.

    ``secret_source`` is the TOML source of a string on one line, as `choose_reference` gives it.
    ``starttls`` False writes nothing where the key is absent. ``skip`` switches the verification of
    users off in one form (and removes the other), or on again with False. ``rename_misnamed`` turns
    ``[smtp_config]`` into ``[smtp]``.
    """

    user: str | None = None
    endpoint: str | None = field(default=None, repr=False)  # it may hold a password
    secret_source: str | Literal[Removal.REMOVE] | None = field(default=None, repr=False)
    starttls: bool | None = None
    skip: SkipForm | Literal[False] | None = None
    rename_misnamed: bool = False

    def __post_init__(self) -> None:
        source = self.secret_source
        if isinstance(source, str) and not ("\n" not in source and is_string(source)):
            raise ValueError("secret_source is not the TOML source of a string on one line")


@dataclass(frozen=True, slots=True)
class _Change:
    """One key of ``[smtp]`` that gets another value, or goes."""

    key: str
    value: str | bool | Literal[Removal.REMOVE] = field(repr=False)
    source: str | None = field(default=None, repr=False)

    def render(self, like: str) -> str:
        """Return the source of the value, in the style of the one that it replaces."""
        if isinstance(self.value, str):
            return self.source or render_string(self.value, like)
        return "true" if self.value is True else "false"

    def carry_out(self, table: TomlTable) -> None:
        comment = COMMENTS[self.key]
        if self.value is not REMOVE:
            table.put(self.key, self.render, comment)
        elif place := table.find(self.key):
            table.remove(place, comment)


def new_config(edit: ConfigEdit) -> str:
    """Return a config.toml that holds nothing but what is asked for."""
    return edit_config("", edit)


def edit_config(text: str, edit: ConfigEdit) -> str:
    """Return ``text`` with the edit carried out.

    What has the wanted value already is not touched, so a second edit changes nothing. Raises
    `FileRefused` if the text cannot be read, or if the result would not mean exactly what was
    asked for.
    """
    source = parse(text)
    if edit.rename_misnamed:
        source = _renamed(source)
    changes = list(_smtp_changes(view(source).smtp, edit))
    document = Document(source)
    table = TomlTable(document, SMTP)
    for change in changes:
        change.carry_out(table)
    if edit.skip is not None:
        switch(document, source.data, edit.skip)
    if not same(_meaning(document.text, edit), _expected(source.data, changes, edit)):
        raise _unsafe(changes, edit)
    return document.text


def _smtp_changes(known: SmtpValues | None, edit: ConfigEdit) -> Iterator[_Change]:
    """Yield what differs from what the file says now, in the order of the documentation."""
    now = known or SmtpValues(line=1)
    if edit.user is not None and edit.user != now.user:
        yield _Change("user", edit.user)
    if edit.endpoint is not None and edit.endpoint != now.endpoint:
        yield _Change("endpoint", edit.endpoint)
    if edit.secret_source is REMOVE:
        if "secret" in now.lines:
            yield _Change("secret", REMOVE)
    elif edit.secret_source is not None and edit.secret_source != now.secret_source:
        yield _Change("secret", read_string(edit.secret_source), edit.secret_source)
    differs = edit.starttls is not None and edit.starttls is not now.starttls
    if differs and (edit.starttls or "starttls" in now.lines):
        yield _Change("starttls", edit.starttls is True)


def _renamed(source: TomlSource) -> TomlSource:
    """Return the document with the one table that was meant to be ``[smtp]`` named so."""
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
        # Below a header, the name is in the header alone.
        named_here = statement.kind is not Kind.PAIR or not statement.table
        if statement.path[:1] == (name,) and named_here and statement.has_key:
            start = statement.key_span[0]
            part = FIRST_KEY_PART.match(statement.text, start)
            document.replace(index, (start, part.end() if part else start), SMTP)
    renamed = parse(document.text)
    expected = {SMTP if key == name else key: value for key, value in source.data.items()}
    if not same(renamed.data, expected):
        raise _unsafe([], ConfigEdit(rename_misnamed=True))
    return renamed


def _expected(data: dict[str, Any], changes: list[_Change], edit: ConfigEdit) -> dict[str, Any]:
    """Return what :func:`_meaning` has to give for the result."""
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
    return expected if edit.skip is None else expected_skip(expected, edit.skip)


def _meaning(text: str, edit: ConfigEdit) -> dict[str, Any] | None:
    try:
        data = load(text.removeprefix(BOM))
    except FileRefused:
        return None
    if edit.secret_source is REMOVE and not data.get(SMTP, True):
        del data[SMTP]  # a table of dotted keys is gone with its last key, one with a header is not
    return data if edit.skip is None else without_skip_off(data)


def _unsafe(changes: list[_Change], edit: ConfigEdit) -> FileRefused:
    """Return the refusal of an edit whose result would mean something else; shows no secret."""
    wanted = []
    for change in changes:
        literal = change.key == "secret" and secret_reference(str(change.value)) is None
        if change.value is REMOVE:
            wanted.append(_("# without {key}", key=change.key))
        elif not literal:
            wanted.append(f"{change.key} = {mask_urls(change.render(''))}")
    if wanted or edit.rename_misnamed:
        wanted.insert(0, f"[{SMTP}]")
    if isinstance(edit.skip, SkipForm):
        *table, key = edit.skip.path
        skip = [f"{key} = true"]
        wanted = [*wanted, *(f"[{name}]" for name in table), *skip] if table else [*skip, *wanted]
    return FileRefused(
        "edit-not-safe",
        _("The file is written in a way that cannot be changed safely; nothing was written."),
        _("Make the change in an editor:") + " " + "\n".join(["", *wanted]),
    )

"""One variable in `.env`: read, set or remove it, without changing any other byte.

A file is only edited if all its readers agree on what it says, and the result is read by all of
them before it is returned: mostly BOMnipotent Server (dotenvy) and Docker Compose.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from wizard.errors import FileRefused
from wizard.formats.dotenv.compose_go import read_compose, read_raw
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.dotenv.reading import (
    BYTE_ORDER_MARK,
    NO_ENVIRON,
    WHITE_SPACE,
    Assignment,
    ParsedEnv,
)
from wizard.formats.variables import Readers
from wizard.text.language import _

BOTH = Readers.SERVER_AND_COMPOSE


class Definition(NamedTuple):
    """One definition as both readers see it; where only one reads the file, it stands for both.

    ``line_start`` (after a byte order mark) and ``line_end`` (after the line break) delimit its
    physical lines: one, or more if a quoted value contains line breaks.
    """

    dotenvy: Assignment
    compose: Assignment
    line_start: int
    line_end: int

    @property
    def name(self) -> str:
        """The name, on which both readers agree."""
        return self.dotenvy.name

    def reads(self, value: str | None) -> bool:
        """Whether both readers find exactly this value."""
        return self.dotenvy.value == self.compose.value == value

    @property
    def comment(self) -> int | None:
        """Where the comment after the value begins, unless Compose sees it inside the quotes."""
        start = self.dotenvy.comment
        if start is None or not (self.compose.quote_end or 0) <= start < self.line_end:
            return None
        return start


def read_definitions(
    text: str, environ: Mapping[str, str], or_else: str = "", readers: Readers = BOTH
) -> list[Definition]:
    """Return the definitions in order.

    Raises FileRefused if a reader gives up on the file or if they disagree: an edit could then
    change what one of them sees elsewhere. The clause ``or_else`` is a part of the remedy.
    """
    if "\0" in text:
        raise FileRefused(
            "env-malformed",
            _("The file contains a NUL character, which no variable can hold."),
            _remedy(_("Remove it"), or_else),
            line=line_number(text, text.index("\0")),
        )
    _check_not_encrypted(text)
    dotenvy, compose = _readings(text, frozenset(environ.items()), readers)
    if readers is BOTH:
        _check_complete(text, dotenvy, _("the server"), or_else)
        _check_complete(text, compose, "Docker Compose", or_else)
        _check_agreement(text, dotenvy, compose, or_else)
    else:
        _check_complete(text, compose, "Docker Compose", or_else)
        defined = [each for each in compose.assignments if each.defined]
        compose = ParsedEnv(tuple(defined))
        dotenvy = ParsedEnv(tuple(_with_comment(text, each, readers) for each in defined))
    return [
        Definition(ours, theirs, _line_start(text, theirs.start), _line_end(text, theirs.end))
        for ours, theirs in zip(dotenvy.assignments, compose.assignments, strict=True)
    ]


@lru_cache(maxsize=4)  # an edit reads the old text and the new one several times
def _readings(
    text: str, environ: frozenset[tuple[str, str]], readers: Readers
) -> tuple[ParsedEnv, ParsedEnv]:
    """Return what dotenvy and Compose read; nothing for dotenvy where it does not read the file."""
    variables = dict(environ)
    raw = readers is Readers.COMPOSE_RAW
    compose = read_raw(text) if raw else read_compose(text, variables)
    return read_dotenvy(text, variables) if readers is BOTH else ParsedEnv(()), compose


def _with_comment(text: str, assignment: Assignment, readers: Readers) -> Assignment:
    if readers is Readers.COMPOSE_RAW:
        return assignment
    rest = text[assignment.end : _line_end(text, assignment.end)]
    blanks = len(rest) - len(rest.lstrip(WHITE_SPACE))
    is_comment = rest.startswith("#", blanks)
    return assignment._replace(comment=assignment.end + blanks if is_comment else None)


def read_variable(
    text: str,
    name: str,
    environ: Mapping[str, str] = NO_ENVIRON,
    readers: Readers = BOTH,
) -> str | None:
    """Return the value that the server gets from the file, None if it has no such variable.

    The server takes the first of several definitions, Compose the last one.

    ``environ`` is only used to substitute ``$NAME`` in values, as the server does. Raises
    FileRefused if the server or Compose stops reading the file, or if they disagree.
    """
    found = find_definitions(text, name, environ, readers)
    return found[0 if readers is BOTH else -1].dotenvy.value if found else None


def find_definitions(
    text: str,
    name: str,
    environ: Mapping[str, str] = NO_ENVIRON,
    readers: Readers = BOTH,
) -> Sequence[Definition]:
    """Return the definitions of one variable, in order; raises FileRefused.

    The file is read once for all variables.
    """
    found = _definitions_by_name(text, frozenset(environ.items()), readers)
    if isinstance(found, FileRefused):
        raise FileRefused(found.code, found.message, found.remedy, line=found.line)
    return found.get(name, ())


@lru_cache(maxsize=4)
def _definitions_by_name(
    text: str, environ: frozenset[tuple[str, str]], readers: Readers
) -> Mapping[str, list[Definition]] | FileRefused:
    try:
        definitions = read_definitions(text, dict(environ), readers=readers)
    except FileRefused as error:
        return error
    by_name: dict[str, list[Definition]] = {}
    for definition in definitions:
        by_name.setdefault(definition.name, []).append(definition)
    return by_name


def definition_lines(
    text: str,
    name: str,
    environ: Mapping[str, str] = NO_ENVIRON,
    readers: Readers = BOTH,
) -> list[str]:
    """Return all lines that define the variable, whole: with their ends, and a byte order mark."""
    found = find_definitions(text, name, environ, readers)
    marked = text.startswith(BYTE_ORDER_MARK)
    starts = (0 if marked and entry.line_start == 1 else entry.line_start for entry in found)
    return [text[start : entry.line_end] for start, entry in zip(starts, found, strict=True)]


def line_number(text: str, offset: int) -> int:
    """Return the 1-based number of the line at the offset; lines end in a line feed."""
    return text.count("\n", 0, offset) + 1


_ENCRYPTED = (
    r"""(?m)^[ \t]*(?:export[ \t]+)?[\w.-]+[ \t]*=[ \t]*["']?(?:(?P<sops>ENC\[)|encrypted:)"""
)
"""A value that sops (as ``ENC[AES256_GCM,data:…]``) or dotenvx (``encrypted:…``) has encrypted."""


def _check_not_encrypted(text: str) -> None:
    """Refuse a file whose values only another program can read and write."""
    found = re.search(_ENCRYPTED, text)
    if found is None:
        return
    if found["sops"]:
        program, remedy = "sops", _("Change it with sops, which opens an editor: sops .env")
    else:
        program = "dotenvx"
        remedy = _("Write the line with an editor, then encrypt it: dotenvx encrypt -f .env")
    raise FileRefused(
        "env-encrypted",
        _("The values in this file are encrypted by {program}.", program=program),
        remedy,
        line=line_number(text, found.start()),
    )


def _check_complete(text: str, reading: ParsedEnv, reader: str, or_else: str) -> None:
    if reading.rejection is not None and reading.rejection.too_long:
        raise FileRefused(
            "env-too-long",
            f"{reading.rejection.reason}.",
            _remedy(_("Check that this is the file you mean"), or_else),
            line=line_number(text, reading.rejection.offset),
        )
    if reading.rejection is not None:
        raise FileRefused(
            "env-malformed",
            _(
                "{reason}; {reader} would stop reading here and ignore the lines below.",
                reason=reading.rejection.reason,
                reader=reader,
            ),
            _remedy(_("Correct this line"), or_else),
            line=line_number(text, reading.rejection.offset),
        )


def _check_agreement(text: str, dotenvy: ParsedEnv, compose: ParsedEnv, or_else: str) -> None:
    above: Assignment | None = None
    for ours, theirs in zip_longest(dotenvy.assignments, compose.assignments):
        if ours and theirs and (ours.start, ours.name) == (theirs.start, theirs.name):
            above = ours
            continue
        if ours and theirs and ours.start == theirs.start:
            cause = ours
            problem = _("The server and Docker Compose disagree on what the name in this line is.")
        else:
            # One is still reading the value above where the other finds a new definition.
            cause = above or ours or theirs
            problem = _(
                "The server and Docker Compose disagree on where the value in this line ends."
            )
        raise FileRefused(
            "env-ambiguous",
            problem,
            _remedy(_("Write it as NAME='value' with nothing else in the line"), or_else),
            line=line_number(text, cause.start),
        )


def _remedy(remedy: str, or_else: str) -> str:
    if not or_else:
        return f"{remedy}."
    return _("{remedy}, or {or_else}.", remedy=remedy, or_else=or_else)


def _line_start(text: str, offset: int) -> int:
    start = text.rfind("\n", 0, offset) + 1
    return start + (start == 0 and text.startswith(BYTE_ORDER_MARK))


def _line_end(text: str, offset: int) -> int:
    return text.find("\n", offset) + 1 or len(text)


def check_edit(
    before: str,
    old: Sequence[Definition],
    after: str,
    name: str,
    value: str | None,
    environ: Mapping[str, str],
    remedy: str,
    readers: Readers = BOTH,
) -> None:
    """Raise FileRefused unless ``after`` is ``before`` with this one variable changed.

    ``old`` are the definitions in ``before``.
    All readers must read ``value`` from every definition of the variable (None: find no
    definition), and find all other definitions as they were.
    """
    try:
        new = read_definitions(after, environ, readers=readers)
    except FileRefused as refused:
        raise _not_safe(remedy) from refused
    found = [entry for entry in new if entry.name == name]
    if bool(found) != (value is not None) or any(not entry.reads(value) for entry in found):
        raise _not_safe(remedy)
    if _others(after, new, name) != _others(before, old, name):
        raise _not_safe(remedy)


def _others(text: str, entries: Iterable[Definition], name: str) -> list[tuple[str, str]]:
    """Return the source of all other definitions, for dotenvy and for Compose.

    Not the value: it changes, rightly, if it refers to the variable.
    """
    return [
        (_source(text, entry.dotenvy), _source(text, entry.compose))
        for entry in entries
        if entry.name != name
    ]


def _source(text: str, assignment: Assignment) -> str:
    return text[assignment.start : assignment.end]


def _not_safe(remedy: str) -> FileRefused:
    return FileRefused(
        "env-not-safe",
        _(
            "The server or Docker Compose would not read the changed file as it should, so it was "
            "left as it is."
        ),
        remedy,
    )


_HEADERS = {
    Readers.SERVER_AND_COMPOSE: "# Read by BOMnipotent Server.",
    Readers.COMPOSE: "# Read by Docker Compose.",
    Readers.COMPOSE_RAW: "# Read by Docker Compose.",
}
_DO_NOT_COMMIT = " Do not commit this file, it holds a secret."


def set_variable(
    text: str,
    name: str,
    value: str,
    environ: Mapping[str, str] = NO_ENVIRON,
    readers: Readers = BOTH,
) -> str:
    """Return the text with every definition of the variable replaced, or with one added.

    If all readers already find ``value`` everywhere, no byte changes. Raises InvalidValue for a
    value that cannot be written, FileRefused for a file that cannot be edited.
    """
    from wizard.formats.dotenv.quoting import check_value, manual_edit, quote_value

    check_value(value)
    written = value if readers is Readers.COMPOSE_RAW else quote_value(value)
    line = manual_edit(name, value)
    or_else = _("write by hand, above it, {line}", line=line)
    entries = read_definitions(text, environ, or_else, readers)
    found = [entry for entry in entries if entry.name == name]
    if not found:
        after = _inserted(text, entries, name, f"{name}={written}", readers)
    elif all(entry.reads(value) for entry in found):
        return text
    else:
        after = _replaced(text, found, lambda entry: _rewritten(text, entry, written))
    check_edit(
        text, entries, after, name, value, environ, _("Write by hand {line}.", line=line), readers
    )
    return after


def remove_variable(
    text: str, name: str, environ: Mapping[str, str] = NO_ENVIRON, readers: Readers = BOTH
) -> str:
    """Return the text without the lines that define the variable; raises FileRefused."""
    if name not in text:
        return text
    entries = read_definitions(text, environ, _("remove {name} by hand", name=name), readers)
    found = [entry for entry in entries if entry.name == name]
    after = _replaced(text, found, lambda _: "")
    check_edit(
        text, entries, after, name, None, environ, _("Remove {name} by hand.", name=name), readers
    )
    return after


def _replaced(text: str, entries: Iterable[Definition], lines: Callable[[Definition], str]) -> str:
    """Replace the physical lines of each definition by ``lines(entry)``."""
    parts = []
    position = 0
    for entry in entries:
        parts += [text[position : entry.line_start], lines(entry)]
        position = entry.line_end
    return "".join((*parts, text[position:]))


def _rewritten(text: str, entry: Definition, quoted: str) -> str:
    """Return the definition's lines with another value, and its comment moved above.

    systemd would read a comment after a quoted value as a part of the value.
    """
    assignment = entry.dotenvy
    indent = text[entry.line_start : assignment.start]
    definition = text[entry.line_start : assignment.name_end] + "=" + quoted
    end = _line_break(text[entry.line_start : entry.line_end])
    if entry.comment is None:
        return definition + end
    comment = text[entry.comment : entry.line_end].rstrip(WHITE_SPACE)
    return indent + comment + (end or _line_break_of(text)) + definition + end


def _inserted(
    text: str, entries: Iterable[Definition], name: str, definition: str, readers: Readers
) -> str:
    """Add a line: below a placeholder in a comment, else at the end."""
    end = _line_break_of(text)
    if text in ("", BYTE_ORDER_MARK):
        return text + _HEADERS[readers] + _DO_NOT_COMMIT + end + definition + end
    position = _below_placeholder(text, entries, name) or len(text)
    above = text[:position] if _line_break(text[:position]) else text[:position] + end
    return above + definition + end + text[position:]


def _below_placeholder(text: str, entries: Iterable[Definition], name: str) -> int | None:
    """Return where the line after the last ``# NAME=…`` begins, if there is such a comment."""
    placeholder = (
        rf"^{BYTE_ORDER_MARK}?[ \t]*#[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=[^\n]*\n?"
    )
    definitions = list(entries)
    starts = [entry.line_start for entry in definitions]
    found = None
    for match in re.finditer(placeholder, text, re.MULTILINE):
        before = bisect_right(starts, match.start())
        # Inside a multi-line value it is not a comment.
        if not before or definitions[before - 1].dotenvy.end <= match.start():
            found = match.end()
    return found


def _line_break(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""


def _line_break_of(text: str) -> str:
    """Return the line break of the last complete line."""
    return _line_break(text[: text.rfind("\n") + 1]) or "\n"

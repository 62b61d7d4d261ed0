"""A value in `.env`: whether it can be written, how it is quoted, and which readers misread it.

What :func:`quote_value` writes is read alike by dotenvy, dotenv, Docker Compose and systemd.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wizard.errors import InvalidValue
from wizard.text.language import N_, _

_RAW = r"[A-Za-z0-9_.,:/@%+=^!*?\[\]{}-]+"
_TRAILING_BACKSLASHES = r"\\*\Z"
_ESCAPED_IN_DOUBLE_QUOTES = r'[\\"$]'
# What python-dotenv substitutes, in any quotes.
_PYTHON_SUBSTITUTION = r"\$\{[^}:]*(?::-[^}]*)?\}"

_DEFINITION = r"(?P<bom>\ufeff?)[ \t]*(?P<export>export[ \t]+)?[^ \t=]+(?P<equals>[ \t]*=[ \t]*)"
_QUOTED = r"""'[^']*'|"(?:[^"\\]|\\.)*\""""
_SHELL_SYNTAX = r"[;&|<>()`~]"

DOCKER_RUN = "docker run --env-file"
PYTHON = "python-dotenv"
NODE = "node's dotenv"
SHELL = N_("a shell that sources the file")
SYSTEMD = "systemd's EnvironmentFile="
_READERS = (DOCKER_RUN, SYSTEMD, PYTHON, NODE, SHELL)


class Misreading(NamedTuple):
    """A reader of `.env` that reads another value, and why.

    ``reason`` continues the sentence "<reader> …" and never contains a part of the value. It is
    not ``certain`` if it depends on the lines below, or on the output of a command.
    """

    reader: str
    reason: str
    certain: bool = True


def check_value(value: str) -> None:
    """Raise InvalidValue if the value cannot be written so that every reader reads it alike."""
    if not value:
        raise InvalidValue(
            "secret-empty", _("The secret is empty."), _("Enter it, or use none at all.")
        )
    for char in value:
        problem = _problem(char)
        if problem is not None:
            raise InvalidValue(*problem)


def _problem(char: str) -> tuple[str, str, str] | None:
    """Return code, message and remedy if a value cannot contain the character."""
    if char in "\r\n\u2028\u2029":
        return (
            "secret-line-break",
            _("The secret contains a line break, which ends the value for some readers of .env."),
            _("Enter it as one line; a line break is often copied along by mistake."),
        )
    if char == "\ufeff":
        return (
            "secret-byte-order-mark",
            _(
                "The secret contains an invisible byte order mark (U+FEFF), which some readers "
                "drop."
            ),
            _("Type the secret, or copy it from a place that shows plain text."),
        )
    category = unicodedata.category(char)
    if category == "Cc" and char != "\t":
        return (
            "secret-control-character",
            _(
                "The secret contains the control character U+{number:04X}, which not all can read.",
                number=ord(char),
            ),
            _("Enter it without; it is often copied along by mistake."),
        )
    if category == "Cs":
        return (
            "secret-surrogate",
            _("The secret contains a character that cannot be written as UTF-8."),
            _("Enter it in UTF-8; it may come from a terminal or file with another encoding."),
        )
    if ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF:
        return (
            "secret-not-a-character",
            _(
                "The secret contains U+{number:04X}, which is no character; systemd refuses it.",
                number=ord(char),
            ),
            _("Type the secret, or copy it from a place that shows plain text."),
        )
    return None


def quote_value(value: str) -> str:
    """Return the text after ``NAME=`` for a value that :func:`check_value` accepts."""
    if re.fullmatch(_RAW, value):
        return value
    if _fits_single_quotes(value):
        return f"'{value}'"
    return '"' + re.sub(_ESCAPED_IN_DOUBLE_QUOTES, r"\\\g<0>", value) + '"'


def manual_edit(name: str, value: str) -> str:
    """Return what to write in an editor, as a clause without any part of the value."""
    if re.fullmatch(_RAW, value):
        return _("{name}=… with the secret for the dots", name=name)
    if _fits_single_quotes(value):
        return _("{name}='…' with the secret for the dots", name=name)
    return _(
        '{name}="…" with the secret for the dots and a backslash before each \\, " and $ in it',
        name=name,
    )


class _Line(NamedTuple):
    """How one definition in `.env` is written."""

    bom: bool
    export: bool
    equals: str
    """The equals sign with the blanks around it."""
    quote: str
    """``'``, ``"``, or nothing."""
    rest: str
    """What follows the value: blanks and a comment."""
    carriage_return: bool


def _read_line(line: str, value: str) -> _Line | None:
    """Return the parts of a line; None for a form that only Docker Compose knows (``NAME: x``)."""
    content = line.removesuffix("\n").removesuffix("\r")
    start = re.match(_DEFINITION, content)
    if start is None:
        return None
    written = content[start.end() :]
    quoted = re.match(_QUOTED, written)
    rest = written[quoted.end() :] if quoted else written.removeprefix(value)
    return _Line(
        bool(start["bom"]),
        bool(start["export"]),
        start["equals"],
        quoted[0][0] if quoted else "",
        rest,
        line.endswith("\r\n"),
    )


def readers_that_differ(lines: Sequence[str], value: str) -> tuple[Misreading, ...]:
    """Return the readers that get another value than ``value``, or none, from `.env`.

    ``lines`` are all those that define the variable there, whole: with a byte order mark and their
    ends. The server and Docker Compose must read ``value`` from each of them.
    """
    written = [each for line in lines if (each := _read_line(line, value)) is not None]
    found = [one for line in written for one in _misreaders(line, value)]
    if written and all(line.export for line in written):
        found.append(Misreading(SYSTEMD, _("ignores a line that begins with export")))
    found.sort(key=lambda one: (_READERS.index(one.reader), not one.certain))
    return tuple({one.reader: one for one in reversed(found)}.values())[::-1]


def _misreaders(line: _Line, value: str) -> Iterator[Misreading]:
    yield from _misreaders_of_form(line)
    if line.quote == "'":
        yield from _misreaders_of_single_quotes(value)
    elif line.quote:
        yield from _misreaders_of_double_quotes(value)
    elif not re.fullmatch(_RAW, value):
        yield from _misreaders_without_quotes(value)
    elif line.export and _looks_like_a_list(value):
        yield Misreading(SHELL, _("may take the braces for a list of values"), certain=False)


def _looks_like_a_list(value: str) -> bool:
    """Whether bash may expand braces in it, as it does in what follows ``export``."""
    return "{" in value and "}" in value and ("," in value or ".." in value)


def _misreaders_of_form(line: _Line) -> Iterator[Misreading]:
    """Yield who stumbles over what is around the value."""
    if line.export:
        yield Misreading(DOCKER_RUN, _("takes export for a part of the name"))
    elif line.equals[0] != "=":
        yield Misreading(DOCKER_RUN, _("takes the blank before = for a part of the name"))
    elif line.quote:
        yield Misreading(DOCKER_RUN, _("keeps the quotes as part of the value"))
    elif line.rest or line.equals != "=":
        yield Misreading(DOCKER_RUN, _("takes all that follows the = for the value"))
    if line.rest.strip():
        yield Misreading(SYSTEMD, _("takes the comment for a part of the value"))
    if line.bom:
        yield Misreading(SYSTEMD, _("takes the byte order mark for a part of the name"))
        yield Misreading(SHELL, _("takes the byte order mark for a part of the name"))
    if line.equals != "=":
        yield Misreading(SHELL, _("accepts no blanks around ="))
    if line.carriage_return:
        yield Misreading(SHELL, _("takes the carriage return for a part of the value"))


def _fits_single_quotes(value: str) -> bool:
    # dotenvy's line splitter treats a backslash as an escape even here: after an odd number of
    # them it would not see the closing quote.
    trailing = re.search(_TRAILING_BACKSLASHES, value)
    return "'" not in value and (trailing is None or len(trailing[0]) % 2 == 0)


def _misreaders_of_single_quotes(value: str) -> Iterator[Misreading]:
    if "\\\\" in value:
        yield Misreading(PYTHON, _("takes two backslashes for one"))
    elif re.search(_PYTHON_SUBSTITUTION, value):
        yield Misreading(PYTHON, _("replaces ${…} by the value of a variable"))
    if value.endswith("\\"):
        reason = _("may take the closing quote for an escaped one and read on in the lines below")
        yield Misreading(NODE, reason, certain=False)


def _misreaders_of_double_quotes(value: str) -> Iterator[Misreading]:
    if "$" in value:
        yield Misreading(PYTHON, _("keeps the backslash before a $"))
    if re.search(_ESCAPED_IN_DOUBLE_QUOTES, value):
        yield Misreading(NODE, _('keeps the backslashes before \\, " and $'))
    if "`" in value:
        reason = _("would run what follows a backtick as a command")
        yield Misreading(SHELL, reason, certain=False)


def _misreaders_without_quotes(value: str) -> Iterator[Misreading]:
    """Yield who may stumble over a value that the operator has written without quotes."""
    if "#" in value:
        yield Misreading(NODE, _("takes what follows a # for a comment"))
    if value[0] == "`":
        yield Misreading(NODE, _("takes backticks for quotes"), certain=False)
    if re.search(_SHELL_SYNTAX, value):
        yield Misreading(SHELL, _("takes one of its characters for a command"), certain=False)

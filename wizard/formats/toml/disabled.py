"""Key/value pairs and table headers that are commented out."""

from __future__ import annotations

import re

from wizard.errors import FileRefused
from wizard.formats.toml.statements import Kind, Statement, lex, load

_COMMENT = re.compile(r"([ \t]*)#[ \t]*([^\n]*\n?)")
_WORTH_PARSING = re.compile(r"[ \t]*(?:\[|[^#=]+=)")


def disabled_statement(comment: Statement) -> Statement | None:
    """Return what a comment would be without its ``#``: a pair or a table header, else None.

    The blanks in front of the ``#`` stay, those behind it go. Prose is no valid TOML.
    """
    if comment.kind is not Kind.COMMENT or not (found := _COMMENT.fullmatch(comment.text)):
        return None
    text = found[1] + found[2]
    if not _WORTH_PARSING.match(text):
        return None
    try:
        load(text)
        return next(lex(text, comment.table, comment.line))
    except FileRefused:
        return None

"""A config.toml that can be shown: the same lines, without anything that may be a secret."""

from __future__ import annotations

import re

from wizard.errors import FileRefused
from wizard.formats.config_toml.reference import secret_reference
from wizard.formats.toml.disabled import disabled_statement
from wizard.formats.toml.inline import inline_pairs
from wizard.formats.toml.statements import Kind, Path, Span, Statement, parse
from wizard.formats.toml.tokens import map_strings_and_comments
from wizard.secrets.secret import MASK

_WORD = (
    r"(?:secret|passw|passphrase|token|credential|api[_-]?key|private[_-]?key"
    r"|(?<![a-z])(?:pass|pwd|pw|passwd)(?![a-z]))"
)
_CONFIDENTIAL = re.compile(_WORD, re.IGNORECASE)
_HARMLESS = re.compile(r"[_-](?:path|file|dir|directory)$", re.IGNORECASE)

# All patterns are bounded, so that a long line takes no more than linear time.
_URL_USER = re.compile(r"://[^\s/:]*:")
_ASSIGNMENT = re.compile(
    rf"({_WORD}[a-z_-]{{0,40}}[ \t]{{0,8}}[:=][ \t]{{0,8}})([^\s&;]+)", re.IGNORECASE
)
_ASSIGN = re.compile(r"[:=][ \t]*")
_MULTI_LINE = ("'''", '"""')


def mask_config(text: str) -> str:
    """Return ``text`` with a mask in the place of all that may be a secret, line by line.

    Hidden are values of keys such as ``secret`` or ``password``, passwords in URLs, and both in
    comments. A value that is only a ``${NAME}`` reference stays. Nothing but blank lines is shown
    of a text that is not valid TOML. Never raises.
    """
    try:
        source = parse(text)
    except FileRefused:
        return "\n".join(MASK if line.strip() else line for line in text.split("\n"))
    shown = [source.bom]
    until = ""  # what closes a multi-line string that is commented out and must not be seen
    for statement in source.statements:
        if until and statement.kind is Kind.COMMENT:
            shown.append(f"{statement.indent}# {MASK}{statement.line_end}")
            until = "" if until in statement.text else until
            continue
        shown.append(_masked(statement))
        until = _opened_in_comment(statement)
    return "".join(shown)


def mask_urls(text: str) -> str:
    """Return ``text`` with a mask for the password of a URL in each line.

    The user may be a mail address and the password may hold an unescaped ``@``, so everything up to
    the last one is hidden.
    """
    return "\n".join(map(_mask_url, text.split("\n")))


def _mask_url(line: str) -> str:
    user = _URL_USER.search(line)
    end = line.rfind("@")
    if user is None or end <= user.end():
        return line
    return _mask_span(line, user.end(), end)


def _mask_span(text: str, start: int, end: int) -> str:
    """Mask a part of a text unless it is a reference, perhaps in quotes."""
    if secret_reference(text[start:end].strip(" \t\r'\"")):
        return text
    return text[:start] + MASK + text[end:]


def _opened_in_comment(statement: Statement) -> str:
    """Return what has to close a confidential string that begins in a comment, or nothing."""
    text = statement.text
    if statement.kind is not Kind.COMMENT or not _CONFIDENTIAL.search(text):
        return ""
    return next((quote for quote in _MULTI_LINE if text.count(quote) == 1), "")


def _masked(statement: Statement) -> str:
    text = statement.text
    if statement.kind is Kind.COMMENT:
        return _masked_comment(statement)
    shown = []
    start = 0
    for begin, end in _confidential_spans(statement):
        if begin >= start:  # a table that is hidden as a whole may hold such keys again
            shown += [_without_passwords(text[start:begin]), _hidden(text[begin:end])]
            start = end
    return "".join([*shown, _without_passwords(text[start:])])


def _masked_comment(statement: Statement) -> str:
    pair = disabled_statement(statement)
    if pair is None or pair.kind is not Kind.PAIR:
        return _mask_comment(statement.text)
    source = pair.text[len(pair.indent) :]
    return statement.text.removesuffix(source) + _masked(pair)[len(pair.indent) :]


def _confidential_spans(statement: Statement) -> list[Span]:
    """Return the spans of values that must not be seen, sorted, outer ones first."""
    if statement.kind is not Kind.PAIR:
        return []
    spans = [statement.value_span] if _is_confidential(statement.path) else []
    spans += [p.value_span for p in inline_pairs(statement) if _is_confidential(p.path)]
    return sorted(spans)


def _is_confidential(path: Path) -> bool:
    return any(map(_CONFIDENTIAL.search, path)) and not _HARMLESS.search(path[-1])


def _hidden(source: str) -> str:
    """Return a mask with as many lines as a value has, or the value if it is a reference."""
    quote = _quote(source)
    if secret_reference(source.removeprefix(quote).removesuffix(quote)):
        return source
    line_end = "\r\n" if "\r\n" in source else "\n"
    if "\n" in source:
        return line_end.join([MASK] * (source.count("\n") + 1))
    return f'"{MASK}"' if quote else MASK


def _quote(source: str) -> str:
    """Return the quotation marks around a string, or nothing."""
    if source.startswith(("'''", '"""')):
        return source[:3]
    return source[:1] if source.startswith(("'", '"')) else ""


def _without_passwords(text: str) -> str:
    """Mask passwords inside strings and comments; ``text`` begins outside of both."""
    return map_strings_and_comments(text, _mask_string, _mask_comment)


def _mask_string(source: str) -> str:
    quote = _quote(source)
    inner = mask_urls(source[len(quote) :].removesuffix(quote))
    return quote + _ASSIGNMENT.sub(_mask_assigned, inner) + quote


def _mask_assigned(found: re.Match[str]) -> str:
    return found[0] if secret_reference(found[2]) else found[1] + MASK


def _mask_comment(text: str) -> str:
    text = mask_urls(text)
    word = _CONFIDENTIAL.search(text)
    assign = _ASSIGN.search(text, word.end()) if word else None
    end = len(text.rstrip("\r\n"))
    if assign is None or assign.end() >= end:
        return text
    return _mask_span(text, assign.end(), end)

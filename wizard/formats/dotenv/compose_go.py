"""`.env` as Docker Compose reads it: the Go packages dotenv and template of compose-go/v2 2.16."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from wizard.formats.dotenv.reading import (
    BYTE_ORDER_MARK,
    MAX_EXPANSION,
    NO_ENVIRON,
    WHITE_SPACE,
    Assignment,
    Assignments,
    EnvSyntaxError,
    ExpansionTooLong,
    ParsedEnv,
    RejectedLine,
)
from wizard.text.language import N_, _

_BLANK = r"\t\v\f\r \x85\xa0"
_GAP = re.compile(rf"(?:[{WHITE_SPACE}]+|#[^\n]*)*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_BLANK}]*")
_NAME = re.compile(rf"(?P<name>[{_BLANK}\w.\[\]-]*)(?:(?P<sign>[=:\n])|\Z)")
_BLANKS = re.compile(rf"[{_BLANK}]*")
# Most values need none of these, which are compiled when they are used.
_QUOTED = {quote: rf"(?s){quote}(?P<value>(?:[^{quote}\\]++|\\.)*+){quote}" for quote in ("'", '"')}
_ESCAPE = r"""\\(?:[abcfnrtv$"\\]|0[0-9]{0,3})"""
_PAIR = r"(?s)\\(.)"
_LETTER = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"', "$": "$$",
}  # fmt: skip


def read_compose(text: str, environ: Mapping[str, str] = NO_ENVIRON) -> ParsedEnv:
    """Read the text as Compose does when it runs with ``environ``.

    Compose keeps the last of several definitions, but each of them is listed.
    """
    assignments = Assignments()
    defined: dict[str, str] = {}
    variables = ChainMap(dict(environ), defined)
    start = position = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    try:
        while (start := _skip(_GAP, text, position)) < len(text):
            assignment, position = _assignment(text, start, variables)
            assignments.append(assignment)
            if assignment.defined:
                defined[assignment.name] = assignment.value
    except EnvSyntaxError as unreadable:
        rejection = RejectedLine(start, str(unreadable), unreadable.too_long)
        return ParsedEnv(tuple(assignments), rejection)
    return ParsedEnv(tuple(assignments))


def read_raw(text: str) -> ParsedEnv:
    """Read the text as Compose does for ``format: raw``: every value as it stands.

    https://github.com/docker/cli/blob/master/pkg/kvfile/kvfile.go
    """
    assignments = Assignments()
    start = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    try:
        while start < len(text):
            line_end = text.find("\n", start)
            line = text[start : len(text) if line_end < 0 else line_end]
            assignment = _raw_assignment(line, start)
            if assignment is not None:
                assignments.append(assignment)
            start += len(line) + 1
    except EnvSyntaxError as unreadable:
        rejection = RejectedLine(start, str(unreadable), unreadable.too_long)
        return ParsedEnv(tuple(assignments), rejection)
    return ParsedEnv(tuple(assignments))


def _raw_assignment(line: str, start: int) -> Assignment | None:
    """Return the assignment in a line without its line feed; None for a comment or nothing."""
    name, sign, value = line.removesuffix("\r").lstrip(WHITE_SPACE).partition("=")
    if name.startswith("#") or not (name or sign):
        return None
    if not name:
        raise EnvSyntaxError(_("This is not of the form NAME=value"))
    if re.search(rf"[{WHITE_SPACE}]", name):
        raise EnvSyntaxError(_("The name holds a blank"))
    begin = start + len(line) - len(line.lstrip(WHITE_SPACE))
    name_end = begin + len(name)
    end = name_end + len(sign) + len(value)
    return Assignment(begin, name, name_end, end, value, defined=bool(sign))


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _assignment(text: str, start: int, variables: Mapping[str, str]) -> tuple[Assignment, int]:
    """Parse the assignment at ``start``; return it, and where the next one may begin."""
    name_start = _skip(_EXPORT, text, start)
    head = _NAME.match(text, name_start)
    if head is None or name_start == len(text):
        raise EnvSyntaxError(_("This is not of the form NAME=value"))
    # Without any sign up to the end of the file, the rest is the value of a nameless variable.
    name = head["name"].rstrip(WHITE_SPACE) if head["sign"] else ""
    name_end = name_start + len(name)
    if " " in name:
        raise EnvSyntaxError(_("The name holds a blank"))
    value_start = _skip(_BLANKS, text, head.end() if head["sign"] else name_start)
    if head["sign"] != "\n":
        return _value(text, start, name, name_end, value_start, variables)
    defined = name in variables
    value = variables.get(name, "")
    return Assignment(start, name, name_end, name_end, value, defined=defined), value_start


def _value(
    text: str, start: int, name: str, name_end: int, position: int, variables: Mapping[str, str]
) -> tuple[Assignment, int]:
    if text.startswith(("'", '"'), position):
        quoted = re.compile(_QUOTED[text[position]]).match(text, position)
        if quoted is None:
            raise EnvSyntaxError(_("The quote is never closed"))
        value = _unquote(quoted, variables)
        end = quoted.end()
        return Assignment(start, name, name_end, end, value, quote_end=end), end
    line_end = text.find("\n", position)
    line_end = len(text) if line_end < 0 else line_end
    source = text[position:line_end].partition(" #")[0].rstrip(WHITE_SPACE)
    value = interpolate(source, variables)
    return Assignment(start, name, name_end, position + len(source), value), line_end


def _unquote(quoted: re.Match[str], variables: Mapping[str, str]) -> str:
    quote = quoted[0][0]
    source = quoted["value"]
    value = re.sub(_PAIR, lambda pair: quote if pair[1] == quote else pair[0], source)
    return value if quote == "'" else interpolate(re.sub(_ESCAPE, _unescape, value), variables)


def _unescape(escape: re.Match[str]) -> str:
    code = escape[0][1:]
    if not code.startswith("0"):
        return _LETTER.get(code, escape[0])
    digits = code[1:]
    # \0 needs three octal digits below 256; otherwise only the zero is dropped.
    octal = re.fullmatch("[0-3][0-7]{2}", digits)
    return chr(int(digits, 8)) if octal else "\\" + digits


# Go ignores case by Unicode's rules, so that the long s and the Kelvin sign count as letters.
_VARIABLE_NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
_REFERENCE = (
    rf"\$(?:(?P<dollar>\$)|(?P<bare>{_VARIABLE_NAME})"
    rf"|\{{(?P<name>{_VARIABLE_NAME})(?:(?P<plain>\}})|(?P<operator>:?[-+?]))|(?P<invalid>\{{))"
)
_MOST_NESTED = 32


def interpolate(template: str, variables: Mapping[str, str]) -> str:
    """Replace all references to variables; raise `EnvSyntaxError` where Compose gives up."""
    if "$" not in template:
        return template
    parts = []
    position = expanded = 0
    line_end = -1
    pattern = re.compile(_REFERENCE)
    while found := pattern.search(template, position):
        parts.append(template[position : found.start()])
        position = found.end()
        if found["invalid"]:
            raise EnvSyntaxError(_(_INVALID))
        if found["operator"]:
            if line_end < position:
                line_end = template.find("\n", position)
                line_end = len(template) if line_end < 0 else line_end
            end = _closing_brace(template, found.start(), position, line_end)
            operand = template[position:end]
            value = _operate(found["name"], found["operator"], operand, variables)
            position = end + 1
        else:
            value = "$" if found["dollar"] else variables.get(found["bare"] or found["name"], "")
        parts.append(value)
        expanded += len(value)
        if expanded > MAX_EXPANSION:
            raise ExpansionTooLong
    return "".join((*parts, template[position:]))


_INVALID = N_("Here ${…} does not hold a name, or is never closed")


def _closing_brace(template: str, start: int, operand: int, line_end: int) -> int:
    """Return where the pair of braces closes that follows ``start``, else the line's last brace.

    This counts as compose-go does, which skips the character after an opening brace.
    """
    depth, skipped = 0, -1
    for brace in re.compile("[{}]").finditer(template, start, line_end):
        position = brace.start()
        if position == skipped:
            continue
        if brace[0] == "{":
            depth, skipped = depth + 1, position + 1
            if depth > _MOST_NESTED:
                raise EnvSyntaxError(_("Here ${…} is nested too deeply"))
        else:
            depth -= 1
            if depth == 0:
                return position
    last = template.rfind("}", operand, line_end)
    if last < 0:
        raise EnvSyntaxError(_(_INVALID))
    return last


def _operate(name: str, operator: str, operand: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name)
    counts = value is not None and (value != "" or not operator.startswith(":"))
    match operator[-1]:
        case "-" if not counts:
            return interpolate(operand, variables)
        case "+" if counts:
            return interpolate(operand, variables)
        case "?" if not counts:
            raise EnvSyntaxError(_("Here ${…?…} asks for a variable that is not set"))
    return value or ""

"""`.env` as Docker Compose reads it: the Go packages dotenv and template of compose-go/v2 2.16."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping

from wizard.formats.dotenv.reading import (
    BYTE_ORDER_MARK,
    NO_ENVIRON,
    WHITE_SPACE,
    Assignment,
    EnvSyntaxError,
    ParsedEnv,
    RejectedLine,
)
from wizard.text.language import _

_BLANK = r"\t\v\f\r \x85\xa0"
_GAP = re.compile(rf"(?:[{WHITE_SPACE}]+|#[^\n]*)*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_BLANK}]*")
_NAME = re.compile(rf"(?P<name>[{_BLANK}\w.\[\]-]*)(?:(?P<sign>[=:\n])|\Z)")
_BLANKS = re.compile(rf"[{_BLANK}]*")
# Most values need none of these, which are compiled when they are used.
_QUOTED = r"""(?s)(?P<quote>['"])(?P<value>(?:(?!(?P=quote))[^\\]|\\.)*)(?P=quote)"""
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
    assignments: list[Assignment] = []
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
        return ParsedEnv(tuple(assignments), RejectedLine(start, str(unreadable)))
    except RecursionError:
        return ParsedEnv(
            tuple(assignments), RejectedLine(start, _("Here ${…} is nested too deeply"))
        )
    return ParsedEnv(tuple(assignments))


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
        quoted = re.compile(_QUOTED).match(text, position)
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
    quote = quoted["quote"]
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
_EXPRESSION = rf"({_VARIABLE_NAME})(?:(:?[-+?])(.*))?"
_REFERENCE = rf"\$(?:\$|(?P<bare>{_VARIABLE_NAME})|\{{(?:{_EXPRESSION}\}}|(?P<invalid>)))"


def interpolate(template: str, variables: Mapping[str, str]) -> str:
    """Replace all references to variables; raise `EnvSyntaxError` where Compose gives up."""
    if "$" not in template:
        return template
    return re.sub(_REFERENCE, lambda reference: _replacement(reference, variables), template)


def _replacement(reference: re.Match[str], variables: Mapping[str, str]) -> str:
    if reference[0] == "$$":
        return "$"
    if reference["bare"]:
        return variables.get(reference["bare"], "")
    if reference["invalid"] is not None:
        raise EnvSyntaxError(_("Here ${…} does not hold a name, or is never closed"))
    # The match runs to the last brace of the line; what follows the first pair is more text.
    source = reference[0]
    end = _closing_brace(source)
    expression = re.fullmatch(_EXPRESSION, source[2:end])
    assert expression is not None  # noqa: S101 - a shorter match of the same pattern
    name, operator, operand = expression.groups()
    if operator is None:
        return variables.get(name, "")
    value = _operate(name, operator, operand, variables)
    return value + interpolate(source[end + 1 :], variables)


def _closing_brace(source: str) -> int:
    """Return where the first pair of braces closes, else the last character.

    This counts as compose-go does, which skips the character after an opening brace.
    """
    depth = position = 0
    while position < len(source):
        if source[position] == "}":
            depth -= 1
            if depth == 0:
                return position
        elif source[position] == "{":
            depth += 1
            position += 1
        position += 1
    return len(source) - 1


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

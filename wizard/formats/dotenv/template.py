"""What Docker Compose puts in place of ``$NAME`` and ``${…}``: compose-go/v2/template 2.16."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wizard.formats.dotenv.reading import Unreadable
from wizard.text.language import _

# Go ignores the case by Unicode's rules, which make the long s and the Kelvin sign letters, too.
_NAME = "[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*"
_EXPRESSION = rf"({_NAME})(?:(:?[-+?])(.*))?"
_REFERENCE = re.compile(rf"\$(?:\$|(?P<bare>{_NAME})|\{{(?:{_EXPRESSION}\}}|(?P<invalid>)))")
_BRACED = re.compile(_EXPRESSION)


def substitute(template: str, variables: Mapping[str, str]) -> str:
    """Replace all references to variables; raises Unreadable where Compose gives up."""
    return _REFERENCE.sub(lambda reference: _replacement(reference, variables), template)


def _replacement(reference: re.Match[str], variables: Mapping[str, str]) -> str:
    if reference[0] == "$$":
        return "$"
    if reference["bare"]:
        return variables.get(reference["bare"], "")
    if reference["invalid"] is not None:
        raise Unreadable(_("Here ${…} does not hold a name, or is never closed"))
    # The match runs to the last brace of the line; what is behind the first pair is more text.
    source = reference[0]
    end = _closing_brace(source)
    expression = _BRACED.fullmatch(source, 2, end)
    assert expression is not None  # noqa: S101 - a shorter match of the same pattern
    name, operator, operand = expression.groups()
    if operator is None:
        return variables.get(name, "")
    value = _operate(name, operator, operand, variables)
    return value + substitute(source[end + 1 :], variables)


def _closing_brace(source: str) -> int:
    """Return where the first pair of braces closes, else the last character.

    As compose-go counts, which passes over the character behind an opening brace.
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
            return substitute(operand, variables)
        case "+" if counts:
            return substitute(operand, variables)
        case "?" if not counts:
            raise Unreadable(_("Here ${…?…} asks for a variable that is not set"))
    return value or ""

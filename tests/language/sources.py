"""The sentences in the program's sources: those that are marked, and those that should be."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Formatter

PACKAGE = Path(__file__).parents[2] / "wizard"

_MARKS = {"_", "N_"}
_WORDS = re.compile(r"[^\W\d_]{2,}[,;:]? +[^\W\d_]|[^\W\d_]{2}[.!?…:]$|^[A-Z][a-z]{2,}$")
"""Two words in a row, or one that ends like a sentence or begins like a label."""
_FIELD = re.compile(r"\{(\w+)")
_HOLE = re.compile(r"\{[^{}]*\}")
_BUILT_IN_ERRORS = {
    name
    for name, each in vars(builtins).items()
    if isinstance(each, type) and issubclass(each, Exception)
}


@dataclass(frozen=True, slots=True)
class Literal:
    """A piece of text in a source file; ``path`` is relative to the package."""

    path: str
    line: int
    text: str
    values: frozenset[str] | None = None
    """The names of the values that a marked text gets; None if they are given elsewhere."""


@dataclass(slots=True)
class Found:
    """The texts in the sources."""

    marked: list[Literal] = field(default_factory=list)
    unmarked: list[Literal] = field(default_factory=list)
    """Text that looks like something for the operator, but is not marked."""
    unusable: list[Literal] = field(default_factory=list)
    """Marks around what no catalogue can contain, such as an f-string."""


@cache
def sentences(package: Path = PACKAGE) -> Found:
    """Return what is marked, and what looks as if it should be."""
    found = Found()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        Reader(name, found).visit(ast.parse(path.read_text("utf-8"), name))
    return found


def placeholders(text: str) -> set[str]:
    """Return the names in braces; ``{{`` and the like count as in :meth:`str.format`."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:  # a lone brace: this text is shown as it is
        return set(_FIELD.findall(text))


class Reader(ast.NodeVisitor):
    """Sorts the texts of one file."""

    def __init__(self, path: str, found: Found) -> None:
        self._path = path
        self._found = found

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # else it is a docstring
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        names = [each.id for each in node.targets if isinstance(each, ast.Name)]
        if names != ["__all__"]:
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.visit(node.test)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _MARKS and node.args:
            self._take(node, translates=name == "_")
            rest: list[ast.AST] = [*node.args[1:], *node.keywords]
        elif name in _BUILT_IN_ERRORS or self._is_pattern(node.func):
            return
        else:
            rest = list(ast.iter_child_nodes(node))
        for each in rest:
            self.visit(each)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _is_sentence(node.value):
            self._found.unmarked.append(Literal(self._path, node.lineno, node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = "".join(_piece(part) for part in node.values)
        if _is_sentence(text):
            self._found.unmarked.append(Literal(self._path, node.lineno, text))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not isinstance(node.slice, ast.Constant):  # else it is a key
            self.visit(node.slice)

    def _take(self, node: ast.Call, *, translates: bool) -> None:
        match node.args[0]:
            case ast.Constant(value=str(text)):
                values = frozenset(each.arg or "**" for each in node.keywords)
                known = translates and "**" not in values
                literal = Literal(self._path, node.lineno, text, values if known else None)
                self._found.marked.append(literal)
            case ast.Name() | ast.Attribute() | ast.Subscript() | ast.Call() if translates:
                self.visit(node.args[0])
            case other:
                literal = Literal(self._path, node.lineno, ast.unparse(other))
                self._found.unusable.append(literal)

    @staticmethod
    def _is_pattern(function: ast.expr) -> bool:
        return (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "re"
        )


def _is_sentence(text: str) -> bool:
    """Whether ``text`` has words of its own, and reads like something for the operator."""
    own = _HOLE.sub("", text)
    return bool(re.search(r"[^\W\d_]{2}", own) and _WORDS.search(_HOLE.sub("xx", text)))


def _piece(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"

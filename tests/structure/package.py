"""How a package is built: its files, its rooms, and which imports which.

A room is a subpackage or module directly below the package. The package's own ``__init__`` and
``__main__`` are files and can import rooms, but are no rooms themselves. Everything is read from
the source, so that a package can be measured that could not be imported.
"""

from __future__ import annotations

import ast
import graphlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path

Imports = Mapping[str, AbstractSet[str]]
"""What each file or room imports of the others; everything has an entry."""
ENTRY_POINTS = {"__init__", "__main__"}


@dataclass(frozen=True)
class File:
    """A module, by its full name; a package goes by the name without ``__init__``."""

    name: str
    is_package: bool
    lines: int
    tree: ast.Module

    @property
    def is_empty_package(self) -> bool:
        """Whether it is an ``__init__`` with at most a docstring."""
        docstring = ast.get_docstring(self.tree, clean=False) is not None
        return self.is_package and len(self.tree.body) == int(docstring)

    @property
    def room(self) -> str:
        """Return the room it is in, or which of the package's own two files it is."""
        return self.name.partition(".")[2].partition(".")[0] or "__init__"

    def functions(self) -> Iterator[tuple[str, int]]:
        """Yield every function and method, and its lines from ``def`` to the end."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                last = node.end_lineno or node.lineno
                yield f"{self.name}:{node.lineno} {node.name}", last - node.lineno + 1

    def public_names(self) -> set[str]:
        """Return the names that it defines at its top level for others.

        Without constants: ``TITLE`` is understood together with its module, as ``review.TITLE``.
        """
        found: set[str] = set()
        waiting: list[ast.AST] = [*self.tree.body]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif not isinstance(node, ast.expr) or isinstance(node, ast.Tuple | ast.Starred):
                waiting.extend(ast.iter_child_nodes(node))
        return {name for name in found if not name.startswith("_") and not name.isupper()}

    def imported(self) -> Iterator[str]:
        """Yield the full name of all that is imported, wherever the statement is."""
        here = self.name if self.is_package else self.name.rpartition(".")[0]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = resolve_name("." * node.level + (node.module or ""), here)
                yield from (f"{module}.{alias.name}" for alias in node.names)


class Package:
    """A package in a directory of its name."""

    def __init__(self, directory: Path) -> None:
        self.files = {
            file.name: file
            for path in sorted(directory.rglob("*.py"))
            for file in [_file(path, directory.parent)]
        }

    @property
    def rooms(self) -> set[str]:
        return {file.room for file in self.files.values()} - ENTRY_POINTS

    @cached_property
    def file_imports(self) -> Imports:
        return {
            name: {found for what in file.imported() if (found := self._file_of(what))} - {name}
            for name, file in self.files.items()
        }

    def _file_of(self, imported: str) -> str | None:
        """Return the file that is imported, or that has the imported name in it."""
        parent = imported.rpartition(".")[0]
        return next((name for name in (imported, parent) if name in self.files), None)

    @cached_property
    def room_imports(self) -> Imports:
        found: dict[str, set[str]] = {file.room: set() for file in self.files.values()}
        for importer, imported in self.pairs_across_rooms:
            found[self.files[importer].room].add(self.files[imported].room)
        return found

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Return who imports whom."""
        return [(name, other) for name, others in self.file_imports.items() for other in others]

    @property
    def pairs_across_rooms(self) -> list[tuple[str, str]]:
        return [(a, b) for a, b in self.pairs if self.files[a].room != self.files[b].room]

    def functions_over(self, lines: int) -> dict[str, int]:
        """Return the functions that are longer, the longest one first."""
        found = [(n, what) for what, n in self.functions.items() if n > lines]
        return {what: n for n, what in sorted(found, reverse=True)}

    @cached_property
    def functions(self) -> dict[str, int]:
        return dict(pair for file in self.files.values() for pair in file.functions())

    @property
    def names_defined_twice(self) -> dict[str, list[str]]:
        """Return the public names that more than one file defines, and these files."""
        found = defaultdict(list)
        for file in self.files.values():
            for name in file.public_names():
                found[name].append(file.name)
        return {name: files for name, files in sorted(found.items()) if len(files) > 1}


def _file(path: Path, above: Path) -> File:
    parts = path.relative_to(above).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    source = path.read_text(encoding="utf-8")
    name = ".".join(parts[:-1] if is_package else parts)
    return File(name, is_package, len(source.splitlines()), ast.parse(source, path))


def cycles(imports: Imports) -> list[list[str]]:
    """Return each group whose members all import each other, directly or through others."""
    reached = {start: _reachable(start, imports) for start in imports}
    groups = {
        frozenset(other for other in reached[start] if start in reached[other])
        for start in imports
        if start in reached[start]
    }
    return sorted(sorted(group) for group in groups)


def _reachable(start: str, imports: Imports) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = imports[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def longest_chain(imports: Imports) -> list[str]:
    """Return the longest way from one to the next by imports; raise CycleError if it is endless."""
    longest: dict[str, list[str]] = {}
    for node in graphlib.TopologicalSorter(imports).static_order():
        below = [longest[other] for other in sorted(imports[node])]
        longest[node] = [node, *max(below, key=len, default=[])]
    return max(longest.values(), key=len, default=[])

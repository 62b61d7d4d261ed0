"""The pinned dependencies are those of the project, all of them, each with its hashes."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.conftest import PACKAGING, ROOT

PINNED = (PACKAGING / "constraints.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ALWAYS = PROJECT["project"]["dependencies"]
DEMO = PROJECT["project"]["optional-dependencies"]["demo"]


def pins(text: str) -> dict[str, str]:
    """Return name → version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def needed(requirements: list[str], seen: set[str]) -> Iterator[Requirement]:
    """Yield what these packages need on this machine, and what those need, and so on."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        yield requirement
        if requirement.name not in seen:
            seen.add(requirement.name)
            yield from needed(distribution(requirement.name).requires or [], seen)


@pytest.mark.parametrize(
    ("requirements", "file"),
    [
        ([*ALWAYS, *DEMO], "constraints.txt"),
        (PROJECT["build-system"]["requires"], "tools.txt"),
    ],
)
def test_pins_are_what_the_project_asks_for(requirements: list[str], file: str) -> None:
    pinned = pins((PACKAGING / file).read_text(encoding="utf-8"))
    for text in requirements:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), text


def test_nothing_that_is_needed_here_is_missing_from_the_pins() -> None:
    pinned = pins(PINNED)
    for requirement in needed([*ALWAYS, *DEMO], set()):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), requirement


def imports(package: Path) -> Iterator[tuple[str, Path]]:
    """Yield the top-level name of each absolute import, in functions too, and who has it."""
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], path


def test_everything_that_is_imported_is_a_declared_dependency() -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in [*ALWAYS, *DEMO]}
    installed = packages_distributions()
    third_party = {
        (name, path)
        for name, path in imports(ROOT / "wizard")
        if name not in sys.stdlib_module_names and name != "wizard"
    }
    assert {name for name, _ in third_party} >= {"textual", "keyring", "yaml"}
    undeclared = [
        f"{name} in {path.relative_to(ROOT)}"
        for name, path in sorted(third_party)
        if declared.isdisjoint(map(canonicalize_name, installed[name]))
    ]
    assert undeclared == []
    used = {canonicalize_name(each) for name, _ in third_party for each in installed[name]}
    assert declared <= used, "a dependency that nothing imports"


def test_every_dependency_has_a_floor_and_a_ceiling() -> None:
    """A next major version may change what is used, and only tests against it would tell."""
    for text in [*ALWAYS, *DEMO]:
        operators = {each.operator for each in Requirement(text).specifier}
        assert operators == {">=", "<"}, text


@pytest.mark.parametrize("file", ["constraints.txt", "tools.txt"])
def test_every_pin_has_hashes(file: str) -> None:
    text = (PACKAGING / file).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[\w])", text)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry

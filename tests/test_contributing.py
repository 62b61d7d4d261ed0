"""What CONTRIBUTING.md refers to exists, and its rooms are those of the package."""

from __future__ import annotations

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOMS = re.findall(r"^(\w+)  +\S", TEXT.partition("## The house")[2].partition("```\n\n")[0], re.M)
NAMED = sorted(set(re.findall(r"`([\w./]+\.(?:py|toml)|[\w./]+/)`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_every_path_exists(name: str) -> None:
    places = [PROJECT, PROJECT / "wizard", *(PROJECT / "wizard").iterdir()]
    places += [PROJECT / "tests" / "live_test", PROJECT / "tests" / "secrets"]
    if "CODE" not in name and name != "config.toml":
        assert any((place / name).exists() for place in places), name


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ([\w.]+)", TEXT))))
def test_every_command_exists(module: str) -> None:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin)
    main = path.with_name("__main__.py") if path.name == "__init__.py" else path
    assert '__name__ == "__main__"' in main.read_text(encoding="utf-8")


def test_rooms_are_those_of_the_package_in_the_order_of_the_contract() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [
        contract["layers"]
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    assert layers == ROOMS
    readme = (PROJECT / "README.md").read_text(encoding="utf-8").partition("## Architecture")[2]
    listed = [row.removesuffix(".py") for row in re.findall(r"^\| `([\w.]+)`", readme, re.M)]
    assert listed == ROOMS


def test_the_glossary_stays_short() -> None:
    glossary = TEXT.partition("## Glossary")[2]
    assert len(re.findall(r"^\| (?!word|--)", glossary, re.M)) <= 15

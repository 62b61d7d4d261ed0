"""What SECURITY.md refers to exists."""

from __future__ import annotations

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from wizard.cli import parser

PROJECT = Path(__file__).parents[1]
TEXT = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w./]*)`", TEXT))))
def test_every_path_exists(name: str) -> None:
    assert (PROJECT / name).exists()


def test_every_command_and_flag_exists() -> None:
    source = Path(parser.__file__).read_text(encoding="utf-8")
    commands = re.findall(r"`(?:smtp-wizard )?(show|check|test|exec|undo|set)\b", TEXT)
    assert {"show", "check", "test", "exec", "undo"} <= set(commands)
    for word in {*commands, *re.findall(r"--[a-z][a-z-]+", TEXT)}:
        assert f'"{word}"' in source, word
    for module in re.findall(r"python -m ([\w.]+)", TEXT):
        assert find_spec(module) is not None


@pytest.mark.parametrize("readme", ["README.md", "README.de.md"])
def test_readme_refers_to_it(readme: str) -> None:
    assert "(SECURITY.md)" in (PROJECT / readme).read_text(encoding="utf-8")


def test_it_is_in_the_source_distribution() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "SECURITY.md" in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]

"""The German README has the commands, tables and codes of the English one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scenarios.german import german
from wizard.text.language import _

PROJECT = Path(__file__).parents[1]
GERMAN = (PROJECT / "README.de.md").read_text("utf-8")
ENGLISH = (PROJECT / "README.md").read_text("utf-8").partition("\n## Architecture\n")[0]
REFERENCE = ("Looking over a configuration", "Diagnoses")
"""Parts with tables of codes, which the German one only refers to."""


def commands(text: str) -> list[str]:
    """Return what is typed, without the comments behind it."""
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = (line for block in blocks for line in block.splitlines())
    return [re.sub(r" +# .*", "", line) for line in lines]


def without_reference(text: str) -> str:
    for title in REFERENCE:
        text = re.sub(rf"\n## {title}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)
    return text


def rows(text: str) -> list[list[str]]:
    """Return what is the same in every language of each row of a table."""
    lines = [line for line in without_reference(text).splitlines() if line.startswith("| ")]
    return [re.findall(r"`[^`]+`|\b\d+\b|\b(?:true|false)\b", line) for line in lines]


def test_commands_are_the_same() -> None:
    assert commands(GERMAN) == commands(ENGLISH)
    assert len(commands(GERMAN)) > 20


def test_the_two_commands_are_marked_alike() -> None:
    for name in ("demo", "tests"):
        marked = rf"<!-- {name} -->\n```sh\n.*\n```"
        ours, theirs = re.search(marked, GERMAN), re.search(marked, ENGLISH)
        assert ours is not None
        assert theirs is not None
        assert ours[0] == theirs[0]


def test_tables_have_the_same_codes_and_numbers() -> None:
    ours = [row for row in rows(GERMAN) if row]
    theirs = [row for row in rows(re.sub(r"^\| !.*|^\| What .*", "", ENGLISH, flags=re.M)) if row]
    assert ours == theirs
    assert len(ours) > 15


def test_no_flag_and_no_file_is_left_out() -> None:
    english = without_reference(ENGLISH)
    for pattern in (
        r"--[a-z][a-z-]+",
        r"`\.?[\w./~-]+\.(?:toml|env)`",
        r"\bdocs/[\w.]+",
        r"`~[^`]+`",
    ):
        assert set(re.findall(pattern, GERMAN)) == set(re.findall(pattern, english)), pattern


def test_parts_stand_in_the_same_order() -> None:
    def levels(text: str) -> list[str]:
        return [
            found[0] for found in re.finditer(r"(?m)^#+(?= )", re.sub(r"(?m)^# .* #.*", "", text))
        ]

    outside = re.sub(r"```sh\n.*?```", "", GERMAN, flags=re.DOTALL)
    theirs = re.sub(r"```sh\n.*?```", "", ENGLISH, flags=re.DOTALL)
    # Behind what both have, the licence follows; before it, the architecture is English alone.
    assert levels(outside) == [*levels(theirs), "##"]


@pytest.mark.parametrize("readme", ["README.md", "README.de.md"])
def test_what_is_referred_to_exists(readme: str) -> None:
    text = (PROJECT / readme).read_text("utf-8")
    titles = re.findall(r"(?m)^#+ (.*)", (PROJECT / "README.md").read_text("utf-8"))
    anchors = {title.lower().replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        path, _sharp, anchor = target.partition("#")
        assert (PROJECT / path).is_file()
        assert not anchor or anchor in anchors


def test_the_words_are_those_of_the_program() -> None:
    with german():
        for command in ("back", "quit"):
            assert f"`{_(command)}`" in GERMAN
        for word in ("Secret", "User", "Check"):
            assert _(word) in GERMAN

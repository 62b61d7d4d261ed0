"""The German README has the commands, tables and codes of the English one and of its pages."""

from __future__ import annotations

import re
from pathlib import Path

from tests.scenarios.german import german
from tests.test_readme import MANUAL, README, page
from wizard.text.language import _

PROJECT = Path(__file__).parents[1]
GERMAN = (PROJECT / "README.de.md").read_text("utf-8")
FIRST = README.partition("\n## Architecture\n")[0]
REFERENCE = ("findings", "diagnoses")
"""Pages with tables of codes, which the German README only refers to."""
ENGLISH = "\n".join([FIRST, *(page(name) for name in MANUAL if name not in REFERENCE)])


def commands(text: str) -> list[str]:
    """Return what is typed, without the comments behind it."""
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = (line for block in blocks for line in block.splitlines())
    return [re.sub(r" +# .*", "", line) for line in lines]


def rows(text: str) -> list[list[str]]:
    """Return what is the same in every language of each row of a table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
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
    english = ENGLISH + page("findings").partition("\n| ")[0]
    for pattern in (
        r"--[a-z][a-z-]+",
        r"`\.?[\w./~-]+\.(?:toml|env)`",
        r"\bdocs/[\w.]+",
        r"`~[^`]+`",
    ):
        assert set(re.findall(pattern, GERMAN)) == set(re.findall(pattern, english)), pattern


def test_parts_stand_in_the_same_order() -> None:
    """A page is a part of the German README, and its licence is the last one."""

    def parts(text: str) -> int:
        return len(re.findall(r"(?m)^## ", re.sub(r"```sh\n.*?```", "", text, flags=re.DOTALL)))

    assert parts(GERMAN) == parts(FIRST) + len(MANUAL) + 1


def test_the_words_are_those_of_the_program() -> None:
    with german():
        assert f"`{_('quit')}`" in GERMAN
        for word in ("Mail server", "Password", "Sender"):
            assert _(word) in GERMAN

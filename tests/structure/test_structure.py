"""The package stays small enough to be understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.structure.package import Package, cycles, longest_chain

MOST_ROOMS = 16
"""As many as a reader can keep in mind, in the order of the layers contract."""
MOST_FLOORS = 12
"""From ``__main__`` down; a change below may be felt on every floor above."""
MOST_FILES = 185
"""A file needs a job of its own; what has none belongs in one that is already there."""
LONGEST_FUNCTION = 60
"""In lines, from ``def`` to the end: what an editor shows at once."""
EXPECTED_TWICE = {
    "run",  # each command's entry
    "main",  # of the program, and of the child that asks the keyring
}


@pytest.fixture(scope="module")
def wizard() -> Package:
    return Package(Path(__file__).parents[2] / "wizard")


def test_there_are_few_rooms(wizard: Package) -> None:
    assert len(wizard.rooms) <= MOST_ROOMS, ", ".join(sorted(wizard.rooms))


def test_there_are_few_floors(wizard: Package) -> None:
    chain = longest_chain(wizard.room_imports)
    assert len(chain) <= MOST_FLOORS, " → ".join(chain)


def test_there_are_few_files(wizard: Package) -> None:
    assert len(wizard.files) <= MOST_FILES, f"{len(wizard.files)} files"


def test_imports_never_run_in_a_circle(wizard: Package) -> None:
    assert cycles(wizard.file_imports) == []
    assert cycles(wizard.room_imports) == []


def test_a_public_name_means_one_thing(wizard: Package) -> None:
    found = wizard.names_defined_twice
    twice = {name: files for name, files in found.items() if name not in EXPECTED_TWICE}
    assert not twice, f"{twice}"


def test_a_function_can_be_seen_at_once(wizard: Package) -> None:
    longer = wizard.functions_over(LONGEST_FUNCTION)
    assert not longer, f"{longer}"

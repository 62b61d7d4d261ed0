"""Every command takes time in proportion to the length of config.toml, `.env` and compose file.

What a command costs is counted in calls of functions, in Python and in C, and compared with what it
costs for a shorter file: no clock is asked.
"""

from __future__ import annotations

import gc
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, cli  # noqa: F401  (a fixture)
from tests.growth.compose_inputs import COMPOSE_INPUTS
from tests.growth.inputs import INPUTS, Files

COMMANDS = (
    ("check", "--json"),
    ("set", "--user", "you@example.org", "--secret-stdin", "--no-test", "--dry-run"),
)
MOST = 1.2
"""What the cost may grow with: the length to the power of this."""


def run_all(run: Cli) -> None:
    for command in COMMANDS:
        run(*command, stdin=b"new pass'word")


def count_for(make: Callable[[int], Files], length: int) -> int:
    """Return the number with which the input has about this length, or a bit less."""
    count = 1
    while sum(map(len, make(2 * count).values())) <= length:
        count *= 2
    return count


class Calls:
    """Counts the calls of functions, in Python and in C."""

    def __init__(self) -> None:
        self.number = 0

    def _count(self, frame: object, event: str, argument: object) -> None:
        if event in ("call", "c_call"):
            self.number += 1

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count until the context ends; no garbage of other tests is collected meanwhile."""
        gc.disable()
        sys.setprofile(self._count)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()


def calls(run: Cli) -> int:
    """Return how many calls the commands need, as in a process that has just begun."""
    forget()
    found = Calls()
    with found.counting():
        run_all(run)
    return found.number


def forget() -> None:
    """Empty every cache: what is in it would cost nothing."""
    re.purge()
    for name, module in tuple(sys.modules.items()):
        if name.startswith("wizard."):
            for each in tuple(vars(module).values()):
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


def exponent(run: Cli, make: Callable[[int], Files], length: int) -> float:
    """Return the power of the length with which the cost grows.

    It is that of the differences between three inputs, each twice the one before, and so does not
    depend on what a command costs whatever the files say. The shortest input of all comes before
    them: what has to be loaded for it counts for none.
    """
    write(run.directory, make(1))
    run_all(run)
    costs = []
    count = count_for(make, length)
    for times in (1, 2, 4):
        write(run.directory, make(times * count))
        costs.append(calls(run))
    first, second, third = costs
    if third - first < first / 20:  # as good as nothing
        return 0.0
    return math.log2((third - second) / max(second - first, first / 1000))


def write(directory: Path, files: Files) -> None:
    for name, text in files.items():
        with (directory / name).open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)


@pytest.fixture(autouse=True)
def alone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Do without git, Compose and a keyring.

    How often the commands look whether a child has ended is up to the child.
    """
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "executable", "/nonexistent")


@pytest.mark.parametrize("name", INPUTS)
def test_calls_grow_no_faster_than_the_file(cli: Cli, name: str) -> None:  # noqa: F811
    assert exponent(cli, INPUTS[name], 6_000) <= MOST


@pytest.mark.parametrize("name", COMPOSE_INPUTS)
def test_calls_grow_no_faster_than_the_compose_file(cli: Cli, name: str) -> None:  # noqa: F811
    assert exponent(cli, COMPOSE_INPUTS[name], 6_000) <= MOST

"""Whatever is swapped, and whenever: root reads and writes nothing outside of the directory.

Each race is run twice: with a swap before every single system call, which leaves out no moment, and
against an attacker that swaps by itself. The same attacker succeeds against a naive writer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

from tests.attacks.attacker import ATTACKER, Swaps, exchange, flipping, pouncing
from tests.attacks.conftest import ROOTS_SECRET, Site, give, give_link, write
from tests.files.accounts import needs_root
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import WizardError
from wizard.files.reading import read_file
from wizard.files.replacing import replace_file
from wizard.saving.lock import lock_config
from wizard.saving.plan import make_plan
from wizard.secrets.secret import Replace, Secret

pytestmark = needs_root

TRIES = 1000


@dataclass(frozen=True)
class Race:
    """Root writes ``path`` while ``first`` and ``second`` are swapped; all are in ``home``.

    ``second`` is a link to ``target``. The attacker sees what happens in ``watched``. ``naive`` is
    what a writer does that checks first, and then goes by the path.
    """

    path: str
    first: str
    second: str
    target: str
    watched: str
    naive: Callable[[Path], None]

    def prepare(self, site: Site) -> None:
        """Create what is swapped, unless root creates it."""
        if self.first == self.path:
            give(write(site.home / self.first, "SMTP_SECRET=theirs\n", 0o600))
        give_link(site.home / self.second, self.target)

    def reset(self, site: Site) -> None:
        """Leave nothing of the try before."""
        if (site.home / self.first).is_symlink():
            exchange(site.home / self.first, site.home / self.second)
        if self.first == "new":
            for name in ("new", "trap"):
                remove(site.home / name)
            self.prepare(site)
        elif self.first == "configs":
            with contextlib.suppress(FileNotFoundError):
                (site.home / self.path).unlink()


def remove(path: Path) -> None:
    """Remove what the attacker may be swapping meanwhile, without following a link."""
    while os.path.lexists(path):
        with contextlib.suppress(OSError):
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)


def replace_naively(path: Path) -> None:
    if not path.parent.is_symlink():
        temporary = path.with_name("temporary")
        temporary.write_text("SMTP_SECRET=written\n")
        temporary.replace(path)


def overwrite_naively(path: Path) -> None:
    if not path.is_symlink():
        path.write_text("SMTP_SECRET=written\n")


def create_naively(path: Path) -> None:
    for directory in (path.parent.parent, path.parent):
        directory.mkdir()
        os.chown(directory, ATTACKER, ATTACKER)
    path.write_text("SMTP_SECRET=written\n")


RACES = {
    "directory": Race("configs/.env", "configs", "trap", "private", "configs", replace_naively),
    "file": Race(
        "configs/.env", "configs/.env", "configs/trap", "private/secret", "configs",
        overwrite_naively,
    ),
    "new directory": Race("new/deep/config.toml", "new", "trap", "private", ".", create_naively),
}  # fmt: skip


@pytest.fixture(params=RACES)
def race(request: pytest.FixtureRequest, site: Site) -> Race:
    race = RACES[request.param]
    race = replace(race, target=str(site.root / race.target))
    race.prepare(site)
    return race


def save(path: Path) -> None:
    """Write a file as root; refusing that is as good."""
    with contextlib.suppress(WizardError):
        before = read_file(path)
        assert before.data != ROOTS_SECRET.encode(), "root's secret was read"
        replace_file(before, b"SMTP_SECRET=written\n")


def set_everything(path: Path) -> None:
    """Do what ``set`` does in the directory of ``path``, with lock and journal."""
    config = path.with_name("config.toml")
    with contextlib.suppress(WizardError), lock_config(config, 0):
        current = load_config(find_layout(config), environ={})
        assert ROOTS_SECRET not in current.env_text, "root's secret was read"
        user = "a@example.org" if "b@" in current.config_text else "b@example.org"
        draft = Draft(user, "mail.example.org", secret=Replace(Secret("oldpass")))
        make_plan(current, draft).apply()


class Calls:
    """Counts the system calls of what is run inside, and does something before some of them."""

    def __init__(self, before: Callable[[], object], *numbers: int) -> None:
        self.number = 0
        self._before = before
        self._numbers = numbers

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__module__ == "posix":
            self.number += 1
            if self.number in self._numbers:
                self._before()


def test_a_swap_before_any_system_call_changes_nothing_of_root(race: Race, site: Site) -> None:
    """It is swapped back before one of the calls that follow, or not at all."""
    first, second = site.home / race.first, site.home / race.second
    roots_own = site.roots_own()
    tries, reached, at = 0, 1, 1
    while at <= reached:
        reached = 0
        for later in (*range(1, 14), 1000):
            with Calls(lambda: exchange(first, second), at, at + later) as calls:
                save(site.home / race.path)
            assert site.roots_own() == roots_own, (at, later)
            race.reset(site)
            reached = max(reached, calls.number)
            tries += 1
        at += 1
    assert tries >= TRIES


@pytest.fixture(params=["flipping", "pouncing"])
def attack(request: pytest.FixtureRequest, race: Race, site: Site) -> AbstractContextManager[Swaps]:
    first, second = site.home / race.first, site.home / race.second
    if request.param == "flipping":
        return flipping(first, second)
    return pouncing(site.home / race.watched, first, second)


@pytest.mark.parametrize(("action", "wanted"), [(save, TRIES), (set_everything, TRIES // 10)])
def test_swapping_changes_nothing_of_root(
    race: Race,
    site: Site,
    attack: AbstractContextManager[Swaps],
    action: Callable[[Path], None],
    wanted: int,
) -> None:
    roots_own = site.roots_own()
    tries = 0
    with attack as swaps:
        while tries < wanted or swaps.number < wanted // 10:
            action(site.home / race.path)
            assert site.roots_own() == roots_own
            race.reset(site)
            tries += 1


def test_the_same_attacker_succeeds_against_a_naive_writer(
    race: Race, site: Site, attack: AbstractContextManager[Swaps]
) -> None:
    roots_own = site.roots_own()
    with attack:
        while site.roots_own() == roots_own:
            with contextlib.suppress(OSError):
                race.naive(site.home / race.path)
            if site.roots_own() == roots_own:
                race.reset(site)


def test_a_new_directory_is_never_swapped_for_one_of_root(site: Site) -> None:
    """It is in the attacker's directory, which is enough to move it about, or to remove it."""
    new, trap = site.home / "new", site.home / "trap"
    reached, at = 1, 1
    while at <= reached:
        trap.mkdir(0o700)
        descriptor = os.open(trap, os.O_RDONLY)
        with Calls(lambda: exchange(new, trap), at) as calls:
            save(new / "deep" / "config.toml")
        assert os.fstat(descriptor).st_uid == 0, at
        assert os.listdir(descriptor) == [], at  # noqa: PTH208
        os.close(descriptor)
        for path in (new, trap):
            remove(path)
        reached, at = calls.number, at + 1
    assert at > 40

"""A site where root edits files in the directory of another account, beside files of its own."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.attacker import ATTACKER
from tests.cli.conftest import CONFIG

ROOTS_SECRET = "ROOTS_SECRET=hunter22\n"


@dataclass(frozen=True)
class Site:
    """``private`` is root's alone, ``notes`` everybody may read, ``home`` is the attacker's."""

    root: Path

    @property
    def private(self) -> Path:
        return self.root / "private"

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def configs(self) -> Path:
        return self.home / "configs"

    def create(self) -> None:
        self.root.chmod(0o755)
        self.private.mkdir(0o700)
        write(self.private / "secret", ROOTS_SECRET, 0o600)
        write(self.private / "config.toml", CONFIG, 0o600)
        write(self.notes, "SMTP_SECRET=\n", 0o644)
        for directory in (self.home, self.configs):
            directory.mkdir(0o755)
            give(directory)
        give(write(self.configs / "config.toml", CONFIG, 0o644))

    def roots_own(self) -> object:
        """Return all that must stay as it is."""
        found = []
        for path in (self.root, self.notes, self.private, *sorted(self.private.iterdir())):
            status = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found.append((path, status.st_mode, status.st_uid, status.st_gid, content))
        return found


def write(path: Path, text: str, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def give(path: Path) -> Path:
    """Give a file, directory or link to the attacker."""
    os.chown(path, ATTACKER, ATTACKER, follow_symlinks=False)
    return path


def give_link(path: Path, target: Path | str) -> Path:
    """Create a link that belongs to the attacker."""
    path.symlink_to(target)
    return give(path)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return a site where writing is fast, and keep journals there, too."""
    memory = Path("/dev/shm")  # noqa: S108
    directory = memory if os.access(memory, os.W_OK) else None
    site = Site(Path(tempfile.mkdtemp(prefix="smtp-wizard-attack-", dir=directory)))
    site.create()
    monkeypatch.setenv("XDG_STATE_HOME", str(site.root / "state"))
    monkeypatch.delenv("SUDO_UID", raising=False)
    yield site
    shutil.rmtree(site.root)

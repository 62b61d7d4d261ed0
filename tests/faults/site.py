"""The directories in which one scenario is played again and again, always at the same paths."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults import keyring
from tests.faults.state import State, read_state, without_slots

_TOLD = re.compile(rb'"(?:phase|in_place|keep)": [^,}]*')
"""What tells one record of the journal from another."""
_CHANCE = re.compile(r"[0-9a-f]{12,}")
_NO_KEYRING = """\
#!/bin/sh
cat > /dev/null
echo '{"code": "keyring-no-bus"}'
"""


@dataclass(frozen=True, slots=True)
class Site:
    """``root/site`` has the operator's files, ``root/state`` what the wizard keeps for itself."""

    root: Path
    has_keyring: bool = False
    _kept_items: dict[str, tuple[keyring.Item, ...]] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.root / "site"

    @property
    def records(self) -> Path:
        return self.root / "state"

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which a process keeps to these directories."""
        return {
            "HOME": str(self.root / "home"),
            "XDG_STATE_HOME": str(self.records),
            "TMPDIR": str(self.root / "tmp"),
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "C",  # else argparse looks for translations, in a hundred calls
        }

    @property
    def no_keyring(self) -> Path:
        """A program that answers as the keyring's child process does where there is none.

        Python itself would take a quarter of a second for it, at every point.
        """
        return self.root / "no-keyring"

    def create(self) -> None:
        for name in ("site", "state", "home", "tmp", "saved"):
            (self.root / name).mkdir()
        self.no_keyring.write_text(_NO_KEYRING)
        self.no_keyring.chmod(0o755)

    def empty(self) -> None:
        for directory in (self.files, self.records, self.root / "tmp"):
            shutil.rmtree(directory)
            directory.mkdir()
        if self.has_keyring:
            keyring.put_items(())

    def keep(self, name: str) -> None:
        """Remember everything under ``name``."""
        kept = self.root / "saved" / name
        shutil.rmtree(kept, ignore_errors=True)
        for directory in (self.files, self.records):
            _copy(directory, kept / directory.name)
        if self.has_keyring:
            self._kept_items[name] = keyring.settled_items()

    def bring_back(self, name: str) -> None:
        """Make everything as it was when it was kept."""
        self.empty()
        for directory in (self.files, self.records):
            shutil.rmtree(directory)
            _copy(self.root / "saved" / name / directory.name, directory)
        if self.has_keyring:
            keyring.put_items(self._kept_items[name])

    def state(self) -> State:
        """Return the operator's files, and the keyring."""
        found = read_state(self.files).items()
        items = keyring.as_state(keyring.settled_items()) if self.has_keyring else {}
        return without_slots({**{name: entry for name, entry in found if not _ours(name)}, **items})

    def final_state(self) -> State:
        """Return the operator's files, and what is left anywhere of an unfinished write."""
        records = {
            **{name: entry for name, entry in read_state(self.files).items() if _ours(name)},
            **{f"state/{name}": entry for name, entry in read_state(self.records).items()},
        }
        unfinished = {
            name: entry for name, entry in records.items() if name.endswith((".tmp", ".unfinished"))
        }
        return {**self.state(), **unfinished}

    def everything(self) -> State:
        """Return all files, without what differs by chance or by the time of the day."""
        found = dict(self.state())
        for name, entry in read_state(self.records).items():
            told = b" ".join(_TOLD.findall(entry.content))
            found[f"state/{name}"] = replace(entry, content=told)
        return {_CHANCE.sub("*", name): entry for name, entry in found.items()}


def _ours(name: str) -> bool:
    """Whether it belongs to the journal, which is beside config.toml where there is no home."""
    return ".smtp-wizard" in Path(name).parts


def _copy(source: Path, target: Path) -> None:
    """Copy a directory with all that belongs to it: owners, attributes, hard links."""
    target.parent.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)

"""The directories in which one scenario is played over and over, always at the same paths."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults import keyring
from tests.faults.state import State, read_state, without_slots
from wizard.files.writing import LOCK_FILE

_PROGRESS = re.compile(rb'"(?:phase|in_place|keep)": [^,}]*')
"""What distinguishes one record of the journal from another."""
_RANDOM = re.compile(r"[0-9a-f]{12,}")
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
        """The variables that make a process stay in these directories."""
        return {
            "HOME": str(self.root / "home"),
            "XDG_STATE_HOME": str(self.records),
            "TMPDIR": str(self.root / "tmp"),
            "LC_ALL": "C.UTF-8",
            "LANGUAGE": "C",  # else argparse looks for translations, by a hundred calls
        }

    @property
    def no_keyring(self) -> Path:
        """A program that answers like the keyring's child process where there is no keyring.

        Python would take a quarter of a second to do so, at every point.
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
        """Keep a copy of everything under ``name``."""
        kept = self.root / "saved" / name
        shutil.rmtree(kept, ignore_errors=True)
        for directory in (self.files, self.records):
            _copy(directory, kept / directory.name)
        if self.has_keyring:
            self._kept_items[name] = keyring.settled_items()

    def bring_back(self, name: str) -> None:
        """Put everything back as it was kept under ``name``."""
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
        return without_slots(
            {**{name: entry for name, entry in found if not _is_record(name)}, **items}
        )

    def final_state(self) -> State:
        """Return the operator's files, and what is left anywhere of an unfinished write."""
        records = {
            **{name: entry for name, entry in read_state(self.files).items() if _is_record(name)},
            **{f"state/{name}": entry for name, entry in read_state(self.records).items()},
        }
        unfinished = {
            name: entry
            for name, entry in records.items()
            if name.endswith((".tmp", ".unfinished", ".lock"))
        }
        return {**self.state(), **unfinished}

    def everything(self) -> State:
        """Return all files, without what differs at random or with the time."""
        found = dict(self.state())
        for name, entry in read_state(self.records).items():
            progress = b" ".join(_PROGRESS.findall(entry.content))
            found[f"state/{name}"] = replace(entry, content=progress)
        return {_RANDOM.sub("*", name): entry for name, entry in found.items()}


def _is_record(name: str) -> bool:
    """Whether it is the wizard's own: a lock, or a journal beside config.toml without a home."""
    return ".smtp-wizard" in Path(name).parts or Path(name).name == LOCK_FILE


def _copy(source: Path, target: Path) -> None:
    """Copy a directory with everything: owners, attributes, hard links."""
    target.parent.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)

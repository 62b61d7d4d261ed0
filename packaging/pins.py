"""The pinned dependencies, as ``constraints.txt`` has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_ENTRY = re.compile(r"([\w.-]+)==([^\s;]+)(?: ; ([^\\\n]+))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^ +# (?:via |  )([\w.-]+)", re.MULTILINE)


class Pin(NamedTuple):
    """One package that the program needs."""

    name: str
    version: str
    condition: str
    """Where it is needed, as a marker; empty: everywhere."""
    hashes: list[str]
    """SHA-256 of every file that may be installed."""
    needed_by: list[str]

    @property
    def requirement(self) -> str:
        """Return what pip installs, whatever the machine is."""
        return " ".join(
            (f"{self.name}=={self.version}", *(f"--hash=sha256:{h}" for h in self.hashes))
        )


def read(path: Path) -> list[Pin]:
    """Return the pins in the order of their names."""
    found = []
    for entry in re.split(r"\n(?=\w)", path.read_text("utf-8")):
        if head := _ENTRY.match(entry):
            name, version, condition = head.groups(default="")
            found.append(
                Pin(name, version, condition.strip(), _HASH.findall(entry), _VIA.findall(entry))
            )
    return found

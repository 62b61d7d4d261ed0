"""Linux namespaces of a test: its own processes and mounts, and what else it asks for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

_FILES = {"mount": "mnt", "net": "net", "pid": "pid_for_children", "uts": "uts"}
"""Option of unshare and nsenter → file in ``/proc/PID/ns``."""
_SCRIPT = """
mount -t proc proc /proc
{prepare}
echo ready
exec cat
"""


class Namespaces:
    """A context manager: a shell holds them, and ends with the test that holds its standard input.

    Whatever still runs in them ends with that shell, and what is mounted goes.
    """

    def __init__(self, prepare: str, *arguments: str | Path, kinds: Sequence[str] = ()) -> None:
        """``prepare`` is a shell script that gets the arguments.

        ``kinds`` are those besides ``mount`` and ``pid``, as unshare names them.
        """
        self._script = _SCRIPT.format(prepare=prepare)
        self._arguments = arguments
        self._kinds = ("mount", "pid", *kinds)
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Make them, and run the script in there; skip the test where that is refused."""
        if os.geteuid() != 0:
            pytest.skip("only root can make namespaces")
        for command in ("unshare", "nsenter"):
            if shutil.which(command) is None:
                pytest.skip(f"{command} is not installed")
        self._holder = subprocess.Popen(
            ["unshare", *(f"--{kind}" for kind in self._kinds), "--fork", "--kill-child",
             "sh", "-ec", self._script, "sh", *self._arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            said = self._holder.communicate()[1].decode()
            pytest.skip(f"namespaces are not permitted here: {said.strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs in them."""
        if self._holder is not None:
            self._holder.communicate()
            self._holder = None

    def link(self, kind: str) -> Path:
        """Return the file that stands for the namespace of a kind."""
        assert self._holder is not None
        return Path(f"/proc/{self._holder.pid}/ns/{_FILES[kind]}")

    def command(self, *command: str | Path) -> list[str]:
        """Return the command that runs ``command`` in them."""
        entered = (f"--{kind}={self.link(kind)}" for kind in self._kinds)
        return ["nsenter", *entered, *map(str, command)]

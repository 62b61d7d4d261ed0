"""A small Debian of a release, made by debootstrap: nothing of it is left on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest

_DEFAULT_MIRROR = "http://deb.debian.org/debian"
_LEFT_OUT_OF_MINBASE = "bash-completion,man-db,zsh"
"""What reads completions and man pages."""

# In memory, where dpkg need not wait for a disk. It ends with this shell, and this shell with the
# test that holds its standard input.
_SCRIPT = """
set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
echo ready
exec cat
"""
_MOUNT = """
mount -t proc proc "$1/proc"
mount --bind /dev/pts "$1/dev/pts"
"""
_ENVIRON = ("HOME=/root", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM=xterm-256color", "DEBIAN_FRONTEND=noninteractive")  # fmt: skip


class Debian:
    """A context manager; ``root`` cannot be seen but from within."""

    def __init__(self, release: str, root: Path) -> None:
        self._release = release
        self._root = root
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            pytest.skip("only root can make a Debian of its own")
        for command in ("debootstrap", "unshare", "nsenter"):
            if shutil.which(command) is None:
                pytest.skip(f"{command} is not installed")
        self._root.mkdir()
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", _SCRIPT, "sh", self._root],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            self._bootstrap()
        except BaseException:
            self.close()
            raise
        return self

    def _bootstrap(self) -> None:
        assert self._holder is not None
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            said = self._holder.communicate()[1].decode()
            pytest.skip(f"namespaces are not permitted here: {said.strip()}")
        done = subprocess.run(
            [*self._inside(), "debootstrap", "--variant=minbase",
             f"--include={_LEFT_OUT_OF_MINBASE}", self._release, str(self._root), mirror()],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        output = done.stdout + done.stderr
        if "Failed getting release file" in output:
            pytest.skip(f"the mirror is out of reach: {mirror()}")
        assert done.returncode == 0, output[-3000:]
        subprocess.run([*self._inside(), "sh", "-ec", _MOUNT, "sh", str(self._root)], check=True)

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs there, and all its files."""
        if self._holder is not None:
            self._holder.communicate()
            self._holder = None

    def _inside(self) -> list[str]:
        assert self._holder is not None
        spaces = f"/proc/{self._holder.pid}/ns"
        return ["nsenter", f"--mount={spaces}/mnt", f"--pid={spaces}/pid_for_children"]

    def command(self, script: str) -> list[str]:
        """Return the command that runs a shell's script there, as root."""
        return [*self._inside(), "chroot", str(self._root), "env", "-i", *_ENVIRON,
                "sh", "-ec", script]  # fmt: skip

    def run(self, script: str, stdin: bytes = b"") -> str:
        """Run a script that must not fail; return what it prints."""
        done = subprocess.run(self.command(script), input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    def write(self, path: str, data: bytes) -> None:
        """Write a file there; its directory is made."""
        self.run(f"mkdir -p \"$(dirname '{path}')\"; cat > '{path}'", data)


def mirror() -> str:
    """Return the mirror that this machine takes Debian's packages from."""
    if shutil.which("apt-get") is None:
        return _DEFAULT_MIRROR
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return next(iter(done.stdout.split()), _DEFAULT_MIRROR)

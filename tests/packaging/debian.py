"""A small Debian of a release, made by debootstrap: nothing of it is left on this machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.namespaces import Namespaces

_DEFAULT_MIRROR = "http://deb.debian.org/debian"
_LEFT_OUT_OF_MINBASE = "bash-completion,man-db,zsh"
"""What reads completions and man pages."""

# In memory, where dpkg need not wait for a disk.
_PREPARE = 'mount -t tmpfs -o mode=755 tmpfs "$1"'
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
        self._namespaces = Namespaces(_PREPARE, root)

    def __enter__(self) -> Self:
        if shutil.which("debootstrap") is None:
            pytest.skip("debootstrap is not installed")
        self._root.mkdir()
        self._namespaces.__enter__()
        try:
            self._bootstrap()
        except BaseException:
            self._namespaces.close()
            raise
        return self

    def _bootstrap(self) -> None:
        done = subprocess.run(
            self._namespaces.command(
                "debootstrap", "--variant=minbase", f"--include={_LEFT_OUT_OF_MINBASE}",
                self._release, self._root, mirror(),
            ),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        output = done.stdout + done.stderr
        if "Failed getting release file" in output:
            pytest.skip(f"the mirror is out of reach: {mirror()}")
        assert done.returncode == 0, output[-3000:]
        subprocess.run(self._namespaces.command("sh", "-ec", _MOUNT, "sh", self._root), check=True)

    def __exit__(self, *_: object) -> None:
        self._namespaces.close()

    def command(self, script: str) -> list[str]:
        """Return the command that runs a shell's script there, as root."""
        inside = ("chroot", str(self._root), "env", "-i", *_ENVIRON, "sh", "-ec", script)
        return self._namespaces.command(*inside)

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

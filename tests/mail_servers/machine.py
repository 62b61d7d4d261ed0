"""A small machine within this one, with its own names and a network that leads nowhere.

Programs run in it unmodified: they find mail servers by name, at the ports 465 and 587. It shares
the files of this machine, except for the programs of :meth:`Machine.install`, which run on a
temporary copy. Whatever still runs in it ends with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
import trustme

from tests.mail_servers import names
from tests.namespaces import Namespaces

_PROJECT = Path(__file__).parents[2]
HOST = "mail.peer.example"
OTHER_NAMES = ("localhost",)
UNNAMED = "relay.peer.example"
"""Another name of the machine that no certificate is for."""
STRANGER = "192.0.2.7"
"""An address of the machine that has no name."""

_PREPARE = """
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
printf '%s\n' "$2" > "$1/hosts"
mount --bind "$1/hosts" /etc/hosts
: > "$1/resolv.conf"
[ ! -e /etc/resolv.conf ] || mount --bind "$1/resolv.conf" /etc/resolv.conf
ip link set lo up
ip address add "$3" dev lo
hostname peer
"""
_INSTALL = """
set -e
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" || exit 77
cd "$1/root"
cp "$1/hosts" etc/hosts
: > etc/resolv.conf
for archive in "$2"/*.deb; do
  dpkg-deb --fsys-tarfile "$archive" | tar --extract --keep-directory-symlink
done
mount -t tmpfs tmpfs dev
mkdir dev/shm
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 444 dev/random c 1 8
mknod -m 444 dev/urandom c 1 9
ln -s /proc/self/fd dev/fd
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
"""

_WAIT = """
import socket, sys, time
end = time.monotonic() + 30
for port in map(int, sys.argv[1:]):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            break
        except ConnectionRefusedError:
            if time.monotonic() > end:
                sys.exit(f"nothing listens on port {port}")
            time.sleep(0.05)
"""


class Machine:
    """A context manager. ``trusted`` is the PEM file of the authority of its servers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "machine"
        self.root = self._directory / "root"
        self.trusted = directory / "authority.pem"
        self._authority = trustme.CA()
        hosts = f"127.0.0.1 localhost {HOST} {UNNAMED}"
        self._namespaces = Namespaces(
            _PREPARE, self._directory, hosts, STRANGER, kinds=("net", "uts")
        )
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        if shutil.which("ip") is None:
            pytest.skip("ip is not installed")
        self._directory.mkdir(parents=True)
        self._authority.cert_pem.write_to_path(str(self.trusted))
        self._namespaces.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs in the machine."""
        self._namespaces.close()
        while self._started:
            self._started.pop().wait()

    def command(self, *command: str | Path) -> list[str]:
        """Return the command that runs ``command`` in the machine."""
        return self._namespaces.command(*command)

    @property
    def pid_namespace(self) -> Path:
        """What ``/proc/PID/ns/pid`` links to for each process of the machine."""
        return self._namespaces.link("pid").readlink()

    def environ(self, **more: str) -> dict[str, str]:
        """Return an environment in which programs trust the machine's authority alone."""
        trust = {"SSL_CERT_FILE": str(self.trusted), "SSL_CERT_DIR": str(self._directory)}
        return {**os.environ, **trust, **more}

    def run(
        self, *command: str | Path, environ: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*command), env=environ or self.environ(), capture_output=True, text=True,
            timeout=timeout, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def run_python(self, program: str, *arguments: str) -> None:
        """Run a program in Python to its end; it must not fail."""
        done = self.run(sys.executable, "-c", program, *arguments)
        assert done.returncode == 0, done.stderr

    def install(self, packages: Path, users: Sequence[str] = ()) -> None:
        """Unpack packages into a copy of this machine's files, with the accounts they need.

        The copy is at ``root``, for :meth:`write` and :meth:`within`.
        """
        done = self.run("sh", "-c", _INSTALL, "sh", self._directory, packages)
        if done.returncode == 77:
            pytest.skip(f"a copy of this machine's files cannot be made: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        for number, user in enumerate(users, 61000):
            self.append("/etc/passwd", f"{user}:x:{number}:{number}::/:/usr/sbin/nologin\n")
            self.append("/etc/group", f"{user}:x:{number}:\n")

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file into the copy."""
        self._put(f'mkdir -p "$(dirname "$1")"; cat > "$1"; chmod {mode:o} "$1"', path, text)

    def append(self, path: str, text: str) -> None:
        """Append to a file in the copy."""
        self._put('cat >> "$1"', path, text)

    def _put(self, script: str, path: str, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        command = ["chroot", str(self.root), "sh", "-c", script, "sh", path]
        subprocess.run(self.command(*command), input=data, check=True, timeout=60)

    def within(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the copy of this machine's files."""
        return self.run("chroot", self.root, *command, environ={"PATH": os.environ["PATH"]})

    def succeed(self, *command: str) -> str:
        """Run a command on the copy that must not fail; return what it prints."""
        done = self.within(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait_for(self, *ports: int) -> None:
        """Wait until something listens on each port of the machine."""
        self.run_python(_WAIT, *map(str, ports))

    def start(self, *command: str | Path, environ: Mapping[str, str] | None = None) -> None:
        """Start a program that runs until the machine ends; its output joins that of the test."""
        self._started.append(
            subprocess.Popen(
                self.command(*command), env=environ or self.environ(), stdin=subprocess.DEVNULL
            )
        )

    def serve_names(self) -> None:
        """Answer what is asked of the DNS: without a resolv.conf that is port 53 of loopback."""
        self.start(
            sys.executable, "-m", names.__name__, environ=self.environ(PYTHONPATH=str(_PROJECT))
        )
        self.wait_for(names.PORT)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds, long enough that only a defect makes it fail."""
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, f"it takes too long until {what}"
            time.sleep(0.1)

    def issue_certificate(
        self, directory: str, *, expired: bool = False, rsa: bool = False
    ) -> None:
        """Put a certificate for the machine's names and its key into the copy."""
        chain, key = self.certificate(expired=expired, rsa=rsa)
        self.write(f"{directory}/chain.pem", chain)
        self.write(f"{directory}/key.pem", key, 0o600)

    def certificate(self, *, expired: bool = False, rsa: bool = False) -> tuple[bytes, bytes]:
        """Return a new certificate for the machine's names, with its chain, and its key, in PEM."""
        end = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1) if expired else None
        kind = trustme.KeyType.RSA if rsa else trustme.KeyType.ECDSA
        leaf = self._authority.issue_cert(HOST, *OTHER_NAMES, not_after=end, key_type=kind)
        chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
        return chain, leaf.private_key_pem.bytes()

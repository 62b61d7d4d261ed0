"""A machine of its own with Docker on it, as real as one that an operator has.

The daemon has the network, the mounts and the processes of :class:`Machine`: it meets no other
daemon, and what it has made ends with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from tests.compose import image
from tests.compose.plugin import docker_config
from tests.mail_servers.machine import Machine
from tests.peers.reference import Answer

_CGROUPS = Path("/sys/fs/cgroup")
# Everything is on the machine's own tmpfs; a longer path would be too long for containerd's socket.
_START = """
mount -t tmpfs tmpfs /run
exec > "$2" 2>&1
exec dockerd --data-root /run/docker/data --exec-root /run/docker/exec --pidfile /run/docker.pid \
  -H unix:///run/docker.sock --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$1"
"""
TAGS = ("1.5.0", "1.0.0", "0.6.0", "latest")
"""The versions of the server that the image passes for."""


class DockerHost:
    """A context manager. The image is made when a container is first wanted."""

    def __init__(self, directory: Path) -> None:
        self.machine = Machine(directory)
        self._directory = directory
        self.cgroup = f"smtp-wizard-{os.getpid()}-{id(self)}"
        self._has_image = False

    def __enter__(self) -> Self:
        if shutil.which("dockerd") is None:
            pytest.skip("dockerd is not installed")
        self.machine.__enter__()
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        self.environ = {
            "PATH": os.environ["PATH"], "HOME": str(self._directory), "LANG": "C.UTF-8",
            "DOCKER_CONFIG": str(docker_config()),
        }  # fmt: skip
        log = self._directory / "dockerd.log"
        self.machine.start("sh", "-c", _START, "sh", f"/{self.cgroup}", log)
        try:
            self.machine.wait_until(
                lambda: not self.run("docker", "version").returncode, "dockerd answers"
            )
        except AssertionError as error:
            pytest.fail(f"{error}:\n{log.read_text()[-3000:]}")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the containers, the daemon and the machine, and remove the containers' cgroups."""
        self.machine.close()
        for path in sorted(_CGROUPS.glob(f"**/{self.cgroup}"), reverse=True):
            for directory, _, _ in os.walk(path, topdown=False):
                Path(directory).rmdir()

    def run(
        self, *command: str | Path, directory: Path | None = None, stdin: bytes = b"",
        environ: Mapping[str, str] | None = None, seconds: float = 120,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run a command on the machine; ``environ`` is what it has besides."""
        inside = self.machine.command("env", f"--chdir={directory or '/'}", *command)
        done = subprocess.run(
            inside, input=stdin, env={**self.environ, **(environ or {})}, capture_output=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        return subprocess.CompletedProcess(
            command, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def succeed(
        self, *command: str | Path, directory: Path | None = None, stdin: bytes = b"",
        environ: Mapping[str, str] | None = None, seconds: float = 120,
    ) -> str:  # fmt: skip
        """Run a command that must not fail; return what it prints."""
        done = self.run(
            *command, directory=directory, stdin=stdin, environ=environ, seconds=seconds
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self, directory: Path, environ: Mapping[str, str] | None = None) -> None:
        """Start the services of a directory, or what has changed of them."""
        self.make_image()
        self.succeed(
            "docker", "compose", "up", "--detach", "--quiet-pull", "--timeout", "0",
            directory=directory, environ=environ,
        )  # fmt: skip

    def down(self, directory: Path) -> None:
        """Remove the containers and the network of a directory."""
        self.succeed("docker", "compose", "down", "--timeout", "0", directory=directory)

    def read(self, directory: Path, service: str, *recipient: str, how: str = "text") -> Answer:
        """Ask the reader in a running container; it sends a mail to the recipient, if any."""
        command = ("exec", "--no-TTY", service, image.READER, how, image.CONFIG, *recipient)
        return Answer.parse(self.succeed("docker", "compose", *command, directory=directory))

    def inspect(self, directory: Path, service: str) -> Any:
        """Return what the daemon says about the container of a service."""
        number = self.succeed("docker", "compose", "ps", "-q", service, directory=directory)
        return json.loads(self.succeed("docker", "inspect", number.strip()))[0]

    def make_image(self) -> None:
        """Make the image, where that has not been done."""
        if self._has_image:
            return
        first, *others = (f"{image.NAME}:{tag}" for tag in TAGS)
        packed = image.archive(self.machine.trusted)
        self.succeed(
            "docker", "import", "--change", 'CMD ["/bin/sleep", "infinity"]', "-", first,
            stdin=packed,
        )  # fmt: skip
        for other in others:
            self.succeed("docker", "tag", first, other)
        self._has_image = True

"""A private D-Bus session with a real gnome-keyring, or with one that misbehaves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
PASSPHRASE = b"keyring passphrase"


@dataclass
class SessionBus:
    """The bus; its home directory is its own, and so is every keyring in it."""

    directory: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a login with this bus and nothing else."""
        return {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.directory}/bus",
            **self.without_address,
        }

    @property
    def without_address(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "XDG_RUNTIME_DIR": str(self.directory),
            "LANG": "C.UTF-8",
        }

    def keyring(self, *, unlocked: bool) -> subprocess.Popen[bytes]:
        """Start gnome-keyring; return it once it owns its name on the bus."""
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        if unlocked:
            command.append("--unlock")
        log = (self.directory / "keyring.log").open("wb")
        daemon = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=self.environ
        )
        log.close()
        self.daemons.append(daemon)
        assert daemon.stdin is not None
        daemon.stdin.write(PASSPHRASE if unlocked else b"")
        daemon.stdin.close()
        self._await_owner()
        return daemon

    def service(self, command: str) -> None:
        """Make the bus start ``command`` when somebody asks for the keyring."""
        text = f"[D-BUS Service]\nName=org.freedesktop.secrets\nExec={command}\n"
        (self.directory / "services" / "secrets.service").write_text(text)
        self._ask_bus("ReloadConfig")

    def labels(self) -> list[str]:
        """Return the labels of all entries, as a password manager shows them."""
        code = (
            "import secretstorage\n"
            "c = secretstorage.dbus_init()\n"
            "for i in secretstorage.get_collection_by_alias(c, 'default').get_all_items():\n"
            "    print(i.get_label())"
        )
        return self.python(code).splitlines()

    def python(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environ, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        return done.stdout

    def _await_owner(self) -> None:
        for _ in range(400):
            done = self._ask_bus("NameHasOwner", "string:org.freedesktop.secrets")
            if "boolean true" in done:
                return
            time.sleep(0.05)
        pytest.fail("gnome-keyring did not start: " + (self.directory / "keyring.log").read_text())

    def _ask_bus(self, method: str, *arguments: str) -> str:
        command = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"]
        done = subprocess.run(
            [*command, f"org.freedesktop.DBus.{method}", *arguments],
            env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    def end(self) -> None:
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGCONT)
            daemon.kill()
            daemon.wait()


@contextlib.contextmanager
def session_bus() -> Iterator[SessionBus]:
    """Start a bus; skip the test if its program is missing."""
    for program in ("dbus-daemon", "dbus-send"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    # Not pytest's directory: a socket's path has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="bus-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / "services").mkdir()
        (directory / "bus.conf").write_text(_CONFIG.format(directory=directory))
        bus = SessionBus(directory)
        daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--print-address=1", f"--config-file={directory}/bus.conf"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=bus.without_address,
        )
        bus.daemons.append(daemon)
        assert daemon.stdout is not None
        try:
            assert daemon.stdout.readline().startswith(b"unix:")
            yield bus
        finally:
            bus.end()
            daemon.stdout.close()

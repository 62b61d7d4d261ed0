"""Five hosts that Ansible manages, each with its own configuration, and all that they log."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lock import locked

ANSIBLE = "ansible-core==2.19.14"
DOCS = Path(__file__).parents[2] / "docs" / "ansible"
HOSTS = tuple(f"host{number}" for number in range(1, 6))
_RECAP = re.compile(r"^(host\d) .*?changed=(\d+) .*?failed=(\d+)", re.MULTILINE)
_PROGRAM = """\
#!/bin/sh
# Stands for the installed program; notes what others on the machine could see of it.
{{ printf '%s\\n' "$0" "$@"; env; }} >> {log}
SSL_CERT_FILE={trust} exec {python} -m wizard "$@"
"""
_PLAY = """\
- hosts: all
  gather_facts: false
  roles: [smtp_wizard]
"""
_SSHD = """\
ListenAddress 127.0.0.1:{port}
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
PidFile none
Subsystem sftp internal-sftp
SetEnv XDG_STATE_HOME={state}
"""


def ansible_playbook() -> Path:
    """Return Ansible in an environment of its own, which stays for the next run."""
    place = Path(__file__).parent / "target" / ANSIBLE
    program = place / "bin" / "ansible-playbook"
    with locked(place.parent):
        if not program.exists():
            venv.create(place, with_pip=True)
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", ANSIBLE]
            done = subprocess.run(pip, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(place)
                pytest.skip(f"Ansible cannot be had: {done.stderr.strip().splitlines()[-1]}")
    return program


@dataclass(frozen=True)
class Run:
    """What Ansible said about all hosts."""

    code: int
    output: str
    changed: Mapping[str, int]
    failed: Mapping[str, int]


@dataclass
class Fleet:
    """The hosts, and the values that all of them get."""

    directory: Path
    playbook: Path
    inventory: dict[str, dict[str, Any]]
    values: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.directory / "seen-by-others.log"

    def config(self, host: str) -> Path:
        return self.directory / host / "config.toml"

    def env_file(self, host: str) -> Path:
        return self.directory / host / ".env"

    def run(self, *arguments: str, **values: Any) -> Run:
        """Play the role with these values, talkatively."""
        (self.directory / "site.yml").write_text(_PLAY)
        given = {f"smtp_wizard_{name}": value for name, value in (self.values | values).items()}
        hosts = {name: facts | given for name, facts in self.inventory.items()}
        inventory = self.directory / "inventory.json"  # which is YAML, too
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        done = subprocess.run(
            [str(self.playbook), "-i", str(inventory), "-vvv", "--diff", *arguments, "site.yml"],
            cwd=self.directory, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        inventory.unlink()
        rows = _RECAP.findall(done.stdout)
        return Run(
            done.returncode,
            done.stdout + done.stderr,
            {host: int(changed) for host, changed, _ in rows},
            {host: int(failed) for host, _, failed in rows},
        )

    def files_with(self, needle: str) -> set[Path]:
        """Return every file below the directory, of all hosts and of Ansible, that holds a text."""
        return {
            path.relative_to(self.directory)
            for path in self.directory.rglob("*")
            if path.is_file() and needle.encode() in path.read_bytes()
        }


def fleet(directory: Path, connection: str, trust: Path, stack: ExitStack) -> Fleet:
    """Return five hosts that are reached by ``connection``: ``local``, or ``ssh`` to real sshds."""
    program = directory / "smtp-wizard"
    program.write_text(
        _PROGRAM.format(log=directory / "seen-by-others.log", trust=trust, python=sys.executable)
    )
    program.chmod(0o755)
    facts: dict[str, Any] = {
        "ansible_connection": connection,
        "ansible_python_interpreter": sys.executable,
        "ansible_remote_tmp": str(directory / "remote"),
    }
    inventory = {}
    for host in HOSTS:
        (directory / host).mkdir()
        inventory[host] = facts | {"smtp_wizard_config": str(directory / host / "config.toml")}
    if connection == "ssh":
        keys = _keys(directory)
        for host in HOSTS:
            port = stack.enter_context(_sshd(directory / host, keys))
            inventory[host] |= {
                "ansible_host": "127.0.0.1",
                "ansible_port": port,
                "ansible_ssh_private_key_file": str(keys / "user"),
                "ansible_ssh_common_args": "-F /dev/null -o UserKnownHostsFile=/dev/null "
                "-o StrictHostKeyChecking=no -o ControlMaster=no",
            }
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory / "home"),
        "LANG": "C.UTF-8",
        "XDG_STATE_HOME": str(directory / "state"),
        "ANSIBLE_ROLES_PATH": str(DOCS / "roles"),
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        # By default it shares connections, by a socket whose path may get too long.
        "ANSIBLE_SSH_ARGS": "-C",
    }
    (directory / "home").mkdir()
    values = {"executable": str(program)}
    return Fleet(directory, ansible_playbook(), inventory, values, environ)


def _keys(directory: Path) -> Path:
    keys = directory / "keys"
    keys.mkdir()
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True
        )
    return keys


@contextmanager
def _sshd(place: Path, keys: Path) -> Iterator[int]:
    """Run sshd on a free port of loopback; yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    config = place / "sshd_config"
    config.write_text(_SSHD.format(port=port, keys=keys, state=place / "state"))
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert sshd is not None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen([sshd, "-D", "-f", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        config.unlink()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("sshd does not start")

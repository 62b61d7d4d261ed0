"""Haraka, a mail server in JavaScript that refuses by its plugins: one instance for each."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.mail_servers import programs
from tests.mail_servers.account import DOMAIN, PASSWORD, USER
from tests.mail_servers.machine import HOST, Machine
from tests.mail_servers.packages import fetch_packages

LOGIN = "login@example.com"
"""Haraka compares the domains of sender and login, as far as they are registered."""
_LIMITS = """
tarpit_delay=0
[concurrency]
max=0
[rate_rcpt_sender]
enabled=true
default=1/1h
"""
_INSTANCES: dict[str, dict[str, str]] = {
    "": {},
    "helo.checks": {
        "helo.checks.ini": "[check]\nvalid_hostname=true\n[skip]\nprivate_ip=false\n"
        "relaying=false\n[reject]\nvalid_hostname=true\n"
    },
    "mail_from.is_resolvable": {
        "mail_from.is_resolvable.ini": "[main]\nallow_mx_ip=true\n[reject]\nno_mx=true\n"
    },
    "limit": {"limit.ini": _LIMITS, "redis.ini": "[server]\nhost=127.0.0.1\nport=6379\n"},
}
"""What refuses, and the files that it reads."""
_SPEND = f"""
import smtplib
with smtplib.SMTP("127.0.0.1", %d) as client:
    client.sendmail({USER!r}, [{USER!r}], "Subject: The last that is allowed")
"""


def port_of(plugin: str) -> int:
    """Return the port of the instance that refuses by this plugin."""
    return 2600 + list(_INSTANCES).index(plugin)


def start(machine: Machine, directory: Path) -> None:
    """Install Haraka, start its instances, and what it counts with; their files are here."""
    modules = programs.haraka()
    machine.install(fetch_packages("redis-server"))
    machine.succeed("redis-server", "--daemonize", "yes", "--save", "", "--dir", "/run")
    machine.serve_names()
    for plugin, files in _INSTANCES.items():
        home = directory / f"haraka{port_of(plugin)}"
        _configure(machine, home, modules, plugin, files)
        command = ("node", modules / "Haraka" / "bin" / "haraka", "-c", home)
        machine.start(*command, environ=machine.environ(YES_REALLY_DO_DISCARD="1"))
    machine.wait_for(465, 587, *map(port_of, _INSTANCES))
    machine.run_python(_SPEND % port_of("limit"))


def _configure(
    machine: Machine, home: Path, modules: Path, plugin: str, files: Mapping[str, str]
) -> None:
    home.mkdir()
    (home / "package.json").write_text('{"name": "haraka"}', "utf-8")
    (home / "node_modules").symlink_to(modules)
    config = home / "config"
    shutil.copytree(modules / "Haraka" / "config", config)
    chain, key = machine.certificate()
    (config / "tls_cert.pem").write_bytes(chain)
    (config / "tls_key.pem").write_bytes(key)
    before = {"": ["tls", "auth/flat_file"], "limit": ["redis", plugin]}.get(plugin, [plugin])
    ports = [port_of(plugin), *([] if plugin else [465, 587])]
    users = f"{USER}={PASSWORD}\n{LOGIN}={PASSWORD}\n"
    ours = {
        "plugins": "\n".join([*before, "rcpt_to.in_host_list", "queue/discard"]),
        "smtp.ini": f"listen={','.join(f'127.0.0.1:{port}' for port in ports)}\n"
        "smtps_port=465\nnodes=0\n",
        "me": HOST,
        "host_list": DOMAIN,
        "log.ini": "[main]\nlevel=WARN\n",
        "auth_flat_file.ini": f"[core]\nmethods=PLAIN,LOGIN\n[users]\n{users}",
    }
    for name, text in {**ours, **files}.items():
        (config / name).write_text(text, "utf-8")

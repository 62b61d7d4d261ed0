"""The test bed: what a container is given is what its reader reports."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from tests.compose.docker_host import DockerHost
from tests.mail_servers import postfix
from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.mail_servers.machine import HOST, STRANGER
from tests.peers.reference import HOWS
from wizard.formats.dotenv.variables import set_variable

SERVICE = "bomnipotent_server"
COMPOSE = f"""\
services:
  {SERVICE}:
    image: wwhsoft/bomnipotent_server:1.5.0
    hostname: bomnipotent.example
    extra_hosts: ["{HOST}:{STRANGER}"]
    environment:
      SMTP_SECRET: ${{SMTP_SECRET}}
      GREETING: "a $$literal 'dollar'"
    volumes:
      - ./bomnipotent_config:/etc/bomnipotent_server/configs:ro
"""
CONFIG = f"""\
[smtp]
user = "{USER}"
endpoint = "{HOST}"
secret = '''${{SMTP_SECRET}}'''
"""


def project(directory: Path) -> Path:
    (directory / "bomnipotent_config").mkdir()
    (directory / "bomnipotent_config" / "config.toml").write_text(CONFIG)
    (directory / "compose.yaml").write_text(COMPOSE)
    (directory / ".env").write_text(set_variable("", "SMTP_SECRET", PASSWORD))
    return directory


def test_the_reader_in_a_container_sends_a_mail_with_what_it_was_given(
    mail_host: DockerHost, tmp_path: Path
) -> None:
    mail_host.up(project(tmp_path))
    before = senders(mail_host)
    for how in HOWS:
        answer = mail_host.read(tmp_path, SERVICE, RECIPIENT, how=how)
        assert (answer.outcome, answer.reason) == ("ok", "")
        assert (answer.user, answer.endpoint, answer.secret) == (USER, HOST, PASSWORD)
    inside = mail_host.inspect(tmp_path, SERVICE)["Config"]
    assert "GREETING=a $literal 'dollar'" in inside["Env"]
    mail_host.down(tmp_path)
    after = [*before, *["bomnipotent.example"] * len(HOWS)]
    mail_host.machine.wait_until(lambda: senders(mail_host) == after, "the mails arrive")


def senders(host: DockerHost) -> list[str]:
    """Return the names by which the reader introduced itself for each mail that has arrived."""
    mails = re.split("(?m)^Return-Path:", postfix.mails(host.machine, RECIPIENT))
    received = (mail.split("Received: from ")[1] for mail in mails if "Verify your" in mail)
    return [line.split()[0] for line in received]


def test_a_second_daemon_disturbs_nobody_and_leaves_nothing(
    docker_host: DockerHost, tmp_path: Path
) -> None:
    made = tmp_path / "project"
    made.mkdir()
    with DockerHost(tmp_path / "host") as second:
        second.up(project(made))
        assert second.read(made, SERVICE).secret == PASSWORD
        assert docker_host.succeed("docker", "ps", "--quiet") == ""
        space = second.machine.run("readlink", "/proc/self/ns/net").stdout.strip()
        assert space != str(Path("/proc/self/ns/net").readlink())
        running = processes(second)
        assert {"dockerd", "containerd", "sleep"} <= set(running.values())
        assert cgroups(second)
    assert not running.keys() & processes().keys()
    assert not cgroups(second)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text("utf-8")


def processes(host: DockerHost | None = None) -> dict[str, str]:
    """Return the number and the name of each process, or only of those on a host."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            space, group = (path / "ns" / "pid").readlink(), (path / "cgroup").read_text("utf-8")
            if host is None or host.cgroup in group or space == host.machine.pid_namespace:
                found[path.name] = (path / "comm").read_text("utf-8").strip()
    return found


def cgroups(host: DockerHost) -> list[str]:
    return [path for path, _, _ in os.walk("/sys/fs/cgroup") if host.cgroup in path]

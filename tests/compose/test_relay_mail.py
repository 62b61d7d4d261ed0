"""A relay that is set up beside the server, run: the server's mail goes through it.

In place of the image crazymax/msmtpd, whose registry is out of reach, stands a program in the
network of its container, which does with the container's variables what msmtpd does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose import image
from tests.compose.docker_host import DockerHost
from tests.mail_servers import postfix
from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.mail_servers.machine import HOST, STRANGER
from tests.system.other_network import ROOT

SERVICE = "bomnipotent_server"
COMPOSE = f"""\
services:
  {SERVICE}:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment: {{SMTP_SECRET: "${{SMTP_SECRET:-}}"}}
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs:ro]
"""
MSMTPD = """
import smtplib, socket, ssl, sys
from aiosmtpd.controller import Controller

trusted, name, address, *variables = sys.argv[1:]
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *how: look_up(address if host == name else host, *how)
variables = dict(each.split("=", 1) for each in variables)

class Relay:
    async def handle_DATA(self, server, session, envelope):
        assert variables["SMTP_TLS"] == "on" and variables["SMTP_STARTTLS"] == "off"
        trust = ssl.create_default_context(cafile=trusted)
        host, port = variables["SMTP_HOST"], int(variables["SMTP_PORT"])
        with smtplib.SMTP_SSL(host, port, variables["SMTP_DOMAIN"], context=trust) as mail:
            mail.login(variables["SMTP_USER"], variables["SMTP_PASSWORD"])
            mail.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        return "250 passed on"

relay = Controller(Relay(), hostname="0.0.0.0", port=2500)
relay.start()
relay._thread.join()
"""


@pytest.fixture
def project(mail_host: DockerHost, tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / "project"
    (directory / "bomnipotent_config").mkdir(parents=True)
    (directory / "compose.yaml").write_text(COMPOSE)
    mail_host.make_image()
    mail_host.succeed("docker", "tag", f"{image.NAME}:1.5.0", "crazymax/msmtpd")
    yield directory
    mail_host.down(directory)


def wizard(host: DockerHost, directory: Path, *command: str, stdin: str = "") -> tuple[int, str]:
    program = ("env", f"PYTHONPATH={ROOT}", "LC_ALL=C.UTF-8", sys.executable, "-m", "wizard")
    certificates = {"SSL_CERT_FILE": str(host.machine.trusted)}
    done = host.run(
        *program, *command, directory=directory, stdin=stdin.encode(), environ=certificates
    )
    return done.returncode, done.stdout + done.stderr


def mails(host: DockerHost) -> int:
    return postfix.mails(host.machine, RECIPIENT).count("Received: from peer.example")


def test_mail_goes_through_the_relay_with_the_password_that_was_typed(
    mail_host: DockerHost, project: Path
) -> None:
    code, said = wizard(
        mail_host, project, "set", "--user", USER, "--endpoint", HOST, "--secret-stdin",
        "--relay", USER, stdin=PASSWORD + "\n",
    )  # fmt: skip
    assert code == 0, said
    override = project / "compose.override.yaml"
    # Only for the test: the name of a mail server that no DNS knows.
    addition = f'    extra_hosts: ["{HOST}:{STRANGER}"]\n'
    networks = "    networks:\n      - smtp_network\n"
    override.write_text(override.read_text().replace(networks, addition + networks))
    mail_host.up(project)
    relay = mail_host.inspect(project, "smtp_relay")
    assert f"SMTP_PASSWORD={PASSWORD}" in relay["Config"]["Env"]
    variables = [each for each in relay["Config"]["Env"] if each.startswith("SMTP_")]
    mail_host.machine.start(
        "nsenter", f"--net=/proc/{relay['State']['Pid']}/ns/net",
        "env", f"PYTHONPATH={ROOT}", sys.executable, "-c", MSMTPD,
        str(mail_host.machine.trusted), HOST, STRANGER, *variables,
    )  # fmt: skip
    mail_host.machine.wait_until(
        lambda: wizard(mail_host, project, "test", "--json")[0] == 0, "the relay answers"
    )
    code, said = wizard(mail_host, project, "test", "--json")
    report = json.loads(said)
    assert (report["from"], report["verdict"]) == ("container", "pass")
    assert (report["relay"]["from"], report["relay"]["service"]) == ("container", "smtp_relay")
    assert report["relay"]["verdict"] in {"pass", "warn"}, report["relay"]
    before = mails(mail_host)
    answer = mail_host.read(project, SERVICE, RECIPIENT)
    assert (answer.outcome, answer.reason) == ("ok", "")
    assert (answer.user, answer.secret) == (USER, None)
    mail_host.machine.wait_until(lambda: mails(mail_host) == before + 1, "the mail arrives")
    (project / ".env").write_text("SMTP_PASSWORD=another\n")
    code, said = wizard(mail_host, project, "test", "--json")
    assert (code, json.loads(said)["diagnosis"]["code"]) == (3, "relay-fails")

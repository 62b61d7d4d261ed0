"""From the keys of an operator to the mail of a real container, started by Docker Compose.

The wizard is typed into on the machine that has Docker; then the reference reader in the server's
container logs in at Postfix with what Compose has given it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.docker_host import DockerHost
from tests.compose.test_docker_host import SERVICE, senders
from tests.mail_servers.account import PASSWORD, RECIPIENT, USER
from tests.mail_servers.machine import HOST, STRANGER
from tests.peers.test_end_to_end import CAVEAT, set_up
from tests.terminal.test_in_tmux import Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

CONTAINER_ID = "[0-9a-f]{12}"
"""What a container calls itself if nobody names it."""
PROJECTS = {
    ".env": ("environment: {SMTP_SECRET: '${SMTP_SECRET}'}", ".env", "# ours\n", CONTAINER_ID),
    "another name": ("environment: ['SMTP_SECRET=${MAIL_PW}']", ".env", "MAIL_PW=\n", CONTAINER_ID),
    "env file": ("env_file: mail.env", "mail.env", "TZ=UTC\nSMTP_SECRET=\n", CONTAINER_ID),
    "host name": (
        "environment: [SMTP_SECRET]\n    hostname: bom.peer.example", ".env", "", "bom.peer.example"
    ),
}  # fmt: skip
"""The lines of the service, the file that the secret belongs to, what it says before, and the name
by which the container introduces itself."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def project(mail_host: DockerHost, tmp_path: Path) -> Iterator[Path]:
    """Return a directory for a project, which is taken down in the end."""
    directory = tmp_path / "project"
    (directory / "bomnipotent_config").mkdir(parents=True)
    yield directory
    mail_host.down(directory)


@pytest.mark.parametrize("layout", PROJECTS)
def test_the_container_logs_in_with_what_was_typed(
    mail_host: DockerHost, terminal: Terminal, project: Path, layout: str
) -> None:
    lines, keeper, before, name = PROJECTS[layout]
    config = project / "bomnipotent_config" / "config.toml"
    config.write_text('domain = "https://bom.peer.example"\n', "utf-8")
    (project / keeper).write_text(before, "utf-8")
    (project / "compose.yaml").write_text(f"""\
services:
  {SERVICE}:
    image: wwhsoft/bomnipotent_server:1.5.0
    extra_hosts: ["{HOST}:{STRANGER}"]
    {lines}
    volumes: ["./bomnipotent_config:/etc/bomnipotent_server/configs:ro"]
""")
    variables = [f"{name}={value}" for name, value in mail_host.environ.items()]
    set_up(terminal, mail_host.machine, config, HOST, *variables, verdict=CAVEAT)
    mail_host.up(project)
    arrived = senders(mail_host)
    answer = mail_host.read(project, SERVICE, RECIPIENT)
    assert (answer.outcome, answer.reason) == ("ok", "")
    assert (answer.user, answer.endpoint, answer.secret) == (USER, HOST, PASSWORD)
    mail_host.machine.wait_until(lambda: len(senders(mail_host)) > len(arrived), "the mail arrives")
    assert re.fullmatch(name, senders(mail_host)[-1])

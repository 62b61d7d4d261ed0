"""The live test from inside a container of real Docker: its network, its names, its DNS."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compose.docker_host import DockerHost
from tests.system.other_network import ROOT
from wizard.config.layout import find_layout

COMPOSE = """\
services:
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs]
    networks: [front, back]
  smtp_relay:
    image: wwhsoft/bomnipotent_server:1.5.0
    networks: [front]
  database:
    image: wwhsoft/bomnipotent_server:1.5.0
    networks: [other]
networks:
  front: {internal: true}
  back: {internal: true}
  other: {internal: true}
"""
CONFIG = '[smtp]\nuser = "you@example.org"\nendpoint = "smtp://smtp_relay:2500"\n'
RELAY = """
import socket
from tests.system.other_network import serve_mail
serve_mail(socket.create_server(("0.0.0.0", 2500)))
"""


@pytest.fixture(scope="module")
def project(docker_host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that is running, and a relay in a container beside it."""
    directory = tmp_path_factory.mktemp("project")
    (directory / "compose.yaml").write_text(COMPOSE)
    config = find_layout(directory=directory).config
    config.parent.mkdir(exist_ok=True)
    config.write_text(CONFIG)
    docker_host.up(directory)
    pid = docker_host.inspect(directory, "smtp_relay")["State"]["Pid"]
    program = ("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", RELAY)
    docker_host.machine.start("nsenter", f"--net=/proc/{pid}/ns/net", *program)
    yield directory
    docker_host.down(directory)


def run_test(host: DockerHost, directory: Path, *flags: str) -> tuple[int, Any]:
    """Run ``test --json`` on the machine with Docker; return its exit code and its document."""
    program = ("env", f"PYTHONPATH={ROOT}", "LC_ALL=C.UTF-8", sys.executable, "-m", "wizard")
    done = host.run(*program, "test", "--json", "--transcript", *flags, directory=directory)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def ehlo_name(report: Any) -> str:
    [name] = [stage["detail"]["name"] for stage in report["stages"] if stage["stage"] == "ehlo"]
    return str(name)


def test_a_relay_in_a_container_has_a_verdict_from_inside(
    docker_host: DockerHost, project: Path
) -> None:
    docker_host.machine.wait_until(
        lambda: run_test(docker_host, project)[0] == 0, "the relay in its container answers"
    )
    code, report = run_test(docker_host, project)
    assert (code, report["verdict"], report["from"]) == (0, "pass", "container")
    identifier = docker_host.inspect(project, "server")["Id"]
    assert ehlo_name(report) == identifier[:12]


def test_the_same_relay_from_the_host_says_from_where(
    docker_host: DockerHost, project: Path
) -> None:
    code, report = run_test(docker_host, project, "--from", "host")
    assert (code, report["verdict"], report["from"]) == (7, "untestable", "host")
    assert report["diagnosis"]["code"] == "container-internal"


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("smtp://localhost:2500", "refused"),
        ("smtp://database:2500", "name-not-found"),
        ("smtp://203.0.113.7:25", "unreachable"),
    ],
    ids=["localhost", "another network", "no way out"],
)
def test_what_the_container_cannot_reach_fails_for_its_own_reason(
    docker_host: DockerHost, project: Path, endpoint: str, expected: str
) -> None:
    flags = ("--endpoint", endpoint, "--no-alternatives", "--from", "container")
    code, report = run_test(docker_host, project, *flags)
    assert report["from"] == "container"
    found = report["diagnosis"]["code"]
    # A machine without any DNS of its own says of an unknown name that there is no answer.
    assert found == expected or (expected == "name-not-found" and found == "dns-unavailable")
    assert code == 3


def test_a_service_that_does_not_run_is_tested_from_the_host(
    docker_host: DockerHost, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    config = find_layout(directory=tmp_path).config
    config.parent.mkdir(exist_ok=True)
    config.write_text(CONFIG)
    code, report = run_test(docker_host, tmp_path)
    assert (code, report["from"]) == (7, "host")
    code, report = run_test(docker_host, tmp_path, "--from", "container")
    assert (code, report["diagnosis"]["code"]) == (7, "container-unreachable")
    assert "docker compose up -d server" in report["diagnosis"]["remedy"]

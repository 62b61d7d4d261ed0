"""Whether the server's container runs, as Docker says, and what a Docker that fails comes to."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.compose.docker_host import DockerHost
from tests.compose.test_docker_host import SERVICE, project
from wizard.compose import running
from wizard.compose.running import (
    ContainerUnknown,
    RunningContainer,
    find_running,
    shares_network,
)

ID = "f183e47979e6cda3d051559073ff48185659359ca852c715f3cd3ad4dac038bc"


def stand_in(directory: Path, script: str, name: str = "docker") -> dict[str, str]:
    """Put a program in place of Docker's client; return the environment that finds it first."""
    program = directory / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def answers(directory: Path, **facts: object) -> str:
    """Return a script that lists one container and describes it."""
    described = {
        "id": ID, "pid": 250, "hostname": "f183e47979e6", "domain": "", "directory": str(directory)
    }  # fmt: skip
    text = json.dumps(described | facts)
    return f"case $1 in ps) echo {ID};; inspect) cat <<'END'\n{text}\nEND\n;; esac"


def test_the_container_is_the_one_of_this_project(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, answers(tmp_path))
    found = find_running("server", [tmp_path / "elsewhere", tmp_path], environ)
    assert found == RunningContainer(ID, 250, "f183e47979e6")
    with pytest.raises(ContainerUnknown) as raised:
        find_running("server", [tmp_path / "elsewhere"], environ)
    assert raised.value.reason == "the service server is not running."


def test_the_project_is_found_by_another_way_to_its_directory(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    environ = stand_in(tmp_path, answers(tmp_path))
    assert find_running("server", [tmp_path / "link"], environ).pid == 250


def test_a_domain_of_the_container_belongs_to_its_name(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, answers(tmp_path, hostname="mail", domain="example.org"))
    assert find_running("server", [tmp_path], environ).hostname == "mail.example.org"


def test_the_client_is_given_the_operators_environment(tmp_path: Path) -> None:
    script = answers(tmp_path).replace("case", 'test "$DOCKER_HOST" = unix:///x || exit 1; case')
    environ = stand_in(tmp_path, script)
    assert find_running("server", [tmp_path], environ | {"DOCKER_HOST": "unix:///x"}).pid == 250
    with pytest.raises(ContainerUnknown):
        find_running("server", [tmp_path], environ)


def test_podman_is_asked_where_there_is_no_docker(tmp_path: Path) -> None:
    environ = stand_in(tmp_path, answers(tmp_path), "podman")
    environ = {"PATH": f"{tmp_path}/bin:/nowhere"}
    program = tmp_path / "bin" / "podman"
    program.write_text(program.read_text().replace("cat", "/bin/cat"))
    assert find_running("server", [tmp_path], environ).pid == 250
    with pytest.raises(ContainerUnknown) as raised:
        find_running("server", [tmp_path], environ, ["docker"])
    assert "no docker command" in raised.value.reason


def test_without_a_client_the_remedy_fits_where_the_wizard_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for signs, remedy in (((), "on the machine"), ((tmp_path,), "--network container:NAME")):
        monkeypatch.setattr(running, "_CONTAINER_SIGNS", signs)
        with pytest.raises(ContainerUnknown) as raised:
            find_running("server", [tmp_path], {"PATH": "/nowhere"})
        assert remedy in raised.value.remedy


def test_a_name_that_leads_to_loopback_or_elsewhere_shares_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_CONTAINER_SIGNS", (tmp_path,))
    for name in ("localhost", "127.0.0.1", "192.0.2.1", "no such name", "größe"):
        assert not shares_network(name)


DOWN = "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?"
DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///x"


@pytest.mark.parametrize(
    ("script", "reason", "remedy"),
    [
        ("exit 0", "not running", "docker compose up -d server"),
        (f"echo '{DOWN}' >&2; exit 1", "Docker is not running", "Start Docker"),
        (f"echo '{DENIED}' >&2; exit 1", "may not ask docker", "sudo"),
        ("echo 'something new' >&2; exit 125", "no usable answer", "docker ps"),
        ("sleep 300 & sleep 300", "did not answer in time", "docker ps"),
        ("head -c 100000000 /dev/zero", "no usable answer", "docker ps"),
        ("case $1 in ps) echo x;; *) echo '[{}]';; esac", "no usable answer", "docker ps"),
        ("case $1 in ps) echo x;; *) echo '{}';; esac", "no usable answer", "docker ps"),
        ("case $1 in ps) echo x;; *) head -c 100000000 /dev/zero;; esac", "no usable", "docker ps"),
    ],
    ids=["none", "down", "denied", "fails", "hangs", "endless", "odd", "empty", "endless later"],
)
def test_without_an_answer_there_is_a_reason_and_something_to_do(
    tmp_path: Path, script: str, reason: str, remedy: str
) -> None:
    environ = stand_in(tmp_path, script)
    with pytest.raises(ContainerUnknown) as raised:
        find_running("server", [tmp_path], environ)
    assert reason in raised.value.reason
    assert remedy in raised.value.remedy


def test_the_command_that_starts_a_service_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(ContainerUnknown) as raised:
        find_running("x; reboot", [tmp_path], stand_in(tmp_path, "exit 0"))
    assert raised.value.remedy.endswith("up -d 'x; reboot'")


@pytest.mark.parametrize(
    "facts",
    [{"pid": "250"}, {"pid": 0}, {"id": "../../etc"}, {"id": ""}, {"hostname": None}],
    ids=["pid of text", "no pid", "path", "no id", "no name"],
)
def test_facts_that_cannot_be_true_are_not_taken(tmp_path: Path, facts: dict[str, object]) -> None:
    environ = stand_in(tmp_path, answers(tmp_path, **facts))
    with pytest.raises(ContainerUnknown):
        find_running("server", [tmp_path], environ)


ASK = """
import os, pathlib, sys
from wizard.compose.running import ContainerUnknown, find_running
try:
    found = find_running(sys.argv[1], [pathlib.Path.cwd()], os.environ)
    print(found.identifier, found.pid, found.hostname)
except ContainerUnknown as unknown:
    print(unknown.reason)
"""


def test_docker_itself_says_which_process_the_container_is(
    docker_host: DockerHost, tmp_path: Path
) -> None:
    def ask(service: str = SERVICE) -> str:
        command = ("env", f"PYTHONPATH={Path.cwd()}", sys.executable, "-c", ASK, service)
        return docker_host.succeed(*command, directory=tmp_path).strip()

    project(tmp_path)
    assert ask() == f"the service {SERVICE} is not running."
    docker_host.up(tmp_path)
    described = docker_host.inspect(tmp_path, SERVICE)
    expected = f"{described['Id']} {described['State']['Pid']} bomnipotent.example"
    assert ask() == expected
    docker_host.succeed("docker", "compose", "pause", directory=tmp_path)
    assert ask() == expected
    docker_host.succeed("docker", "compose", "unpause", directory=tmp_path)
    assert ask("another") == "the service another is not running."
    docker_host.succeed("docker", "compose", "stop", "--timeout", "0", directory=tmp_path)
    assert ask() == f"the service {SERVICE} is not running."
    docker_host.down(tmp_path)

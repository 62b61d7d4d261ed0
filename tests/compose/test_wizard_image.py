"""smtp-wizard where there is no Python: its image, run as docs/docker.md says, by real Docker."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import wizard
from tests.compose import image, wizard_image
from tests.compose.docker_host import DockerHost
from tests.compose.test_from_inside import RELAY, ehlo_name
from tests.compose.wizard_image import NAME
from tests.packaging.conftest import ROOT as PROJECT
from tests.packaging.conftest import sources
from tests.terminal.test_in_tmux import Terminal

SCRIPT = PROJECT / "packaging" / "smtp-wizard.sh"
OPERATOR = 1234
"""An account that only the files know."""
PASSWORD = "open$esame"
COMPOSE = """\
services:
  mail_settings:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment: {SMTP_SECRET: "${SMTP_SECRET}"}
    volumes: [./bomnipotent_config:/etc/bomnipotent_server/configs]
  smtp_relay:
    image: relay
networks:
  default: {internal: true}
"""
ENDPOINT = "smtp://smtp_relay:2500"
CONFIG = f'# ours\n[smtp]\nuser = "you@example.org"\nendpoint = "{ENDPOINT}"\n'


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, as they are at this moment."""
    return sources(tmp_path_factory.mktemp("context"))


@pytest.fixture(scope="module")
def host(
    docker_host: DockerHost, context: Path, tmp_path_factory: pytest.TempPathFactory
) -> DockerHost:
    """A machine that has the image."""
    wizard_image.prepare(docker_host, tmp_path_factory.mktemp("packages"))
    wizard_image.build(docker_host, context)
    return docker_host


def make_project(directory: Path) -> Path:
    """Write the files of a server; all of them are the operator's."""
    config = directory / "bomnipotent_config" / "config.toml"
    config.parent.mkdir()
    config.write_text(CONFIG)
    (directory / "compose.yaml").write_text(COMPOSE)
    (directory / ".env").write_text(f"OTHER=1\nSMTP_SECRET='{PASSWORD}'\n")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, OPERATOR, OPERATOR)
    config.chmod(0o640)
    (directory / ".env").chmod(0o600)
    return directory


@pytest.fixture(scope="module")
def running(host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that is running, and a relay that nobody knows outside of their network."""
    directory = make_project(tmp_path_factory.mktemp("running"))
    host.make_image()
    host.succeed("docker", "tag", f"{image.NAME}:latest", "relay")
    host.up(directory)
    pid = host.inspect(directory, "smtp_relay")["State"]["Pid"]
    program = ("env", f"PYTHONPATH={PROJECT}", sys.executable, "-c", RELAY)
    host.machine.start("nsenter", f"--net=/proc/{pid}/ns/net", *program)
    yield directory
    host.down(directory)


def run(host: DockerHost, directory: Path, *arguments: str, stdin: str = "") -> tuple[int, Any]:
    """Run a command of the wizard by the script; return its exit code and its document."""
    done = host.run(SCRIPT, *arguments, "--json", directory=directory, stdin=stdin.encode())
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def run_alone(host: DockerHost, directory: Path, network: str) -> Any:
    """Run the live test in a network that Docker is told to use."""
    done = host.run(
        "docker", "run", "--rm", "--read-only", "--network", network, "--volume",
        f"{directory}:{directory}", "--workdir", directory, "--user", str(OPERATOR),
        NAME, "test", "--json", "--no-alternatives",
    )  # fmt: skip
    return json.loads(done.stdout)


def test_it_is_what_its_labels_say_and_needs_neither_root_nor_a_disk(host: DockerHost) -> None:
    [described] = json.loads(host.succeed("docker", "inspect", NAME))
    labels = described["Config"]["Labels"]
    said = host.succeed("docker", "run", "--rm", "--read-only", NAME, "--version")
    assert said == f"smtp-wizard {labels['org.opencontainers.image.version']}\n"
    assert said == f"smtp-wizard {wizard.__version__}\n"
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", described["Config"]["User"])
    as_it_runs = ("docker", "run", "--rm", "--read-only", "--entrypoint", "python3", NAME)
    assert host.succeed(*as_it_runs, "-c", "print('Grüße')") == "Grüße\n"


# The live test


def test_what_only_the_servers_network_knows_has_a_verdict(host: DockerHost, running: Path) -> None:
    host.machine.wait_until(lambda: run(host, running, "test")[0] == 0, "the relay answers")
    code, report = run(host, running, "test")
    assert (code, report["verdict"], report["from"]) == (0, "pass", "container")
    assert ehlo_name(report) == host.inspect(running, "mail_settings")["Id"][:12]


def test_no_flag_lets_it_claim_to_stand_elsewhere(host: DockerHost, running: Path) -> None:
    for place in ("host", "container"):
        assert run(host, running, "test", "--from", place)[1]["from"] == "container"


def test_a_container_beside_the_server_does_not_pass_for_it(
    host: DockerHost, running: Path
) -> None:
    relay = host.inspect(running, "smtp_relay")
    [network] = relay["NetworkSettings"]["Networks"]
    for other in (network, f"container:{relay['Id']}", "bridge", "none"):
        report = run_alone(host, running, other)
        assert (report["from"], report["diagnosis"]["code"]) == ("host", "container-internal"), (
            other
        )
    server = host.inspect(running, "mail_settings")["Id"]
    assert run_alone(host, running, f"container:{server}")["from"] == "container"


def test_a_server_that_does_not_run_is_tested_from_outside(
    host: DockerHost, tmp_path: Path
) -> None:
    make_project(tmp_path)
    code, report = run(host, tmp_path, "test")
    assert (code, report["from"]) == (7, "host")
    code, report = run(host, tmp_path, "test", "--from", "container")
    assert (code, report["diagnosis"]["code"]) == (7, "container-unreachable")
    assert "docker run --network container:NAME" in report["diagnosis"]["remedy"]


# The files


def state(directory: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return owner, group, mode and content of each file, but not what undo needs."""
    found = {}
    for path in directory.rglob("*"):
        if path.is_file() and ".smtp-wizard" not in path.parts:
            status = path.stat()
            of_file = (status.st_uid, status.st_gid, status.st_mode, path.read_bytes())
            found[str(path.relative_to(directory))] = of_file
    return found


def test_files_keep_owner_and_mode_and_a_later_container_undoes(
    host: DockerHost, tmp_path: Path
) -> None:
    before = state(make_project(tmp_path))
    changes = ("--user", "me@example.org", "--secret-stdin", "--no-test")
    code, said = run(host, tmp_path, "set", *changes, stdin="hunter22\n")
    assert (code, said["changed"]) == (0, True)
    after = state(tmp_path)
    assert {name: each[:3] for name, each in after.items()} == {
        name: each[:3] for name, each in before.items()
    }
    assert b"hunter22" in after[".env"][3]
    code, said = run(host, tmp_path, "show")
    assert (said["user"], said["secret"]["effective"]) == ("me@example.org", "env-file")
    assert said["config"] == str(tmp_path / "bomnipotent_config" / "config.toml")
    assert run(host, tmp_path, "undo")[0] == 0
    assert state(tmp_path) == before


# The screen


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def start(host: DockerHost, terminal: Terminal, directory: Path, *arguments: str) -> None:
    """Start the wizard in a terminal, as an operator does in the directory of the project."""
    inside = host.machine.command(
        "env", f"--chdir={directory}", *(f"{name}={each}" for name, each in host.environ.items()),
        "TERM=tmux-256color", SCRIPT, *arguments,
    )  # fmt: skip
    terminal.run(f"{shlex.join(inside)}; echo exit=$?")


def test_the_wizard_lives_in_a_terminal_until_docker_stops_it(
    host: DockerHost, terminal: Terminal, tmp_path: Path
) -> None:
    start(host, terminal, make_project(tmp_path))
    terminal.wait("you@example.org")
    terminal.press("C-z")  # after which nobody could go on with it
    terminal.press("F1")
    terminal.wait("Esc close")
    terminal.press("Escape")
    terminal.wait("as stored")
    [container] = host.succeed("docker", "ps", "--quiet", "--filter", f"ancestor={NAME}").split()
    host.succeed("docker", "stop", "--time", "60", container)
    terminal.wait("exit=143")
    assert host.run("docker", "inspect", container).returncode != 0


def test_a_terminal_that_is_closed_ends_the_wizard(
    host: DockerHost, terminal: Terminal, tmp_path: Path
) -> None:
    start(host, terminal, make_project(tmp_path))
    terminal.wait("as stored")
    running = ("docker", "ps", "--quiet", "--filter", f"ancestor={NAME}")
    assert host.succeed(*running)
    terminal.close()
    host.machine.wait_until(lambda: not host.succeed(*running), "the container is gone")


def test_the_demo_has_a_mail_server_of_its_own(
    host: DockerHost, terminal: Terminal, tmp_path: Path
) -> None:
    start(host, terminal, tmp_path, "demo")
    terminal.wait("Nothing of yours is")
    terminal.press("C-c")
    terminal.wait("exit=130")


# The image


def test_the_same_sources_give_the_same_files(
    host: DockerHost, context: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(context, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    wizard_image.build(host, copy, "again")
    first, second = (files(host, name, tmp_path) for name in (NAME, "again"))
    assert first == second
    assert "usr/local/bin/smtp-wizard" in first


def files(host: DockerHost, name: str, directory: Path) -> dict[str, tuple[Any, ...]]:
    """Return what is in an image: owner, mode, content, and the time of what the build made."""
    archive = directory / f"{name}.tar"
    container = host.succeed("docker", "create", name).strip()
    host.succeed("docker", "export", "--output", archive, container)
    host.succeed("docker", "rm", container)
    with tarfile.open(archive) as tar:
        return {each.name: describe(tar, each) for each in tar}


def describe(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[Any, ...]:
    content = tar.extractfile(member) if member.isreg() else None
    return (
        member.uid, member.gid, member.mode, member.type, member.linkname,
        member.mtime if member.name.startswith("usr/local/") else None,
        content and sha256(content.read()).digest(),
    )  # fmt: skip

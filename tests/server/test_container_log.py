"""The log of a container, by a fake ``docker`` that behaves as the real one; and by that one."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.server.conftest import COMPOSE, PATIENCE, Docker, composed, load, until
from wizard.server.log import LogUnreadable, ServerLog
from wizard.server.reload import observe_server


def log_of(config: Path, docker: Docker, **environ: str) -> ServerLog:
    log = observe_server(load(config, PATH=docker.path, **environ)).log()
    assert log is not None
    return log


async def read(log: ServerLog) -> bytes:
    """Return everything, up to the end or up to the word ``enough``."""
    found = b""
    async with asyncio.timeout(PATIENCE), aclosing(log.chunks()) as chunks:
        async for chunk in chunks:
            found += chunk
            if b"enough" in found:
                break
    return found


def print_line(docker: Docker, text: str, when: str | None = None) -> None:
    now = when or datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    with docker.log.open("a") as stream:
        stream.write(f"{now} {text}\n")


async def test_only_lines_from_then_on_are_asked_for(tmp_path: Path, docker: Docker) -> None:
    print_line(docker, "old", "2026-01-01T00:00:00Z")
    log = log_of(composed(tmp_path), docker)
    print_line(docker, "new")
    asyncio.get_running_loop().call_later(0.5, print_line, docker, "enough")
    assert await read(log) == b"new\nenough\n"


async def test_service_of_the_servers_image_is_asked_for(tmp_path: Path, docker: Docker) -> None:
    print_line(docker, "enough", "2099-01-01T00:00:00Z")
    await read(log_of(composed(tmp_path), docker))
    (call,) = docker.calls
    command, _, _ = call.partition(" | ")
    assert f" compose -f {tmp_path}/compose.yaml logs --follow --since 20" in command
    assert command.endswith("Z --no-log-prefix --no-color server")


async def test_docker_gets_what_it_needs_of_the_environment_and_no_more(
    tmp_path: Path, docker: Docker
) -> None:
    print_line(docker, "enough", "2099-01-01T00:00:00Z")
    environ = {"DOCKER_HOST": "unix:///x", "HOME": "/h", "SMTP_SECRET": "x", "DB_PW": "x"}
    await read(log_of(composed(tmp_path), docker, **environ))
    names = docker.calls[0].partition(" | ")[2].split()
    assert {"DOCKER_HOST", "HOME", "PATH"} <= set(names)
    assert not {"SMTP_SECRET", "DB_PW"} & set(names)


async def test_docker_without_compose_is_asked_for_the_container_by_name(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("no-compose")
    print_line(docker, "enough", "2099-01-01T00:00:00Z")
    found = await read(log_of(composed(tmp_path), docker))
    assert found.endswith(b"enough\n")
    assert [call.split(" | ")[0].split()[-1] for call in docker.calls] == ["server", "the_server"]


@pytest.mark.parametrize("manner", ["no-daemon", "denied", "no-service"])
async def test_docker_that_fails_makes_the_log_unreadable(
    tmp_path: Path, docker: Docker, manner: str
) -> None:
    docker.behave(manner)
    with pytest.raises(LogUnreadable):
        await read(log_of(composed(tmp_path), docker))


async def test_log_of_a_stopped_container_ends(tmp_path: Path, docker: Docker) -> None:
    docker.behave("stopped")
    assert await read(log_of(composed(tmp_path), docker)) == b""


async def test_hanging_docker_is_ended_with_all_that_it_has_started(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("hangs")
    reading = asyncio.ensure_future(read(log_of(composed(tmp_path), docker)))
    processes = docker.directory / "processes"
    await until(lambda: processes.exists() and bool(processes.read_text()))
    reading.cancel()
    await asyncio.wait([reading])
    started = [int(number) for number in processes.read_text().split()]
    await until(lambda: not any(map(is_alive, started)))


def is_alive(number: int) -> bool:
    try:
        status = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def test_docker_that_was_removed_meanwhile_makes_the_log_unreadable(
    tmp_path: Path, docker: Docker
) -> None:
    log = log_of(composed(tmp_path), docker)
    (docker.directory / "docker").unlink()
    with pytest.raises(LogUnreadable):
        await read(log)


def test_docker_in_the_working_directory_is_not_taken(
    tmp_path: Path, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = composed(tmp_path)
    monkeypatch.chdir(docker.directory)
    for path in ("", ".", ":/nowhere", "./", "../fake docker"):
        assert observe_server(load(config, PATH=path)).log() is None


def test_names_that_could_be_flags_are_never_passed_on(tmp_path: Path, docker: Docker) -> None:
    config = composed(tmp_path, compose=COMPOSE.replace("  server:", "  --server:"))
    assert observe_server(load(config, PATH=docker.path)).log() is None


async def test_service_in_the_override_is_found(tmp_path: Path, docker: Docker) -> None:
    config = composed(tmp_path, compose="services:\n  db:\n    image: bomnipotent_db\n")
    (tmp_path / "compose.override.yaml").write_text(COMPOSE)
    print_line(docker, "enough", "2099-01-01T00:00:00Z")
    await read(log_of(config, docker))
    assert f"-f {tmp_path}/compose.override.yaml logs" in docker.calls[0]


@pytest.mark.skipif(shutil.which("docker") is None, reason="docker is not installed")
async def test_real_docker_without_a_daemon_makes_the_log_unreadable(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    log = observe_server(load(composed(tmp_path), HOME=str(tmp_path), **environ)).log()
    assert log is not None
    with pytest.raises(LogUnreadable):
        await read(log)

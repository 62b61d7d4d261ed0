"""A process that stands in for the server, and a program that stands in for ``docker``."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import find_layout

HERE = Path(__file__).parent
PATIENCE = 30.0
"""Seconds until something must have happened; only a defect takes that long."""
SECRET = 'correct horse "battery"'
CONFIG = """\
domain = "https://x.example"

[smtp]
user = "{user}"
endpoint = "mail.example.org"
secret = "${{SMTP_SECRET}}"
{more}
"""
COMPOSE = """\
services:
  db:
    image: postgres:17
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    container_name: the_server
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
    volumes:
      - ./bomnipotent_config:/etc/bomnipotent_server/configs/:ro
      - ./logs:/var/log
"""
FILE_MOUNT = COMPOSE.replace(
    "./bomnipotent_config:/etc/bomnipotent_server/configs/:ro",
    "./bomnipotent_config/config.toml:/etc/bomnipotent_server/configs/config.toml:ro",
)
LOG = '[log]\nfile = "server.log"\n'


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true; only a defect takes long."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  (other processes and threads tell nobody)
            await asyncio.sleep(0.02)


def write_config(path: Path, more: str = "", user: str = "me@example.org") -> None:
    """Write config.toml as the wizard does: the new file takes the place of the old one."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name("new")
    new.write_text(CONFIG.format(user=user, more=more))
    new.rename(path)


def standalone(directory: Path, more: str = LOG) -> Path:
    """Return the config.toml of a server that runs without a container."""
    config = directory / "server" / "config.toml"
    write_config(config, more)
    env = config.with_name(".env")
    env.write_text(f"SMTP_SECRET='{SECRET}'\n")
    env.chmod(0o600)
    return config


def composed(directory: Path, more: str = "", compose: str = COMPOSE) -> Path:
    """Return the config.toml of a Compose layout."""
    config = directory / "bomnipotent_config" / "config.toml"
    write_config(config, more)
    (directory / "compose.yaml").write_text(compose)
    (directory / "logs").mkdir(exist_ok=True)
    env = directory / ".env"
    env.write_text(f"SMTP_SECRET='{SECRET}'\n")
    env.chmod(0o600)
    return config


def load(config: Path, **environ: str) -> CurrentConfig:
    return load_config(find_layout(config), environ)


StartServer = Callable[[Path, Path, str], None]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Return a function that starts a stand-in for the server, and waits until it watches."""
    started: list[subprocess.Popen[str]] = []

    def start(config: Path, log: Path, manner: str) -> None:
        config.with_name("quoted").write_text(SECRET)
        command = [sys.executable, str(HERE / "stand_in_server.py"), str(config), str(log), manner]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    yield start
    for process in started:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Docker:
    """A fake ``docker`` in a directory of its own."""

    directory: Path

    @property
    def path(self) -> str:
        return f"{self.directory}{os.pathsep}{os.defpath}"

    @property
    def log(self) -> Path:
        return self.directory / "container.log"

    @property
    def calls(self) -> list[str]:
        calls = self.directory / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def behave(self, manner: str) -> None:
        (self.directory / "manner").write_text(manner)


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    """Return a fake ``docker``; see its own file for what it can do."""
    directory = tmp_path / "fake docker"
    directory.mkdir()
    program = directory / "docker"
    command = [sys.executable, str(HERE / "stand_in_docker.py"), str(directory)]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    program.chmod(0o755)
    fake = Docker(directory)
    fake.log.write_text("")
    fake.behave("works")
    return fake

"""Layouts of real installations, from ``layouts.toml``, and what Compose says of them."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.compose import image
from tests.compose.docker_host import DockerHost
from tests.mail_servers.account import USER
from tests.mail_servers.machine import STRANGER
from tests.peers.programs import built
from tests.peers.reference import Answer

PORT = 2525
CONFIG = f"""\
[smtp]
user = "{USER}"
endpoint = "smtp://{STRANGER}:{PORT}"
secret = "${{SMTP_SECRET}}"
"""


@dataclass(frozen=True)
class Layout:
    """One table of ``layouts.toml``, where the fields are explained."""

    name: str
    set: str
    files: Mapping[str, str]
    environ: Mapping[str, str] = field(default_factory=dict)
    service: str = "bomnipotent_server"
    profile: str = ""
    config: str = "bomnipotent_config/config.toml"
    started: bool = False

    def write(self, directory: Path) -> Path:
        """Write the files into a new directory, and return it."""
        directory.mkdir()
        for name, text in {self.config: CONFIG, **self.files}.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)
            path.write_bytes(text.encode())
        return directory


def _load() -> list[Layout]:
    text = Path(__file__).with_name("layouts.toml").read_text("utf-8")
    return [Layout(**table) for table in tomllib.loads(text)["layout"]]


LAYOUTS = _load()


@dataclass(frozen=True)
class Truth:
    """What the server gets from a layout: Compose and the reference reader say so.

    ``environment`` is the container's, without what its image adds. ``refusal`` is the reason why
    Compose starts nothing; there is no answer then.
    """

    answer: Answer | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    hostname: str = ""
    refusal: str = ""

    @property
    def secret(self) -> str | None:
        """What the server logs in with; None where it does not get that far."""
        return None if self.answer is None else self.answer.secret


def ask(host: DockerHost, layout: Layout, directory: Path) -> Truth:
    """Ask Compose, as its operator would run it, and let the reader read the result."""
    profile = ("--profile", layout.profile) if layout.profile else ()
    said = host.run(
        "docker", "compose", *profile, "config", "--format", "json", directory=directory,
        environ=layout.environ,
    )  # fmt: skip
    if said.returncode:
        return Truth(refusal=said.stderr)
    # What is printed could be read as a compose file again, where a dollar sign needs another one.
    service = json.loads(said.stdout.replace("$$", "$"))["services"][layout.service]
    variables = service.get("environment") or {}
    environment = {name: value for name, value in variables.items() if value is not None}
    config = _mounted(service, directory / layout.config)
    return Truth(read(config, environment), environment, service.get("hostname", ""))


def _mounted(service: Mapping[str, Any], config: Path) -> Path:
    """Return config.toml as the container sees it, which must be the one of the layout."""
    target = Path(image.CONFIG)
    mounts = {Path(each["target"]): each for each in service.get("volumes", ())}
    if mount := mounts.get(target.parent):
        assert Path(mount["source"]) == config.parent
    else:
        configs = {Path(each["target"]) for each in service.get("configs", ())}
        assert target in mounts or target in configs
    return config


def read(config: Path, environment: Mapping[str, str]) -> Answer:
    """Let the reader read the files with the container's variables."""
    done = subprocess.run(
        [built("reference_rust"), "text", config], env={"PATH": os.defpath, **environment},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return Answer.parse(done.stdout)

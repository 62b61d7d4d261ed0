"""The command for the operator makes Compose read what it reads in its own directory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.compose.plugin import docker_config
from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import find_layout
from wizard.secrets.sources import ENV_FILE
from wizard.server.next_steps import compose_command, start_command

pytestmark = pytest.mark.heavy

SERVICE = """\
services:
  bom:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment: {SMTP_SECRET: "${SMTP_SECRET}"}
    volumes: ["./bomnipotent_config:/etc/bomnipotent_server/configs:ro"]
"""
OVERRIDE = "services: {bom: {hostname: mail.example.org}}\n"
LAYOUTS = {
    "usual": {"compose.yaml": SERVICE},
    "with an override": {"compose.yaml": SERVICE, "compose.override.yaml": OVERRIDE},
    "older name": {"docker-compose.yml": SERVICE, "docker-compose.yaml": "services: {}\n"},
    "named in .env": {
        ".env": "SMTP_SECRET=x\nCOMPOSE_FILE=base.yaml:more.yaml\n",
        "base.yaml": SERVICE,
        "more.yaml": OVERRIDE,
        "compose.yaml": "services: {}\n",
    },
}


def configured(directory: Path, files: dict[str, str], environ: dict[str, str]) -> CurrentConfig:
    for name, text in {".env": "SMTP_SECRET=x\n", **files}.items():
        (directory / name).write_text(text)
    config = directory / "bomnipotent_config" / "config.toml"
    config.parent.mkdir()
    config.write_text('[smtp]\nuser = "a@b.example"\nendpoint = "c"\nsecret = "${SMTP_SECRET}"\n')
    return load_config(find_layout(config), environ).with_container()


@pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)
def test_compose_reads_the_same_from_any_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]
) -> None:
    directory, elsewhere = tmp_path / "a b", tmp_path / "elsewhere"
    directory.mkdir()
    elsewhere.mkdir()
    environ = {**os.environ, "DOCKER_CONFIG": str(docker_config())}
    current = configured(directory, files, environ)
    shown = []
    for place in (directory, elsewhere):
        monkeypatch.chdir(place)
        command = compose_command(current, "config")
        assert command[-1] == "bom"
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (len(command) == 4) is (place is directory)  # no flags at home
        shown.append(done.stdout)
    assert shown[0] == shown[1]
    assert "SMTP_SECRET: x" in shown[0]


def test_service_is_named_and_flags_only_where_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Compose at hand, too."""
    directory = tmp_path / "a b"
    directory.mkdir()
    current = configured(directory, LAYOUTS["usual"], {"PATH": ""})
    up = f"docker compose --project-directory '{directory}' up -d bom"
    assert start_command(ENV_FILE, current) == up
    monkeypatch.chdir(directory)
    assert start_command(ENV_FILE, current) == "docker compose up -d bom"

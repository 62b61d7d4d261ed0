"""The files of a server are found where the server will look for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wizard.config import layout
from wizard.config.layout import LayoutKind, configs_here, configs_to_choose, find_layout
from wizard.errors import FileRefused
from wizard.files.reading import Snapshot, read_file

COMPOSE = """\
services:
  bomnipotent_server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
    volumes:
      - ./bomnipotent_config:/etc/bomnipotent_server/configs/:ro
"""


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layout, "_SYSTEM_CONFIG", tmp_path / "etc" / "config.toml")


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_first_existing_config_is_used(tmp_path: Path) -> None:
    system = touch(tmp_path / "etc" / "config.toml")
    assert find_layout(directory=tmp_path).config == system
    nested = touch(tmp_path / "bomnipotent_config" / "config.toml")
    assert find_layout(directory=tmp_path).config == nested
    here = touch(tmp_path / "config.toml")
    assert find_layout(directory=tmp_path).config == here


def test_empty_directory_gets_a_standalone_config(tmp_path: Path) -> None:
    found = find_layout(directory=tmp_path)
    assert found.kind is LayoutKind.STANDALONE
    assert found.config == tmp_path / "config.toml"
    assert found.env_file == tmp_path / ".env"


@pytest.mark.parametrize(
    "name", ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
)
def test_config_is_below_the_compose_file_and_env_beside_it(tmp_path: Path, name: str) -> None:
    touch(tmp_path / name, COMPOSE)
    found = find_layout(directory=tmp_path)
    assert found.kind is LayoutKind.COMPOSE
    assert found.config == tmp_path / "bomnipotent_config" / "config.toml"
    assert found.env_file == tmp_path / ".env"
    assert found.compose_file == tmp_path / name


def test_compose_is_recognised_from_within_the_config_directory(tmp_path: Path) -> None:
    touch(tmp_path / "compose.yaml", COMPOSE)
    config = touch(tmp_path / "bomnipotent_config" / "config.toml")
    found = find_layout(Path("config.toml"), directory=config.parent)
    assert found.kind is LayoutKind.COMPOSE
    assert found.env_file == tmp_path / ".env"


def test_compose_file_of_something_else_is_not_ours(tmp_path: Path) -> None:
    touch(tmp_path / "compose.yaml", "services: {wiki: {image: wiki}}\n")
    config = touch(tmp_path / "server" / "config.toml")
    found = find_layout(config)
    assert found.kind is LayoutKind.STANDALONE
    assert found.env_file == config.with_name(".env")


def test_env_file_can_be_named(tmp_path: Path) -> None:
    found = find_layout(None, Path("other.env"), tmp_path)
    assert found.env_file == tmp_path / "other.env"


def test_unreadable_compose_file_is_refused_unless_env_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "bomnipotent_config" / "config.toml"
    config.parent.mkdir()
    compose = tmp_path / "compose.yaml"
    compose.write_text("services: {}\n")
    original = read_file

    def refused(path: Path) -> Snapshot:
        if path == compose:
            raise FileRefused("file-unreadable", "Permission denied.", path=path)
        return original(path)

    monkeypatch.setattr(layout, "read_file", refused)  # root may read everything
    with pytest.raises(FileRefused) as caught:
        find_layout(config)
    assert caught.value.code == "compose-file-unreadable"
    assert find_layout(config, tmp_path / ".env").env_file == tmp_path / ".env"


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_compose_file_may_have_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    touch(tmp_path / "stack.yaml", COMPOSE)
    if where == ".env":
        touch(tmp_path / ".env", "COMPOSE_FILE=stack.yaml\n")
    else:
        monkeypatch.setenv("COMPOSE_FILE", "stack.yaml")
    config = touch(tmp_path / "bomnipotent_config" / "config.toml")
    found = find_layout(config)
    assert (found.kind, found.compose_file) == (LayoutKind.COMPOSE, tmp_path / "stack.yaml")
    assert found.env_file == tmp_path / ".env"


def test_configs_here_are_those_that_exist_and_the_present_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here, new = touch(tmp_path / "config.toml"), tmp_path / "elsewhere" / "config.toml"
    assert configs_here(here) == [here]
    assert configs_here(new) == [here, new]


def test_directory_that_cannot_be_searched_or_is_gone_has_no_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, here = tmp_path / "config.toml", tmp_path / "here"
    touch(here / "compose.yaml", COMPOSE)
    below = here / "bomnipotent_config"
    below.symlink_to("a" * 300)  # fails to be searched even for root
    monkeypatch.chdir(here)
    assert configs_to_choose(present) == [below / "config.toml", present]
    assert configs_here(present) == [present]
    shutil.rmtree(here)
    assert configs_to_choose(present) == configs_here(present) == [present]

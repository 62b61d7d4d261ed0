"""``set`` where config.toml is mounted on its own, so that the server does not notice changes."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CONFIG, Cli

COMPOSE = """\
services:
  server:
    image: wwhsoft/bomnipotent_server:1.5.0
    environment:
      SMTP_SECRET: ${SMTP_SECRET}
    volumes:
      - {source}
"""
FILE = "./bomnipotent_config/config.toml:/etc/bomnipotent_server/configs/config.toml:ro"
DIRECTORY = "./bomnipotent_config:/etc/bomnipotent_server/configs/:ro"


@pytest.mark.parametrize(
    ("source", "needed"), [(FILE, True), (DIRECTORY, False)], ids=["file", "directory"]
)
def test_restart_is_needed_only_where_the_change_is_not_noticed(
    cli: Cli, source: str, needed: bool
) -> None:
    cli.write("bomnipotent_config/config.toml", CONFIG)
    cli.write("compose.yaml", COMPOSE.replace("{source}", source))
    cli.write(".env", "SMTP_SECRET=x\n")
    result = cli("set", "--user", "other@example.org", "--no-test", "--json")
    assert result.code == 0
    assert result.json["restart_needed"] is needed
    result = cli("set", "--user", "again@example.org", "--no-test")
    assert ("docker compose restart server" in result.err) is needed
    assert ("reloads config.toml by itself" in result.err) is not needed


def test_second_identical_run_needs_no_restart(cli: Cli) -> None:
    cli.write("bomnipotent_config/config.toml", CONFIG)
    cli.write("compose.yaml", COMPOSE.replace("{source}", FILE))
    cli.write(".env", "SMTP_SECRET=x\n")
    result = cli("set", "--user", "me@example.org", "--no-test", "--json")
    assert result.json["changed"] is False
    assert result.json["restart_needed"] is False

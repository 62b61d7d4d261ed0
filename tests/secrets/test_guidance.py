"""What is said about a store is true for the layout."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from wizard.compose.file import parse_compose
from wizard.config.layout import Layout, LayoutKind
from wizard.secrets.sources import CREDENTIAL, ENV_FILE, KEYRING, STORES, StoreKind
from wizard.server.next_steps import (
    compose_environment_lines,
    start_command,
    store_consequence,
)

CONFIG = Path("/srv/a b/bomnipotent_config/config.toml")
COMPOSE = Layout(LayoutKind.COMPOSE, CONFIG, Path("/srv/a b/.env"), Path("/srv/a b/compose.yaml"))
STANDALONE = Layout(LayoutKind.STANDALONE, CONFIG, CONFIG.with_name(".env"))


@pytest.mark.parametrize("kind", LayoutKind)
@pytest.mark.parametrize("place", STORES)
def test_every_store_has_a_consequence(place: StoreKind, kind: LayoutKind) -> None:
    sentence = store_consequence(place, kind)
    assert sentence.endswith(".")
    assert ("exec" in sentence) is (place is not ENV_FILE)


def test_command_starts_the_server_with_its_secret() -> None:
    up = ["docker", "compose", "-f", "/srv/a b/compose.yaml", "up", "-d"]
    assert shlex.split(start_command(ENV_FILE, COMPOSE)) == up
    by_exec = ["smtp-wizard", "-c", str(CONFIG), "exec", "--"]
    assert shlex.split(start_command(KEYRING, COMPOSE)) == [*by_exec, *up]
    assert shlex.split(start_command(KEYRING, STANDALONE)) == [
        *by_exec, "bomnipotent_server", str(CONFIG),
    ]  # fmt: skip
    for place in (ENV_FILE, CREDENTIAL):
        command = start_command(place, STANDALONE)
        assert command == "systemctl restart bomnipotent"


def test_lines_for_compose_are_what_compose_understands() -> None:
    lines = "\n".join(f"      {line}" for line in compose_environment_lines("SMTP_SECRET"))
    parsed = parse_compose(f"services:\n    server:\n{lines}\n")
    assert parsed.services["server"].environment["SMTP_SECRET"].value == "${SMTP_SECRET:?}"

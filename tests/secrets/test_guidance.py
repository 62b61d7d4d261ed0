"""What is said of a store fits the way in which the server is run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from wizard.cli.parser import build_parser
from wizard.compose.file import parse_compose
from wizard.config.layout import Layout, LayoutKind
from wizard.secrets.sources import CREDENTIAL, ENV_FILE, KEYRING, STORES, StoreKind, store_kind
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


def test_every_store_can_be_named_on_the_command_line() -> None:
    for store in STORES:
        options = build_parser().parse_args(["set", "--store", store.option])
        assert store_kind(options.store) is store
    with pytest.raises(ValueError, match="elsewhere"):
        store_kind("elsewhere")


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


def test_compose_understands_the_lines_for_it() -> None:
    lines = "\n".join(f"      {line}" for line in compose_environment_lines("SMTP_SECRET"))
    parsed = parse_compose(f"services:\n    server:\n{lines}\n")
    assert parsed.services["server"].environment["SMTP_SECRET"].value == "${SMTP_SECRET:?}"

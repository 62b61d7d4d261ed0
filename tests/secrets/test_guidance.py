"""What is said of a store fits the way in which the server is run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from wizard.cli.parser import build_parser
from wizard.config.current import load_config
from wizard.config.layout import Layout, LayoutKind
from wizard.secrets.sources import CREDENTIAL, ENV_FILE, KEYRING, STORES, StoreKind, store_kind
from wizard.server.next_steps import start_command, store_consequence

CONFIG = Path("/srv/a b/bomnipotent_config/config.toml")
PROJECT = CONFIG.parent.parent
COMPOSE = Layout(
    LayoutKind.COMPOSE,
    CONFIG,
    PROJECT / ".env",
    PROJECT / "compose.yaml",
    compose_directory=PROJECT,
)
STANDALONE = Layout(LayoutKind.STANDALONE, CONFIG, CONFIG.with_name(".env"))


def systemd(directory: Path, script: str) -> dict[str, str]:
    """Return an environment with a stand-in for ``systemctl``: not every machine runs systemd."""
    program = directory / "systemctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{directory}:/usr/bin:/bin"}


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
    up = ["docker", "compose", "--project-directory", "/srv/a b", "up", "-d"]
    composed, standalone = load_config(COMPOSE, {}), load_config(STANDALONE, {})
    assert shlex.split(start_command(ENV_FILE, composed)) == up
    by_exec = ["smtp-wizard", "-c", str(CONFIG), "exec", "--"]
    assert shlex.split(start_command(KEYRING, composed)) == [*by_exec, *up]
    assert shlex.split(start_command(KEYRING, standalone)) == [
        *by_exec, "bomnipotent_server", str(CONFIG),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ('[ "$*" = "show --property=LoadState --value bomnipotent.service" ] && echo loaded', True),
        ("echo not-found", False),
        ("echo 'System has not been booted with systemd.' >&2; exit 1", False),
        ("yes loaded", False),
        ("exec sleep 60", False),
    ],
    ids=["loaded", "not found", "no systemd", "talkative", "hanging"],
)
def test_unit_is_restarted_only_where_there_is_one(
    tmp_path: Path, script: str, known: bool
) -> None:
    standalone = load_config(STANDALONE, systemd(tmp_path, script))
    for place in (ENV_FILE, CREDENTIAL):
        command = start_command(place, standalone)
        assert command == ("systemctl restart bomnipotent" if known else "")


def test_unit_is_not_looked_for_without_systemd() -> None:
    assert start_command(ENV_FILE, load_config(STANDALONE, {"PATH": ""})) == ""

"""No file of a stranger sends a variable of the caller to the mail server that it names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.attacks.attacker import ATTACKER
from tests.attacks.conftest import Site, give, write
from tests.files.accounts import in_child, needs_root
from wizard.check.inspection import inspect_config
from wizard.cli import main
from wizard.config.current import CurrentConfig, load_config, stranger_findings
from wizard.config.layout import find_layout

pytestmark = needs_root

TOKEN = "token-of-the-caller"
CONFIG = '[smtp]\nuser = "${TOKEN}@x.example"\nendpoint = "smtp://127.0.0.1:1"\n'
INDIRECT = CONFIG.replace("TOKEN", "FORWARDED")
ENV = "FORWARDED=${TOKEN}\n"


@pytest.fixture(autouse=True)
def caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "DOCKER_AUTH_CONFIG", "KEYRING_PROPERTY_KEY"):
        monkeypatch.setenv(name, TOKEN)


def load(config: Path) -> CurrentConfig:
    return load_config(find_layout(config))


@pytest.mark.parametrize(
    "roots_own", [(), ("home", "home/configs"), ("home/configs/config.toml",)], ids=str
)
def test_config_of_a_stranger_sees_no_variable_of_root(
    site: Site, roots_own: tuple[str, ...]
) -> None:
    config = give(write(site.configs / "config.toml", CONFIG, 0o644))
    for name in roots_own:
        os.chown(site.root / name, 0, 0)
    current = load(config)
    assert current.stranger == ATTACKER
    assert TOKEN not in current.environ.values()
    assert current.lookup("TOKEN") is None


def test_env_file_of_a_stranger_sees_no_variable_of_root(site: Site) -> None:
    config = give(write(site.configs / "config.toml", INDIRECT, 0o644))
    give(write(site.configs / ".env", ENV, 0o600))
    assert load(config).lookup("FORWARDED") == ""
    inspection = inspect_config(find_layout(config), os.environ)
    assert TOKEN not in inspection.environ.values()


def test_an_ordinary_account_is_protected_as_well(site: Site) -> None:
    config = give(write(site.configs / "config.toml", CONFIG, 0o644))
    assert in_child(lambda: load(config).lookup("TOKEN"), 3456) is None
    assert in_child(lambda: load(config).lookup("TOKEN"), ATTACKER) == TOKEN


def test_own_files_and_those_of_who_calls_sudo_see_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = write(site.private / "config.toml", CONFIG, 0o600)
    assert load(own).lookup("TOKEN") == TOKEN
    theirs = give(write(site.configs / "config.toml", CONFIG, 0o644))
    monkeypatch.setenv("SUDO_UID", str(ATTACKER))
    assert load(theirs).lookup("TOKEN") == TOKEN


def test_show_and_test_say_so(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    config = give(write(site.configs / "config.toml", CONFIG, 0o644))
    main(["-c", str(config), "show"])
    shown = capfd.readouterr().out
    assert f"not used: #{ATTACKER} can write the files here" in shown
    main(["-c", str(config), "show", "--json"])
    assert json.loads(capfd.readouterr().out)["environment_used"] is False
    assert main(["-c", str(config), "test", "--timeout", "1"]) == 3
    out, err = capfd.readouterr()
    assert "TOKEN is set in this environment, but not used" in err
    assert f"sudo -u '#{ATTACKER}' smtp-wizard …" in err
    assert TOKEN not in out + err
    assert [each.code for each in stranger_findings(load(config))] == ["environment-not-used"]

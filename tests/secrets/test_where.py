"""The secret is found in every place, and the right place wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG
from tests.secrets.fragile import Fragile
from tests.secrets.session_bus import SessionBus
from wizard.config.current import CurrentConfig, load_config
from wizard.config.layout import find_layout
from wizard.errors import StoreUnusable
from wizard.secrets import resolver
from wizard.secrets.secret import Secret
from wizard.secrets.store import SecretSource

SECRET = Secret("hunter22")


def load(
    directory: Path, environ: dict[str, str] | None = None, config: str = CONFIG
) -> CurrentConfig:
    (directory / "config.toml").write_text(config)
    return load_config(find_layout(directory / "config.toml"), environ or {})


def test_places_are_told_in_the_order_in_which_they_win(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_SECRET=hunter22\n")
    (tmp_path / "smtp_secret").write_text("hunter22")
    environ = {"SMTP_SECRET": "x", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    now = load(tmp_path, environ)
    found = resolver.find(now, keyring=Fragile("the keyring", SECRET))
    assert found.places == (
        SecretSource.ENVIRONMENT,
        SecretSource.ENV_FILE,
        SecretSource.CREDENTIAL,
        SecretSource.KEYRING,
    )
    assert found.effective is SecretSource.ENVIRONMENT
    assert not found.needs_exec


def test_keyring_alone_needs_exec(tmp_path: Path) -> None:
    found = resolver.find(load(tmp_path), keyring=Fragile("the keyring", SECRET))
    assert found.places == (SecretSource.KEYRING,)
    assert found.needs_exec


def test_keyring_is_not_asked_where_the_secret_is_found_already(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_SECRET=hunter22\n")
    broken = Fragile("the keyring", failing="exists")
    quick = resolver.find(load(tmp_path), keyring=broken, thorough=False)
    assert (quick.places, quick.keyring_problem) == ((SecretSource.ENV_FILE,), None)
    thorough = resolver.find(load(tmp_path), keyring=broken)
    assert thorough.places == (SecretSource.ENV_FILE,)
    assert thorough.keyring_problem is not None
    assert thorough.keyring_problem.code == "exists-failed"


@pytest.mark.parametrize(
    ("secret", "places"),
    [('secret = "in the open"', (SecretSource.LITERAL,)), ("", ())],
)
def test_nothing_is_asked_where_no_variable_is_wanted(
    tmp_path: Path, secret: str, places: tuple[SecretSource, ...]
) -> None:
    now = load(tmp_path, config=CONFIG.replace('secret = "${SMTP_SECRET}"', secret))
    keyring = Fragile("the keyring", SECRET, failing="exists-killed")
    assert resolver.find(now, keyring=keyring).places == places
    assert resolver.fetch(now, keyring=keyring) == {}


def test_fetched_secret_is_what_the_server_would_use(tmp_path: Path) -> None:
    now = load(tmp_path)
    secrets = resolver.fetch(now, keyring=Fragile("the keyring", SECRET))
    assert secrets == {"SMTP_SECRET": SECRET}


def test_keyring_that_cannot_be_read_is_told_with_what_else_was_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable) as refusal:
        resolver.fetch(load(tmp_path), keyring=Fragile("the keyring", failing="read"))
    assert refusal.value.code == "read-failed"
    assert "neither in the environment nor in .env. the keyring failed" in refusal.value.message


def test_stores_of_a_configuration_belong_together(unlocked: SessionBus, tmp_path: Path) -> None:
    now = load(tmp_path, unlocked.environ)
    resolver.keyring_store(now).write(SECRET)
    assert unlocked.labels() == ["BOMnipotent Server – SMTP secret (mail.example.org)"]  # noqa: RUF001
    assert resolver.find(now).places == (SecretSource.KEYRING,)
    resolver.env_file_store(now).write(SECRET)
    assert (tmp_path / ".env").read_text().endswith("SMTP_SECRET=hunter22\n")
    assert resolver.credential_store(now).path == tmp_path / "smtp_secret.cred"

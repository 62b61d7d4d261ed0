"""The secret is found wherever it is, and the right source wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG
from tests.file_vault import FileVault
from tests.secrets.fragile import Fragile
from tests.secrets.session_bus import SessionBus
from wizard.cli.show_command import as_lines, describe
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import StoreUnusable
from wizard.saving.plan import make_plan
from wizard.secrets import resolver
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.resolver import Ask
from wizard.secrets.secret import Secret
from wizard.secrets.sources import (
    CREDENTIAL,
    ENV_FILE,
    ENVIRONMENT,
    KEYRING,
    LITERAL,
    SecretSource,
    StoreKind,
)
from wizard.server.next_steps import start_command

SECRET = Secret("hunter22")
KeyringIs = Callable[[Fragile], None]


def load(
    directory: Path, environ: dict[str, str] | None = None, config: str = CONFIG
) -> CurrentConfig:
    (directory / "config.toml").write_text(config)
    return load_config(find_layout(directory / "config.toml"), environ or {})


@pytest.fixture
def keyring_is(monkeypatch: pytest.MonkeyPatch) -> KeyringIs:
    """Replaces the keyring."""

    def replace(keyring: Fragile) -> None:
        monkeypatch.setattr(KeyringStore, "reader", lambda config, environ: keyring)

    return replace


def test_sources_are_listed_in_order_of_precedence(keyring_is: KeyringIs, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_SECRET=hunter22\n")
    (tmp_path / "smtp_secret").write_text("hunter22")
    environ = {"SMTP_SECRET": "x", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    now = load(tmp_path, environ)
    keyring_is(Fragile("the keyring", SECRET))
    sources = now.resolver.sources(Ask.ALWAYS)
    assert sources.found == (
        ENVIRONMENT,
        ENV_FILE,
        CREDENTIAL,
        KEYRING,
    )
    assert sources.effective is ENVIRONMENT
    assert not sources.needs_exec


def test_keyring_alone_needs_exec(keyring_is: KeyringIs, tmp_path: Path) -> None:
    keyring_is(Fragile("the keyring", SECRET))
    sources = load(tmp_path).resolver.sources(Ask.IF_NOWHERE_ELSE)
    assert sources.found == (KEYRING,)
    assert sources.needs_exec


def test_keyring_is_not_asked_if_the_secret_is_elsewhere(
    keyring_is: KeyringIs, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SMTP_SECRET=hunter22\n")
    keyring_is(Fragile("the keyring", failing="exists"))
    quick = load(tmp_path).resolver.sources(Ask.IF_NOWHERE_ELSE)
    assert quick == ((ENV_FILE,), None)
    thorough = load(tmp_path).resolver.sources(Ask.ALWAYS)
    assert thorough.found == (ENV_FILE,)
    assert thorough.unanswered is not None
    store, problem = thorough.unanswered
    assert (store, problem.code) == (KEYRING, "exists-failed")


@pytest.mark.parametrize(
    ("secret", "expected"),
    [('secret = "in the open"', (LITERAL,)), ("", ())],
)
def test_no_store_is_asked_where_no_variable_is_needed(
    keyring_is: KeyringIs, tmp_path: Path, secret: str, expected: tuple[SecretSource, ...]
) -> None:
    now = load(tmp_path, config=CONFIG.replace('secret = "${SMTP_SECRET}"', secret))
    keyring_is(Fragile("the keyring", SECRET, failing="exists-killed"))
    assert now.resolver.sources(Ask.ALWAYS).found == expected
    assert now.resolver.for_exec() == {}


def test_exec_gets_the_secret_of_the_keyring(keyring_is: KeyringIs, tmp_path: Path) -> None:
    now = load(tmp_path)
    keyring_is(Fragile("the keyring", SECRET))
    assert now.resolver.for_exec() == {"SMTP_SECRET": SECRET}


def test_error_of_the_keyring_says_where_else_the_secret_was_looked_for(
    keyring_is: KeyringIs, tmp_path: Path
) -> None:
    keyring_is(Fragile("the keyring", failing="read"))
    with pytest.raises(StoreUnusable) as refusal:
        load(tmp_path).resolver.for_exec()
    assert refusal.value.code == "read-failed"
    assert "neither in the environment nor in .env. the keyring failed" in refusal.value.message


def test_stores_of_a_configuration_are_found_again(unlocked: SessionBus, tmp_path: Path) -> None:
    now = load(tmp_path, unlocked.environ)
    now.open_store(KEYRING).write(SECRET)
    assert unlocked.labels() == ["BOMnipotent Server – SMTP secret (mail.example.org)"]  # noqa: RUF001
    assert now.resolver.sources(Ask.ALWAYS).found == (KEYRING,)
    assert now.open_store(CREDENTIAL).files == (tmp_path / "smtp_secret.cred",)


class Vault(FileVault):
    """A store that is registered by nothing but its entry."""

    @classmethod
    def reader(cls, config: Path, environ: Mapping[str, str]) -> Vault:
        return cls(config.with_name("vault"))

    @classmethod
    def open(cls, config: Path, host: str, environ: Mapping[str, str], accepted: str) -> Vault:
        return cls.reader(config, environ)

    @classmethod
    def reopen(cls, config: Path, details: Mapping[str, str]) -> Vault:
        return cls.reader(config, {})


VAULT = StoreKind(
    name="vault", option="vault", open_class=lambda: Vault, label="The vault",
    in_show="set, in the vault", in_summary="in the vault",
    consequence="It is safe.", consequence_in_compose="", needs_exec="The vault is locked.",
)  # fmt: skip


def test_another_store_needs_only_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "EXTERNAL_STORES", (VAULT,))
    before = load(tmp_path)
    before.open_store(VAULT).write(SECRET)
    now = before.with_stored()
    assert (now.stored, now.stored_in, Draft.of(now).store) == (SECRET, VAULT, VAULT)
    assert now.resolver.for_exec() == {"SMTP_SECRET": SECRET}
    sources = now.resolver.sources(Ask.IF_NOWHERE_ELSE)
    assert describe(now, sources)["secret"]["found_in"] == ["vault"]
    assert "exec" in start_command(VAULT, now)
    moved = make_plan(now, replace(Draft.of(now), store=ENV_FILE))
    (change,) = moved.store_changes
    assert (change.kind, change.after) == (VAULT, None)
    assert b"hunter22" in (moved.changes[0].after or b"")


def test_a_secret_that_exec_brings_hides_no_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "EXTERNAL_STORES", (VAULT,))
    now = load(tmp_path)
    now.open_store(VAULT).write(SECRET)
    sources = now.resolver.sources(Ask.IF_NOWHERE_ELSE)
    lines = as_lines(now, sources, describe(now, sources))
    assert lines[-1].startswith("route ")
    assert not any(line.startswith("problem") for line in lines)


def test_a_secret_that_is_nowhere_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "EXTERNAL_STORES", (VAULT,))
    now = load(tmp_path)
    sources = now.resolver.sources(Ask.IF_NOWHERE_ELSE)
    assert as_lines(now, sources, describe(now, sources))[-1].startswith("problem ")

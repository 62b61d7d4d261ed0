"""``undo`` of what was written to a real keyring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.secrets.session_bus import SessionBus
from tests.secrets.test_set import FIRST, PRINT, SECRET, Account
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret

OTHER = "correct horse"


@pytest.fixture
def account(tmp_path: Path, unlocked: SessionBus) -> Account:
    directory = tmp_path / "server"  # other tests may leave files beside it
    directory.mkdir()
    return Account(directory, unlocked)


def test_undo_restores_the_secret_in_the_keyring(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.json("set", "--secret-stdin", "--no-test", stdin=f"{OTHER}\n")
    assert account(*PRINT).stdout == f"{OTHER}\n"
    account.json("undo")
    assert account(*PRINT).stdout == f"{SECRET}\n"
    account.json("undo")
    assert account(*PRINT).stdout == f"{OTHER}\n"


def test_undo_of_a_move_to_the_keyring_restores_env(account: Account) -> None:
    account.json(*FIRST, stdin=f"{SECRET}\n")
    before = account.env.read_bytes(), account.config.read_bytes()
    account.json("set", "--store", "keyring", "--no-test")
    account.json("undo")
    assert (account.env.read_bytes(), account.config.read_bytes()) == before
    assert account.json("show")["secret"]["found_in"] == ["env-file"]


def test_undo_of_a_move_from_the_keyring_restores_the_entry(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.json("set", "--store", "env", "--no-test")
    account.json("undo")
    assert account.json("show")["secret"]["found_in"] == ["keyring"]
    assert account(*PRINT).stdout == f"{SECRET}\n"


def test_undo_refuses_when_the_keyring_has_changed_since(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.json("set", "--secret-stdin", "--no-test", stdin=f"{OTHER}\n")
    KeyringStore(account.config, environ=account.environ).write(Secret("theirs"))
    done = account("undo", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "changed-since"
    assert account(*PRINT).stdout == "theirs\n"


def test_secret_of_a_keyring_is_never_kept_on_the_disk(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.json("set", "--secret-stdin", "--no-test", stdin=f"{OTHER}\n")
    state = Path(account.environ.get("XDG_STATE_HOME") or Path(account.environ["HOME"]) / ".local")
    kept = [path for path in state.rglob("*") if path.is_file() and "keyring" not in path.name]
    assert any(path.suffix == ".last" for path in kept)
    assert not any(word in path.read_bytes() for path in kept for word in (b"hunter22", b"horse"))

"""The keyring through the commands an operator uses: set, show, test, exec, and back to .env."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.secrets.session_bus import SessionBus
from wizard.formats.dotenv.variables import read_variable
from wizard.secrets.credential import CredentialStore

SECRET = "hunter22 #1"


class Account:
    """Runs commands in a login whose keyring is the fixture's."""

    def __init__(self, directory: Path, bus: SessionBus) -> None:
        self.directory = directory
        self.config = directory / "config.toml"
        self.env = directory / ".env"
        self.environ = {**bus.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "wizard", *arguments],
            input=stdin, capture_output=True, text=True, check=False,
            cwd=self.directory, env=self.environ,
        )  # fmt: skip
        assert SECRET not in done.stderr
        return done

    def json(self, *arguments: str, stdin: str = "") -> Any:
        done = self(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        assert SECRET not in done.stdout
        return json.loads(done.stdout)


@pytest.fixture
def account(tmp_path: Path, unlocked: SessionBus) -> Account:
    directory = tmp_path / "server"  # other tests may leave files beside it
    directory.mkdir()
    return Account(directory, unlocked)


FIRST = ("set", "--user", "a@b.example", "--endpoint", "mail.example.org", "--secret-stdin",
         "--no-test")  # fmt: skip
PRINT = ("exec", "--", sys.executable, "-c", "import os; print(os.environ['SMTP_SECRET'])")


def test_secret_is_kept_in_the_keyring_and_reaches_the_program(account: Account) -> None:
    document = account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    assert document["secret"] == {"store": "keyring", "variable": "SMTP_SECRET", "changed": True}
    assert "secret-needs-exec" in [warning["code"] for warning in document["warnings"]]
    assert 'secret = "${SMTP_SECRET}"' in account.config.read_text()
    assert not account.env.exists()
    shown = account.json("show")["secret"]
    assert (shown["set"], shown["effective"], shown["found_in"]) == (True, "keyring", ["keyring"])
    assert account(*PRINT).stdout == f"{SECRET}\n"


def test_second_identical_run_changes_nothing(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    document = account.json(*FIRST, stdin=f"{SECRET}\n")
    assert document["changed"] is False
    assert document["secret"] == {"store": "keyring", "variable": "SMTP_SECRET", "changed": False}


def test_secret_moves_to_the_keyring_and_back_without_a_copy(account: Account) -> None:
    account.json(*FIRST, stdin=f"{SECRET}\n")
    assert read_variable(account.env.read_text(), "SMTP_SECRET") == SECRET
    account.json("set", "--store", "keyring", "--no-test")
    assert "SMTP_SECRET" not in account.env.read_text()
    assert account.json("show")["secret"]["effective"] == "keyring"
    account.json("set", "--store", "env", "--no-test")
    assert read_variable(account.env.read_text(), "SMTP_SECRET") == SECRET
    account.env.write_text("")
    assert account.json("show")["secret"]["set"] is False


def test_removing_the_secret_removes_it_from_the_keyring(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.json("set", "--no-secret", "--endpoint", "smtp://relay:25", "--no-test")
    account.config.write_text('[smtp]\nuser = "a@b"\nendpoint = "c"\nsecret = "${SMTP_SECRET}"\n')
    assert account.json("show")["secret"]["set"] is False


def test_failed_write_removes_the_secret_from_the_keyring_again(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin="first\n")
    account.config.unlink()
    account.config.mkdir()
    assert account(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n").returncode == 4
    account.config.rmdir()
    account.config.write_text('[smtp]\nuser = "a@b"\nendpoint = "c"\nsecret = "${SMTP_SECRET}"\n')
    assert account(*PRINT).stdout == "first\n"


def test_live_test_uses_the_secret_of_the_keyring(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    done = account("test", "--json", "--no-alternatives")
    assert json.loads(done.stdout)["diagnosis"]["code"] != "secret-missing"


@pytest.fixture
def root(tmp_path: Path, bus: SessionBus) -> Account:
    """An account that may make credentials; the bus has no keyring."""
    found = CredentialStore(tmp_path / "x").check_availability()
    if not found.usable:
        pytest.skip(found.sentence)
    return Account(tmp_path, bus)


def test_secret_is_kept_as_a_credential_and_the_unit_is_printed(root: Account) -> None:
    done = root(*FIRST, "--store", "credential", stdin=f"{SECRET}\n")
    assert done.returncode == 0, done.stderr
    credential = root.directory / "smtp_secret.cred"
    assert f"LoadCredentialEncrypted=smtp_secret:{credential}" in done.stderr
    assert "systemctl daemon-reload" in done.stderr
    assert SECRET.encode() not in credential.read_bytes()
    assert not root.env.exists()
    assert root.json("show")["secret"]["effective"] == "credential"
    assert root(*PRINT).stdout == f"{SECRET}\n"


def test_credential_moves_back_to_env_and_leaves_no_copy(root: Account) -> None:
    root.json(*FIRST, "--store", "credential", stdin=f"{SECRET}\n")
    assert root.json("set", "--no-test", "--user", "c@d.example")["secret"]["store"] == "credential"
    document = root.json("set", "--store", "env", "--no-test")
    assert document["secret"]["store"] == "env"
    assert read_variable(root.env.read_text(), "SMTP_SECRET") == SECRET
    assert not (root.directory / "smtp_secret.cred").exists()


@pytest.mark.parametrize("value", ["something else", ""])
def test_what_is_stored_is_moved_and_not_what_the_environment_has(
    account: Account, value: str
) -> None:
    account.json(*FIRST, stdin=f"{SECRET}\n")
    account.environ["SMTP_SECRET"] = value
    account.json("set", "--store", "keyring", "--no-test")
    del account.environ["SMTP_SECRET"]
    assert "SMTP_SECRET=" not in account.env.read_text()
    assert account(*PRINT).stdout == f"{SECRET}\n"


def test_environment_does_not_hide_the_keyring(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    account.environ["SMTP_SECRET"] = "something else"
    account.json("set", "--store", "env", "--no-test")
    assert read_variable(account.env.read_text(), "SMTP_SECRET") == SECRET
    account.env.write_text("")
    del account.environ["SMTP_SECRET"]
    assert account.json("show")["secret"]["set"] is False


def test_new_secret_leaves_no_old_copy_in_the_keyring(account: Account) -> None:
    account.json(*FIRST, "--store", "keyring", stdin="old one\n")
    account.env.write_text("SMTP_SECRET=stale\n")
    account.json("set", "--secret-stdin", "--store", "env", "--no-test", stdin=f"{SECRET}\n")
    account.env.write_text("")
    assert account.json("show")["secret"]["set"] is False


def test_literal_secret_is_moved_to_the_named_store(account: Account) -> None:
    account.config.write_text(f'[smtp]\nuser = "a@b"\nendpoint = "c"\nsecret = "{SECRET}"\n')
    account.json("set", "--store", "keyring", "--no-test")
    assert SECRET not in account.config.read_text()
    assert account(*PRINT).stdout == f"{SECRET}\n"


def test_secret_that_is_not_stored_cannot_be_moved(account: Account) -> None:
    account.config.write_text('[smtp]\nuser = "a@b"\nendpoint = "c"\nsecret = "x${SMTP_SECRET}"\n')
    account.env.write_text("SMTP_SECRET=part\n")
    done = account("set", "--store", "keyring", "--no-test", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "secret-not-movable"


def test_credential_that_cannot_be_decrypted_can_be_replaced(root: Account) -> None:
    root.json(*FIRST, "--store", "credential", stdin="old one\n")
    (root.directory / "smtp_secret.cred").write_text("garbage")
    root.json("set", "--store", "credential", "--secret-stdin", "--no-test", stdin=f"{SECRET}\n")
    assert root(*PRINT).stdout == f"{SECRET}\n"


def test_keyring_that_does_not_answer_is_not_taken_for_empty(
    account: Account, unlocked: SessionBus
) -> None:
    account.json(*FIRST, "--store", "keyring", stdin=f"{SECRET}\n")
    for daemon in unlocked.daemons[1:]:  # the first one is the bus
        daemon.send_signal(signal.SIGSTOP)
    found = json.loads(account("check", "--json").stdout)["findings"]
    codes = [finding["code"] for finding in found]
    assert "keyring-not-asked" in codes
    assert "secret-unset" not in codes
    assert "could not be asked" in account("show").stdout

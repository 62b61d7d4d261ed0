"""What every store promises, tested with the real ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.secrets.session_bus import session_bus
from wizard.errors import StoreUnusable
from wizard.secrets.credential import CredentialStore
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret
from wizard.secrets.store import ExternalStore

# Returns the store for a configuration in the directory.
Factory = Callable[[Path], ExternalStore]

SECRETS = [
    "hunter22",
    "open$esame",
    "correct horse",
    'it\'s "quoted" \\ and ${NAME} # not a comment',
    "ünïcödé ✓ 密码",
    "\ttab",
    "x" * 4000,
]


@pytest.fixture(scope="module", params=["keyring", "credential"])
def factory(request: pytest.FixtureRequest) -> Iterator[Factory]:
    match request.param:
        case "keyring":
            with session_bus() as bus:
                if shutil.which("gnome-keyring-daemon") is None:
                    pytest.skip("gnome-keyring is not installed")
                bus.keyring(unlocked=True)
                yield lambda directory: KeyringStore(directory / "config.toml", environ=bus.environ)
        case _:
            usable_systemd_creds()
            yield lambda directory: CredentialStore(directory / "smtp_secret.cred")


def usable_systemd_creds() -> None:
    """Skip the test if systemd-creds is missing or has no key to encrypt with."""
    if shutil.which("systemd-creds") is None:
        pytest.skip("systemd-creds is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can use systemd-creds")
    import subprocess

    command = ["systemd-creds", "encrypt", "--name=trial", "-", "-"]
    done = subprocess.run(command, input=b"trial", capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"systemd-creds cannot encrypt here: {done.stderr.decode().strip()}")


@pytest.fixture
def store(factory: Factory, tmp_path: Path) -> ExternalStore:
    return factory(tmp_path)


def test_store_is_usable_and_can_be_named_in_a_sentence(store: ExternalStore) -> None:
    found = store.check_availability()
    assert found.usable
    assert (found.code, found.sentence, found.remedy) == ("", "", "")
    assert store.name


def test_checking_availability_stores_nothing(store: ExternalStore, tmp_path: Path) -> None:
    store.check_availability()
    assert not store.exists()
    assert list(tmp_path.iterdir()) == []


def test_new_store_holds_nothing(store: ExternalStore) -> None:
    assert not store.exists()
    assert store.read() is None


@pytest.mark.parametrize("text", SECRETS, ids=range(len(SECRETS)))
def test_what_is_written_is_read_back_exactly(store: ExternalStore, text: str) -> None:
    store.write(Secret(text))
    assert store.exists()
    assert store.read() == Secret(text)


def test_new_secret_replaces_the_old_one(store: ExternalStore) -> None:
    store.write(Secret("former"))
    store.write(Secret("hunter22"))
    assert store.read() == Secret("hunter22")


def test_deleted_secret_is_gone(store: ExternalStore) -> None:
    store.write(Secret("hunter22"))
    store.delete()
    assert not store.exists()
    assert store.read() is None


def test_deleting_nothing_is_no_error(store: ExternalStore) -> None:
    store.delete()
    store.write(Secret("hunter22"))
    store.delete()
    store.delete()
    assert not store.exists()


def test_configurations_do_not_share_an_entry(factory: Factory, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = factory(tmp_path / "one"), factory(tmp_path / "two")
    one.write(Secret("hunter22"))
    assert not two.exists()
    two.write(Secret("open$esame"))
    two.delete()
    assert one.read() == Secret("hunter22")


def test_secret_is_in_no_repr(store: ExternalStore) -> None:
    store.write(Secret("hunter22"))
    assert "hunter22" not in repr(store) + str(vars(store)) + repr(store.read())


@pytest.mark.parametrize("text", ["a\udcffb", "two\nlines", "a\0b"], ids=["bad", "lines", "NUL"])
def test_secret_that_could_not_be_moved_later_is_refused_and_not_written(
    store: ExternalStore, text: str
) -> None:
    with pytest.raises(StoreUnusable) as refusal:
        store.write(Secret(text))
    assert refusal.value.exit_code == 6
    assert refusal.value.remedy
    assert not store.exists()

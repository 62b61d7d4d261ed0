"""A keyring in any condition is checked in time, without a prompt, and described."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.secrets.session_bus import SessionBus
from wizard.errors import StoreUnusable
from wizard.secrets.keyring import KeyringStore, keyring_user
from wizard.secrets.secret import Secret

CONFIG = Path("/srv/bomnipotent/config.toml")
IS_ROOT = os.geteuid() == 0
SECRET = Secret("open$esame ✓")
IN_TIME = 20.0
"""Seconds in which even a busy machine is done; D-Bus itself gives up after 25."""


def store(bus: SessionBus, **options: object) -> KeyringStore:
    return KeyringStore(CONFIG, "mail.example.org", environ=bus.environ, **options)  # type: ignore[arg-type]


def test_unlocked_keyring_is_usable_and_the_trial_entry_is_gone(unlocked: SessionBus) -> None:
    found = store(unlocked).check_availability()
    assert (found.usable, found.code) == (True, "")
    assert found.backend == "keyring.backends.SecretService.Keyring"
    assert unlocked.labels() == []


def test_entry_has_the_documented_names(unlocked: SessionBus) -> None:
    store(unlocked).write(SECRET)
    assert unlocked.labels() == ["BOMnipotent Server – SMTP secret (mail.example.org)"]  # noqa: RUF001
    done = subprocess.run(
        [sys.executable, "-m", "keyring", "get", "bomnipotent-smtp", str(CONFIG)],
        env={**unlocked.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == SECRET.reveal() + "\n"


def test_entry_is_replaced_and_not_duplicated(unlocked: SessionBus) -> None:
    store(unlocked).write(SECRET)
    store(unlocked).write(Secret("another"))
    assert store(unlocked).read() == Secret("another")
    assert len(unlocked.labels()) == 1


def test_locked_keyring_is_reported_with_and_without_an_entry(keyring_bus: SessionBus) -> None:
    former = keyring_bus.keyring(unlocked=True)
    store(keyring_bus).write(SECRET)
    former.kill()
    former.wait()
    keyring_bus.keyring(unlocked=False)
    found = store(keyring_bus).check_availability()
    assert found.code == "keyring-locked"
    assert "holds an entry" in found.sentence
    assert "gnome-keyring-daemon --replace --unlock" in found.remedy
    assert store(keyring_bus).exists()
    other = KeyringStore(Path("/other/config.toml"), environ=keyring_bus.environ)
    assert "holds an entry" not in other.check_availability().sentence
    assert not other.exists()
    for attempt in (other.read, other.delete, lambda: other.write(SECRET)):
        with pytest.raises(StoreUnusable) as refusal:
            attempt()
        assert refusal.value.code == "keyring-locked"
        assert refusal.value.exit_code == 6


def test_keyring_without_collection_is_reported(keyring_bus: SessionBus) -> None:
    keyring_bus.keyring(unlocked=False)
    found = store(keyring_bus).check_availability()
    assert found.code == "keyring-no-collection"
    with pytest.raises(StoreUnusable, match="no default collection"):
        store(keyring_bus).write(SECRET)


def test_stopped_daemon_is_abandoned_in_time(unlocked: SessionBus) -> None:
    unlocked.daemons[-1].send_signal(signal.SIGSTOP)
    started = time.monotonic()
    found = store(unlocked, seconds=2).check_availability()
    assert found.code == "keyring-timeout"
    assert time.monotonic() - started < IN_TIME
    with pytest.raises(StoreUnusable) as refusal:
        store(unlocked, seconds=1).read()
    assert refusal.value.code == "keyring-timeout"


def test_activation_that_never_completes_is_abandoned_in_time(bus: SessionBus) -> None:
    bus.service("/bin/sleep 20")
    found = store(bus, seconds=2).check_availability()
    assert found.code == "keyring-timeout"


def test_service_that_does_not_start_is_reported(bus: SessionBus) -> None:
    bus.service("/bin/false")
    assert store(bus).check_availability().code == "keyring-service-failed"


def test_bus_without_keyring_is_reported(bus: SessionBus) -> None:
    found = store(bus).check_availability()
    assert found.code == "keyring-no-service"
    assert "install gnome-keyring" in found.remedy


def test_missing_address_is_found_in_the_runtime_directory(unlocked: SessionBus) -> None:
    found = KeyringStore(CONFIG, environ=unlocked.without_address).check_availability()
    assert found.usable


@pytest.mark.skipif(not IS_ROOT, reason="is about root")
def test_root_without_a_bus_is_told_to_go_without_sudo() -> None:
    found = KeyringStore(CONFIG, environ={"PATH": os.environ["PATH"]}).check_availability()
    assert found.code == "keyring-root"
    assert "without sudo" in found.remedy


@pytest.mark.skipif(not IS_ROOT, reason="is about root")
def test_root_does_not_use_the_bus_of_another_account(unlocked: SessionBus) -> None:
    os.chown(unlocked.directory / "bus", 65534, 65534)
    assert store(unlocked).check_availability().code == "keyring-root"
    without = KeyringStore(CONFIG, environ=unlocked.without_address)
    assert without.check_availability().code == "keyring-root"


@pytest.mark.skipif(IS_ROOT, reason="is not about root")
def test_login_without_a_bus_is_reported() -> None:
    found = KeyringStore(CONFIG, environ={"PATH": os.environ["PATH"]}).check_availability()
    assert found.code == "keyring-no-bus"


def test_dead_bus_is_reported(tmp_path: Path) -> None:
    environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none"}
    found = KeyringStore(CONFIG, environ=environ).check_availability()
    assert found.code == "keyring-no-bus"


def test_process_ends_at_once_after_a_check_that_hung(unlocked: SessionBus) -> None:
    unlocked.daemons[-1].send_signal(signal.SIGSTOP)
    code = (
        "import pathlib, time, sys\n"
        "from wizard.secrets.keyring import KeyringStore\n"
        "store = KeyringStore(pathlib.Path('/x/config.toml'), seconds=1.5)\n"
        "print(store.check_availability().code)\n"
        "print([m for m in ('keyring', 'secretstorage', 'jeepney') if m in sys.modules])\n"
        "print(time.monotonic(), flush=True)"
    )
    environ = {**unlocked.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60
    )
    ended = time.monotonic()
    words, modules, last = done.stdout.splitlines()
    assert (words, modules, done.stderr) == ("keyring-timeout", "[]", "")
    assert ended - float(last) < IN_TIME


async def test_check_in_the_background_can_be_cancelled(unlocked: SessionBus) -> None:
    assert (await store(unlocked).check_availability_async()).usable
    unlocked.daemons[-1].send_signal(signal.SIGSTOP)
    assert (await store(unlocked, seconds=1).check_availability_async()).code == "keyring-timeout"
    task = asyncio.create_task(store(unlocked, seconds=60).check_availability_async())
    await asyncio.sleep(0.5)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < IN_TIME


@pytest.mark.parametrize(
    ("backend", "code"),
    [
        ("keyring.backends.null.Keyring", "keyring-backend-refused"),
        ("keyring.backends.fail.Keyring", "keyring-backend-refused"),
        ("keyrings.alt.file.PlaintextKeyring", "keyring-backend-refused"),
        ("keyring.backends.chainer.ChainerBackend", "keyring-backend-refused"),
        ("nowhere.to.be.Found", "keyring-backend-broken"),
    ],
    ids=["null", "fail", "plain text file", "chainer", "not there"],
)
def test_backend_that_loses_or_shows_secrets_is_refused(
    tmp_path: Path, backend: str, code: str
) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON_KEYRING_BACKEND": backend}
    tried = KeyringStore(CONFIG, environ=environ, accepted=backend)
    assert tried.check_availability().code == code
    with pytest.raises(StoreUnusable) as refusal:
        tried.write(SECRET)
    assert refusal.value.code == code


def test_backend_in_the_configuration_file_is_used(tmp_path: Path) -> None:
    directory = tmp_path / ".config" / "python_keyring"
    directory.mkdir(parents=True)
    text = "[backend]\ndefault-keyring=keyring.backends.null.Keyring\n"
    (directory / "keyringrc.cfg").write_text(text)
    found = KeyringStore(CONFIG, environ={"HOME": str(tmp_path)}).check_availability()
    assert found.code == "keyring-backend-refused"
    assert found.backend == "keyring.backends.null.Keyring"


BACKEND = """
import json, pathlib
from keyring.backend import KeyringBackend
FILE = pathlib.Path({file!r})
class Keyring(KeyringBackend):
    priority = 1
    def _all(self): return json.loads(FILE.read_text()) if FILE.exists() else {{}}
    def get_password(self, service, user): return self._all().get(service + user)
    def set_password(self, service, user, password):
        FILE.write_text(json.dumps(self._all() | {{service + user: password[:{keeps}]}}))
    def delete_password(self, service, user):
        FILE.write_text(json.dumps({{k: v for k, v in self._all().items() if k != service + user}}))
"""


def own_backend(directory: Path, patch: pytest.MonkeyPatch, keeps: str) -> dict[str, str]:
    file = directory / "kept.json"
    (directory / "ownkeyring.py").write_text(BACKEND.format(file=str(file), keeps=keeps))
    patch.syspath_prepend(str(directory))
    return {"HOME": str(directory), "PYTHON_KEYRING_BACKEND": "ownkeyring.Keyring"}


def test_configured_backend_is_used_only_with_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = own_backend(tmp_path, monkeypatch, "")
    asked = KeyringStore(CONFIG, environ=environ)
    found = asked.check_availability()
    assert (found.code, found.backend) == ("keyring-backend-foreign", "ownkeyring.Keyring")
    assert "ownkeyring.Keyring" in found.sentence
    with pytest.raises(StoreUnusable, match="of your own choice"):
        asked.write(SECRET)
    agreed = KeyringStore(CONFIG, environ=environ, accepted="ownkeyring.Keyring")
    assert agreed.check_availability().usable
    agreed.write(SECRET)
    assert asked.read() == SECRET
    assert asked.exists()
    agreed.delete()
    assert json.loads((tmp_path / "kept.json").read_text()) == {}


def test_keyring_that_loses_what_it_stores_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = own_backend(tmp_path, monkeypatch, "3")
    broken = KeyringStore(CONFIG, environ=environ, accepted="ownkeyring.Keyring")
    assert broken.check_availability().code == "keyring-loses-secrets"
    with pytest.raises(StoreUnusable) as refusal:
        broken.write(SECRET)
    assert refusal.value.code == "keyring-loses-secrets"


def test_module_in_the_working_directory_is_not_imported(
    unlocked: SessionBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("keyring", "secretstorage", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    assert store(unlocked).check_availability().usable


def test_configuration_has_one_entry_whatever_path_leads_to_it(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    assert keyring_user(tmp_path / "link" / "config.toml") == str(real / "config.toml")
    assert keyring_user(real / ".." / "real" / "config.toml") == str(real / "config.toml")


def test_secret_that_is_not_text_is_refused_before_a_child_is_started() -> None:
    with pytest.raises(StoreUnusable) as refusal:
        KeyringStore(CONFIG, environ={}).write(Secret("\udcff"))
    assert refusal.value.code == "secret-surrogate"

"""The secret is in no argument, no environment of a child, no output, log, traceback or core."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CONFIG
from tests.secrets.session_bus import SessionBus
from tests.secrets.test_contract import usable_systemd_creds
from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import StoreUnusable, WizardError
from wizard.saving.plan import make_plan
from wizard.secrets.credential import CredentialStore
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret
from wizard.secrets.sources import KEYRING
from wizard.secrets.store import ExternalStore
from wizard.system.process import minimal_environ, run_child

TEXT = "hunter22-correct-horse-battery"
NEEDLE = TEXT.encode()
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds until something must have happened; only a defect takes that long."""


WITNESS = """\
import contextlib, json, os, sys
from pathlib import Path

record, needle, real, *arguments = sys.argv[1:]
needle = Path(needle).read_bytes()
leaks, files = [], []
for process in Path("/proc").glob("[0-9]*"):
    for name in ("cmdline", "environ"):
        with contextlib.suppress(OSError):
            if needle in (process / name).read_bytes():
                leaks.append(f"{name} of {process.name}")
for number in os.listdir("/proc/self/fd"):
    with contextlib.suppress(OSError):
        files.append(os.readlink(f"/proc/self/fd/{number}"))
with open(record, "a", encoding="utf-8") as stream:
    print(json.dumps([arguments, leaks, files]), file=stream)
os.execv(real, [real, *arguments])
"""
"""Notes, before it becomes the program that it was called as, in what process the secret is."""


class Witness:
    """Goes before a program; ``path`` is what is to be called in its place."""

    def __init__(self, program: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = shutil.which(program)
        assert real is not None
        self.path = directory / Path(program).name
        self.started: list[str] = []
        self._record = directory / "record"
        source, needle = directory / "witness.py", directory / "needle"
        source.write_text(WITNESS)
        needle.write_bytes(NEEDLE)
        command = shlex.join(map(str, (sys.executable, "-IS", source, self._record, needle, real)))
        self.path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        self.path.chmod(0o755)
        started = self.started

        class Popen(subprocess.Popen[bytes]):
            def __init__(self, args: list[str], **more: Any) -> None:
                started.append(args[0])
                super().__init__(args, **more)

        monkeypatch.setattr(subprocess, "Popen", Popen)

    def saw(self, *words: str) -> None:
        """Check that it saw a call with each of these words, no secret, and nothing but calls."""
        calls = [json.loads(line) for line in self._record.read_text("utf-8").splitlines()]
        commands = [shlex.join(arguments) for arguments, _, _ in calls]
        assert all(any(word in command for command in commands) for word in words), commands
        assert self.started == [str(self.path)] * len(calls), "nothing else was started"
        assert [leaks for _, leaks, _ in calls if leaks] == []
        opened = {name for _, _, files in calls for name in files if name.startswith("/")}
        assert opened <= {os.devnull}


def everything(store: ExternalStore) -> None:
    store.check_availability()
    store.write(Secret(TEXT))
    assert store.exists()
    assert store.read() == Secret(TEXT)
    store.delete()


def test_keyring_leaks_nothing_while_it_works(
    unlocked: SessionBus,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    environ = unlocked.environ | {"SMTP_SECRET": TEXT, "KEYRING_LOG": TEXT}
    witness = Witness(sys.executable, tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "executable", str(witness.path))
    everything(KeyringStore(tmp_path / "config.toml", environ=environ, seconds=60))
    witness.saw("keyring_child")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert TEXT not in caplog.text


def test_systemd_creds_leaks_nothing_while_it_works(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usable_systemd_creds()
    witness = Witness("systemd-creds", tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    everything(CredentialStore(tmp_path / "x.cred", seconds=60))
    witness.saw("--version", "encrypt", "decrypt")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_only_harmless_variables_are_passed_on() -> None:
    environ = {"SMTP_SECRET": TEXT, "DB_PW": TEXT, "HOME": "/h", "GIT_DIR": "/x", "LD_PRELOAD": "x"}
    assert minimal_environ(environ) == {"HOME": "/h"}


@pytest.mark.parametrize("failing", ["hang", "crash", "garbage"])
def test_failure_shows_no_secret_in_its_traceback(
    failing: str, unlocked: SessionBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = {
        "hang": "import time; time.sleep(30)",
        "crash": "raise RuntimeError(password)",
        "garbage": "print(password)",
    }[failing]
    (tmp_path / "badkeyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Keyring(KeyringBackend):\n"
        "    priority = 1\n"
        f"    def set_password(self, service, user, password): {backend}\n"
        "    def get_password(self, service, user): return None\n"
        "    def delete_password(self, service, user): pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    name = "badkeyring.Keyring"
    environ = unlocked.environ | {"PYTHON_KEYRING_BACKEND": name}
    store = KeyringStore(
        tmp_path / "config.toml",
        environ=environ,
        accepted=name,
        seconds=3 if failing == "hang" else 60,
    )
    with pytest.raises(StoreUnusable) as refusal:
        store.write(Secret(TEXT))
    shown = "".join(traceback.format_exception(refusal.value))
    assert TEXT not in shown
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_child_ends_with_its_parent(unlocked: SessionBus, tmp_path: Path) -> None:
    unlocked.daemons[-1].send_signal(signal.SIGSTOP)
    os.mkfifo(tmp_path / "number")
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\necho $$ >{tmp_path}/number\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    code = (
        "import pathlib, sys\n"
        "from wizard.secrets.keyring import KeyringStore\n"
        "sys.executable = sys.argv[1]\n"
        "KeyringStore(pathlib.Path(sys.argv[2]), seconds=2).read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, script, tmp_path / "config.toml"],
        env={**unlocked.environ, "PYTHONPATH": str(ROOT)},
    )
    orphan = int((tmp_path / "number").read_text())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not Path(f"/proc/{orphan}/cmdline").exists():
            return
        if not Path(f"/proc/{orphan}/cmdline").read_bytes():  # a zombie nobody waits for
            return
        time.sleep(0.05)
    pytest.fail("the child outlives its parent")


def test_interrupted_call_leaves_no_child_behind(tmp_path: Path) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    def interrupt_the_waiting(main: int) -> None:
        (tmp_path / "waiting").read_bytes()  # both are there, and the call waits for them
        signal.pthread_kill(main, signal.SIGALRM)

    os.mkfifo(tmp_path / "waiting")
    seconds = f"310.{secrets.randbelow(10**9):09}"
    script = f"cat; sleep {seconds} & sleep {seconds} & echo >'{tmp_path}/waiting'; wait"
    thread = threading.Thread(target=interrupt_the_waiting, args=[threading.get_ident()])
    former = signal.signal(signal.SIGALRM, interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_child(["sh", "-c", script], b"", os.environ, 300)
    finally:
        thread.join()
        signal.signal(signal.SIGALRM, former)
    deadline = time.monotonic() + PATIENCE  # a killed process takes a moment to go
    while _running(seconds) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _running(seconds)


def _running(word: str) -> bool:
    """Whether any process has ``word`` on its command line."""
    found = False
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found |= word.encode() in process.read_bytes()
    return found


PROTECTED = """\
import json, os, resource
from wizard.system import memory
before = memory.protect_memory()
inside = [resource.getrlimit(resource.RLIMIT_CORE)[0], os.stat("/proc/self/environ").st_uid]
memory.restore_memory_limits(before)
print(json.dumps([inside, resource.getrlimit(resource.RLIMIT_CORE)[0] == before.core[0]]))
"""


def test_protected_process_writes_no_core() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROTECTED],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=True,
    )  # fmt: skip
    (limit, _), restored = json.loads(done.stdout)
    assert limit == 0
    assert restored


def test_protected_process_cannot_be_read_by_its_own_account() -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    code = "from wizard.system import memory; memory.protect_memory(); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(PermissionError):
            Path(f"/proc/{process.pid}/environ").read_bytes()
        process.kill()


ENVS = {
    "good": f"SMTP_SECRET={TEXT}\n",
    "unclosed": f"SMTP_SECRET='{TEXT}\n",
    "twice": f"SMTP_SECRET={TEXT}\nSMTP_SECRET=x\n",
    "escaped": f"SMTP_SECRET={TEXT}\\ \n",
    "ambiguous": f"A='x'B=1\nSMTP_SECRET={TEXT}\n",
}
CONFIGS = {
    "reference": CONFIG,
    "literal": CONFIG.replace("${SMTP_SECRET}", TEXT),
    "in the endpoint": CONFIG.replace("mail.example.org", f"smtp://u:{TEXT}@mail.example.org"),
    "invalid": f"[smtp]\n{TEXT}",
}
COMPOSES = {
    "none": "",
    "in clear": f"services: {{bomnipotent_server: {{environment: {{SMTP_SECRET: {TEXT}}}}}}}\n",
    "as a name": f"services: {{bomnipotent_server: {{environment: [{TEXT}]}}}}\n",
    "invalid": f"services:\n  bomnipotent_server:\n   - {TEXT}: [\n",
}


@pytest.mark.parametrize("env", ENVS.values(), ids=ENVS)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("compose", COMPOSES.values(), ids=COMPOSES)
def test_findings_and_refusals_hold_no_secret(
    tmp_path: Path, env: str, config: str, compose: str
) -> None:
    directory = tmp_path / "bomnipotent_config"
    directory.mkdir()
    (tmp_path / ".env").write_text(env)
    (directory / ".env").write_text(env)
    (directory / "config.toml").write_text(config)
    if compose:
        (tmp_path / "compose.yaml").write_text(compose)
    place = find_layout(directory / "config.toml")
    found = check_all(inspect_config(place, {}))
    assert found
    shown = repr(found) + repr(inspect_config(place, {}))
    try:
        now = load_config(place, {})
        moved = make_plan(now, replace(Draft.of(now), store=KEYRING))
        shown += repr(moved) + "".join(line for each in moved.changes for line in each.diff())
    except WizardError as error:
        shown += "".join(traceback.format_exception(error))
    assert "bomnipotent_config" in shown
    assert TEXT not in shown


def test_exception_of_a_refusal_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / ".env").write_text(f"SMTP_SECRET={TEXT}$$x\n")
    now = load_config(find_layout(tmp_path / "config.toml"), {})
    with pytest.raises(StoreUnusable) as refusal:
        now.resolver.for_exec()
    assert TEXT not in "".join(traceback.format_exception(refusal.value))

"""A move that fails at any step leaves at least one good copy, and says where it is."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores.session_bus import SessionBus
from wizard.errors import StoreUnusable
from wizard.secret import Secret
from wizard.stores.env_file import EnvFileStore
from wizard.stores.literal import LiteralStore
from wizard.stores.move import move
from wizard.stores.os_keyring import KeyringStore
from wizard.stores.store import Availability, Store

SECRET = Secret("hunter22")


class Fragile:
    """A store in memory that fails at the step it is told to."""

    def __init__(self, name: str, secret: Secret | None = None, failing: str = "") -> None:
        self.name = name
        self.kept = secret
        self.failing = failing

    def _step(self, step: str) -> None:
        if self.failing == step:
            raise StoreUnusable(f"{step}-failed", f"{self.name} failed.", "Mend it.")
        if self.failing == f"{step}-killed":
            raise KeyboardInterrupt

    def look(self) -> Availability:
        if self.failing == "look":
            return Availability(False, "look-failed", "It is locked.", "Unlock it.")
        return Availability(True)

    def present(self) -> bool:
        self._step("present")
        return self.kept is not None

    def read(self) -> Secret | None:
        self._step("read")
        return Secret("garbled") if self.failing == "garble" and self.kept else self.kept

    def write(self, secret: Secret) -> None:
        self._step("write")
        self.kept = secret
        self._step("written")

    def delete(self) -> None:
        self._step("delete")
        self.kept = self.kept if self.failing == "keep" else None
        self._step("deleted")


def test_move_leaves_the_secret_in_the_target_only() -> None:
    source, target = Fragile("the source", SECRET), Fragile("the target", Secret("former"))
    move(source, target)
    assert (source.kept, target.kept) == (None, SECRET)


TARGET_STEPS = ("look", "write", "written", "read", "garble")
SOURCE_STEPS = ("read", "delete", "deleted", "present", "keep")


@pytest.mark.parametrize(
    ("of_source", "of_target"),
    [("", step) for step in TARGET_STEPS] + [(step, "") for step in SOURCE_STEPS],
)
def test_failure_at_any_step_leaves_a_good_copy_and_says_so(of_source: str, of_target: str) -> None:
    source = Fragile("the source", SECRET, of_source)
    target = Fragile("the target", None, of_target)
    with pytest.raises(StoreUnusable) as refusal:
        move(source, target)
    assert SECRET in (source.kept, target.kept)
    assert refusal.value.exit_code == 6
    assert refusal.value.remedy
    assert "hunter22" not in str(refusal.value)
    if of_target:
        assert source.kept == SECRET
        assert "still in the source; nothing was removed" in refusal.value.message
    elif of_source != "read":
        assert target.kept == SECRET
        assert "in the target now, but it may also still be in the source" in str(refusal.value)


@pytest.mark.parametrize(
    ("of_source", "of_target"),
    [("", f"{step}-killed") for step in ("write", "written", "read")]
    + [(f"{step}-killed", "") for step in ("read", "delete", "deleted", "present")],
)
def test_move_that_is_killed_leaves_a_good_copy(of_source: str, of_target: str) -> None:
    source = Fragile("the source", SECRET, of_source)
    target = Fragile("the target", None, of_target)
    with pytest.raises(KeyboardInterrupt):
        move(source, target)
    assert SECRET in (source.kept, target.kept)


KILLED = """\
import os, pathlib, signal, sys
from wizard.stores.env_file import EnvFileStore
from wizard.stores.literal import LiteralStore
from wizard.stores.move import move
directory, last = pathlib.Path(sys.argv[1]), int(sys.argv[2])
steps = 0
def count(event, arguments):
    # Whatever the move does to a file, up to the step at which it is killed.
    global steps
    if event in ("open", "os.rename", "os.remove", "os.chmod", "os.chown") and (
        str(directory) in str(arguments[0])
    ):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
source, target = (
    LiteralStore(directory / "config.toml", "SMTP_SECRET"),
    EnvFileStore(directory / ".env", "SMTP_SECRET", {}),
)
sys.addaudithook(count)
move(source, target)
"""


def test_process_that_is_killed_at_any_step_leaves_a_good_copy(tmp_path: Path) -> None:
    killed = 0
    for last in range(1, 60):
        directory = tmp_path / str(last)
        directory.mkdir()
        (directory / "config.toml").write_text(CONFIG.format("hunter22"))
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(directory), str(last)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            check=False,
        )
        env = EnvFileStore(directory / ".env", "SMTP_SECRET", {}).read()
        literal = LiteralStore(directory / "config.toml", "SMTP_SECRET").read()
        assert SECRET in (env, literal)
        if done.returncode == 0:
            assert (env, literal) == (SECRET, None)
            break
        assert done.returncode == -signal.SIGKILL
        killed += 1
    assert 5 < killed < 59


def test_nothing_to_move_is_told() -> None:
    target = Fragile("the target", Secret("kept"))
    with pytest.raises(StoreUnusable, match="no secret in the source"):
        move(Fragile("the source"), target)
    assert target.kept == Secret("kept")


def test_real_stores_pass_the_secret_on_in_a_circle(unlocked: SessionBus, tmp_path: Path) -> None:
    env = EnvFileStore(tmp_path / ".env", "SMTP_SECRET", {})
    keyring = KeyringStore(tmp_path / "config.toml", environ=unlocked.environ)
    env.write(SECRET)
    stores: list[Store] = [env, keyring, env]
    for source, target in itertools.pairwise(stores):
        move(source, target)
        assert target.read() == SECRET
        assert not source.present()


def test_locked_keyring_leaves_the_env_file_as_it_is(locked: SessionBus, tmp_path: Path) -> None:
    env = EnvFileStore(tmp_path / ".env", "SMTP_SECRET", {})
    env.write(SECRET)
    before = (tmp_path / ".env").read_bytes()
    with pytest.raises(StoreUnusable, match=r"locked.*still in \.env"):
        move(env, KeyringStore(tmp_path / "config.toml", environ=locked.environ))
    assert (tmp_path / ".env").read_bytes() == before


CONFIG = '[smtp]\nuser = "a@b"  # mailbox\nsecret = "{}"\nendpoint = "mail.example.org"\n'


def test_literal_is_moved_out_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format("hunter22"))
    env = EnvFileStore(tmp_path / ".env", "SMTP_SECRET", {})
    literal = LiteralStore(config, "SMTP_SECRET")
    assert literal.present()
    move(literal, env)
    assert env.read() == SECRET
    assert config.read_text() == CONFIG.format("${SMTP_SECRET}")
    literal.delete()
    assert config.read_text() == CONFIG.format("${SMTP_SECRET}")


def test_reference_to_a_literal_with_quotes_survives_them(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format('say \\"x\\"'))
    env = EnvFileStore(tmp_path / ".env", "SMTP_SECRET", {})
    move(LiteralStore(config, "SMTP_SECRET"), env)
    assert env.read() == Secret('say "x"')
    assert "secret = '''${SMTP_SECRET}'''" in config.read_text()


def test_nothing_is_ever_stored_as_a_literal(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format("hunter22"))
    env = EnvFileStore(tmp_path / ".env", "SMTP_SECRET", {})
    env.write(SECRET)
    with pytest.raises(StoreUnusable, match="everybody"):
        move(env, LiteralStore(config, "SMTP_SECRET"))
    with pytest.raises(StoreUnusable, match="everybody"):
        LiteralStore(config, "SMTP_SECRET").write(SECRET)
    assert env.read() == SECRET


def test_configuration_that_is_no_toml_keeps_its_literal(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[smtp\nsecret = 'hunter22'\n")
    with pytest.raises(StoreUnusable) as refusal:
        LiteralStore(config, "SMTP_SECRET").read()
    assert refusal.value.path == config
    assert "hunter22" not in str(refusal.value)

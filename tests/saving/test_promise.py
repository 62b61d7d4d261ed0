"""The promise: whatever happens, files and store are in exactly the old state or the new one.

A state machine edits, kills, undoes, and changes files behind the wizard's back. Killed is a real
process, at a random one of the operations that Python's audit events tell of.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.file_vault import FileVault
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused, InvalidValue
from wizard.saving.change import StoreOpener
from wizard.saving.journal import Journal
from wizard.saving.lock import lock_config
from wizard.saving.plan import Plan, make_plan
from wizard.saving.transaction import apply_changes, recover_interrupted
from wizard.saving.undo import last_write, make_undo
from wizard.secrets.secret import Keep, Remove, Replace, Secret, SecretEdit
from wizard.secrets.sources import KEYRING, StoreKind, store_kind

_CHANGING = (
    "open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown",
    "os.truncate", "os.setxattr",
)  # fmt: skip
_MEMORY = Path("/dev/shm")  # noqa: S108  (nothing waits for a disk a thousand times)
_EDITS = st.one_of(
    st.just(Keep()), st.just(Remove()), st.sampled_from("abc").map(lambda t: Replace(Secret(t)))
)


@dataclass(frozen=True)
class State:
    """Everything that the promise covers."""

    config: bytes | None
    env: bytes | None
    vault: str | None


class Promise(RuleBasedStateMachine):
    """``undoable`` holds the states before and after the last write, while it can be undone."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.home = os.environ.get("XDG_STATE_HOME")
        os.environ["XDG_STATE_HOME"] = str(self.directory / "state")
        self.config = self.directory / "server" / "config.toml"
        self.vault = FileVault(self.directory / "vault")
        self.stores = StoreOpener(lambda *_: self.vault, lambda *_: self.vault)
        self.undoable: tuple[State, State] | None = None
        self.expected: tuple[State, ...] = ()

    def teardown(self) -> None:
        shutil.rmtree(self.directory)
        if self.home is not None:
            os.environ["XDG_STATE_HOME"] = self.home

    @initialize(text=st.sampled_from(["", '# ours\n[log]\nfile = "x"\n', None]))
    def begin(self, text: str | None) -> None:
        if text is not None:
            self.config.parent.mkdir()
            self.config.write_text(text)
        self.expected = (self.state(),)

    def state(self) -> State:
        def data(path: Path) -> bytes | None:
            return path.read_bytes() if path.exists() else None

        secret = self.vault.read()
        return State(
            data(self.config),
            data(self.config.with_name(".env")),
            None if secret is None else secret.reveal(),
        )

    def load(self) -> CurrentConfig:
        now = load_config(find_layout(self.config), environ={})
        secret = self.vault.read()
        if secret is None or now.reference is None:
            return now
        return replace(now, stored=secret, stored_in=KEYRING)

    def plan(self, user: str, secret: SecretEdit, store: StoreKind) -> Plan | None:
        now = self.load()
        draft = replace(
            Draft.of(now), user=user, endpoint="mail.example.org", secret=secret, store=store
        )
        try:
            return make_plan(now, draft, stores=self.stores)
        except InvalidValue:  # nothing there that could be moved
            return None

    def recover(self) -> None:
        with lock_config(self.config):
            recover_interrupted(self.config, self.stores)

    def write(self, plan: Plan) -> None:
        apply_changes(
            plan.config, plan.changes, plan.store_changes,
            command="set", keep=True, stores=self.stores,
        )  # fmt: skip

    def carry_out(self, plan: Plan) -> None:
        """Write, and remember what the next undo has to bring back."""
        before = self.state()
        with lock_config(self.config):
            self.write(plan)
        self.expected = (self.state(),)
        if plan.changed:
            self.undoable = (before, self.state())

    def killed(self, plan: Plan, operation: int) -> None:
        """Write in another process that is killed at the given operation; then start again."""
        before = self.state()
        finished = in_process(lambda: self.write(plan), operation)
        self.recover()
        after = self.state()
        if after != before:
            self.undoable = (before, after)
        if finished or after == before:
            self.expected = (after,)
            return
        self.expected = (self.whole(plan, before),)

    def whole(self, plan: Plan, before: State) -> State:
        """Return the state that the whole plan leads to."""
        texts = {change.before.path.name: change.after for change in plan.changes}
        config = texts.get("config.toml") if "config.toml" in texts else before.config
        env = (texts.get(".env") or None) if ".env" in texts else before.env
        vault = before.vault
        for change in plan.store_changes:
            vault = None if change.after is None else change.after.reveal()
        return State(config, env, vault)

    @rule(user=st.sampled_from("uvw"), secret=_EDITS, store=st.sampled_from(["env", "keyring"]))
    def edit(self, user: str, secret: SecretEdit, store: str) -> None:
        plan = self.plan(user, secret, store_kind(store))
        if plan is not None:
            self.carry_out(plan)

    @rule(
        user=st.sampled_from("uvw"),
        secret=_EDITS,
        store=st.sampled_from(["env", "keyring"]),
        operation=st.integers(1, 60),
    )
    def crash(self, user: str, secret: SecretEdit, store: str, operation: int) -> None:
        plan = self.plan(user, secret, store_kind(store))
        if plan is not None and plan.changed:
            self.killed(plan, operation)

    @rule(operation=st.none() | st.integers(1, 60))
    def undo(self, operation: int | None) -> None:
        try:
            plan = make_undo(last_write(self.config), self.stores)
        except FileRefused:
            assert self.undoable is None or self.undoable[1] != self.state()
            return
        assert self.undoable is not None
        # What that write did not touch may have changed since, and stays as it is now.
        written, now = {change.before.path.name for change in plan.changes}, self.state()
        stays = {
            each: getattr(now, each)
            for each, name in (("config", "config.toml"), ("env", ".env"))
            if name not in written
        }
        before, after = (replace(each, **stays) for each in self.undoable)
        assert after == now
        if operation is None:
            self.carry_out(plan)
            self.expected = (before,)
        else:
            self.killed(plan, operation)
            assert self.state() in (before, after)

    @rule(name=st.sampled_from(["config.toml", ".env"]), line=st.sampled_from(["# a\n", "# b\n"]))
    def somebody_else_edits(self, name: str, line: str) -> None:
        path = self.config.with_name(name)
        if path.exists():
            with path.open("a") as stream:
                stream.write(line)
            self.expected = (self.state(),)

    @invariant()
    def everything_is_whole(self) -> None:
        if self.expected:
            assert self.state() in self.expected
        assert Journal(self.config).unfinished() is None
        assert not list(self.config.parent.glob(".*.tmp"))


def in_process(work: Callable[[], object], operation: int) -> bool:
    """Do ``work`` in a process that is killed at the n-th operation; tell whether it finished."""
    child = os.fork()
    if child == 0:
        left = operation

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in _CHANGING:
                left -= 1
                if left == 0:
                    os._exit(9)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


TestPromise = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")(Promise.TestCase)
TestPromise.settings = settings(max_examples=30, stateful_step_count=15)

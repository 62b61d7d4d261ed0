"""A plan shows what it will do, and does it in order, and either whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.memory_store import MemoryStore
from wizard.config.current import CurrentConfig, load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused, InvalidValue, StoreUnusable, WriteFailed
from wizard.files.reading import Snapshot
from wizard.files.refusals import InPlaceReason
from wizard.files.replacing import replace_file
from wizard.saving import transaction
from wizard.saving.change import FileChange, FileRole, StoreOpener
from wizard.saving.plan import make_plan
from wizard.secrets.secret import Keep, Remove, Replace, Secret
from wizard.secrets.sources import ENV_FILE, KEYRING
from wizard.text.display import MASK

CONFIG = """\
[smtp]
user = "me@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""
ENV = "DB=dbpass\nSMTP_SECRET=oldpass\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[[], CurrentConfig]:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / ".env").write_text(ENV)
    return lambda: load_config(find_layout(tmp_path / "config.toml"), environ={})


def new_values(now: CurrentConfig) -> Draft:
    return replace(Draft.of(now), user="you@example.org", secret=Replace(Secret('new"pass')))


def test_draft_of_the_current_configuration_changes_nothing(
    load: Callable[[], CurrentConfig],
) -> None:
    now = load()
    plan = make_plan(now, Draft.of(now))
    assert not plan.changed
    assert not plan.secret_changed
    assert not plan.restart_needed
    assert [change.diff() for change in plan.changes] == [[], []]


def test_env_is_written_before_config(
    load: Callable[[], CurrentConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    original = replace_file

    def spy(
        before: Snapshot,
        data: bytes,
        new_mode: int = 0o600,
        *,
        before_in_place: Callable[[], None] | None = None,
    ) -> InPlaceReason | None:
        written.append(before.path.name)
        return original(before, data, new_mode, before_in_place=before_in_place)

    monkeypatch.setattr(transaction, "replace_file", spy)
    now = load()
    make_plan(now, new_values(now)).apply()
    assert written == [".env", "config.toml"]


def test_preview_masks_every_secret_and_shows_every_change(
    load: Callable[[], CurrentConfig],
) -> None:
    now = load()
    plan = make_plan(now, new_values(now))
    env, config = (change.diff() for change in plan.changes)
    assert env == [
        "@@ -1,2 +1,2 @@",
        " DB=********",
        "-SMTP_SECRET=********",
        "+SMTP_SECRET=********",
    ]
    assert '+user = "you@example.org"' in config
    assert "+secret = '''${SMTP_SECRET}'''" in config
    assert "pass" not in repr(plan)


def test_failure_on_the_last_file_leaves_both_as_they_were(
    load: Callable[[], CurrentConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake rename fails for config.toml alone."""
    original = os.replace

    def failing(source: str, target: str, **directories: int) -> None:
        if target == "config.toml":
            raise OSError(5, "Input/output error")
        original(source, target, **directories)

    now = load()
    plan = make_plan(now, new_values(now))
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteFailed, match="Everything is as before"):
        plan.apply()
    assert (tmp_path / "config.toml").read_text() == CONFIG
    assert (tmp_path / ".env").read_text() == ENV
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "config.toml"]


def test_interruption_leaves_both_as_they_were(
    load: Callable[[], CurrentConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.replace

    def interrupted(source: str, target: str, **directories: int) -> None:
        if target == "config.toml":
            raise KeyboardInterrupt
        original(source, target, **directories)

    now = load()
    plan = make_plan(now, new_values(now))
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plan.apply()
    assert (tmp_path / ".env").read_text() == ENV


@pytest.mark.parametrize("name", ["config.toml", ".env"])
def test_file_that_changed_since_it_was_read_stops_everything(
    load: Callable[[], CurrentConfig], tmp_path: Path, name: str
) -> None:
    now = load()
    plan = make_plan(now, new_values(now))
    (tmp_path / name).write_text("# theirs\n")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(FileRefused, match="changed"):
        plan.apply()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_restart_is_needed_for_a_secret_and_not_for_an_endpoint(
    load: Callable[[], CurrentConfig],
) -> None:
    now = load()
    draft = Draft.of(now)
    assert not make_plan(now, replace(draft, endpoint="b.example.org")).restart_needed
    assert make_plan(now, replace(draft, secret=Replace(Secret("x")))).restart_needed
    assert make_plan(now, replace(draft, secret=Remove())).restart_needed


def test_secret_that_is_already_stored_changes_nothing(load: Callable[[], CurrentConfig]) -> None:
    now = load()
    plan = make_plan(now, replace(Draft.of(now), secret=Replace(Secret("oldpass"))))
    assert not plan.changed
    assert not plan.secret_changed


def test_skipping_alone_writes_no_mail_settings(tmp_path: Path) -> None:
    now = load_config(find_layout(tmp_path / "config.toml"), environ={})
    make_plan(now, Draft(skip=True, secret=Keep())).apply()
    assert "[smtp]" not in (tmp_path / "config.toml").read_text()
    assert not (tmp_path / ".env").exists()


@given(
    st.lists(st.sampled_from(["# a", "# b", "# c", "secret=1", "secret=2"]), max_size=12),
    st.lists(st.sampled_from(["# a", "# b", "# c", "secret=1", "secret=2"]), max_size=12),
)
def test_diff_leads_from_before_to_after(old: list[str], new: list[str]) -> None:
    """Applying the shown lines, hunk by hunk, gives the (masked) new text."""

    def mask(text: str) -> str:
        return re.sub("secret=[12]", f"secret={MASK}", text)

    def text(lines: list[str]) -> str:
        return "".join(f"{line}\n" for line in lines)

    path = Path("x")
    change = FileChange(Snapshot(path, path, text(old).encode()), text(new).encode(), FileRole.ENV)
    before, after, position = mask(text(old)).splitlines(), [], 0
    for line in change.diff():
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            begin = int(start) - (1 if int(length) else 0)
            after += before[position:begin]
            position = begin
        else:
            if line[0] in " -":
                assert before[position] == line[1:]
                position += 1
            if line[0] in " +":
                after.append(line[1:])
    after += before[position:]
    assert after == mask(text(new)).splitlines()
    assert change.changed == (old != new)
    assert bool(change.diff()) == change.changed
    numbered = {"-": before, " ": after, "+": after}
    for row in change.rows():
        assert numbered[row.sign][row.number - 1] == row.text
    assert [row.sign + row.text for row in change.rows(context=2)] == [
        line for line in change.diff() if not line.startswith("@@")
    ]


def into_keyring(now: CurrentConfig) -> Draft:
    return replace(Draft.of(now), store=KEYRING)


def test_secret_is_moved_to_the_keyring_and_its_copy_removed(
    load: Callable[[], CurrentConfig], tmp_path: Path
) -> None:
    store, now = MemoryStore(), load()
    make_plan(now, into_keyring(now), stores=StoreOpener(lambda now, name: store)).apply()
    assert store.secret == Secret("oldpass")
    assert (tmp_path / ".env").read_text() == "DB=dbpass\n"
    assert (tmp_path / "config.toml").read_text() == CONFIG


def test_failing_file_removes_the_secret_from_the_store_again(
    load: Callable[[], CurrentConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(source: str, target: str, **directories: int) -> None:
        raise OSError(5, "Input/output error")

    store, now = MemoryStore(Secret("theirs")), load()
    plan = make_plan(now, into_keyring(now), stores=StoreOpener(lambda now, name: store))
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteFailed):
        plan.apply()
    assert store.secret == Secret("theirs")
    assert (tmp_path / ".env").read_text() == ENV


def test_store_that_forgets_leaves_the_files_alone(
    load: Callable[[], CurrentConfig], tmp_path: Path
) -> None:
    store, now = MemoryStore(forgets=True), load()
    with pytest.raises(StoreUnusable, match="not what was stored"):
        make_plan(now, into_keyring(now), stores=StoreOpener(lambda now, name: store)).apply()
    assert (tmp_path / ".env").read_text() == ENV


def in_keyring(now: CurrentConfig, secret: Secret) -> CurrentConfig:
    return replace(now, env_text="DB=dbpass\n", stored=secret, stored_in=KEYRING)


def test_old_copy_that_cannot_be_removed_undoes_nothing(
    load: Callable[[], CurrentConfig], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("DB=dbpass\n")
    store = MemoryStore(Secret("oldpass"), keeps=True)
    now = in_keyring(load(), Secret("oldpass"))
    (tmp_path / ".env").write_text("DB=dbpass\n")
    draft = replace(Draft.of(now), store=ENV_FILE)
    left = make_plan(now, draft, stores=StoreOpener(lambda _, name: store)).apply()
    assert [finding.code for finding in left] == ["old-copy-remains"]
    assert "SMTP_SECRET=oldpass" in (tmp_path / ".env").read_text()


def test_write_that_fails_halfway_is_undone(
    load: Callable[[], CurrentConfig], tmp_path: Path
) -> None:
    store, now = MemoryStore(Secret("theirs"), hangs=True), load()
    with pytest.raises(StoreUnusable):
        make_plan(now, into_keyring(now), stores=StoreOpener(lambda _, name: store)).apply()
    assert store.secret == Secret("theirs")
    assert (tmp_path / ".env").read_text() == ENV


def test_secret_whose_variable_is_used_elsewhere_stays_in_env(
    load: Callable[[], CurrentConfig], tmp_path: Path
) -> None:
    load()
    (tmp_path / "config.toml").write_text('db_url = "x:${SMTP_SECRET}"\n' + CONFIG)
    now = load_config(find_layout(tmp_path / "config.toml"), environ={})
    with pytest.raises(InvalidValue, match="another place"):
        make_plan(now, into_keyring(now), stores=StoreOpener(lambda _, name: MemoryStore()))

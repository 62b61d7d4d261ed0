"""What a crash has interrupted is put back or completed at the next start, and said."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from wizard import current, files, layout, transaction
from wizard.draft import Draft
from wizard.errors import WriteFailed
from wizard.journal import Journal
from wizard.plan import Plan, make_plan
from wizard.secret import Replace, Secret

CONFIG = '[smtp]\nuser = "a@example.org"\nendpoint = "b.example.org"\nsecret = "${SMTP_SECRET}"\n'
ENV = "SMTP_SECRET=oldpass\n"

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(ENV)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


def plan(config: Path) -> Plan:
    now = current.load(layout.find(config), environ={})
    draft = replace(Draft.of(now), user="new@example.org", secret=Replace(Secret("hunter22")))
    return make_plan(now, draft)


def dies(work: Callable[[], object]) -> None:
    """Do ``work`` in another process, which has to be killed by it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def killed_before_config(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.replace

    def kill(source: Path, target: Path) -> None:
        if Path(target).name == "config.toml":
            os._exit(9)
        original(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", kill)
        dies(plan(config).apply)


def test_recovery_puts_the_files_back_and_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    assert config.with_name(".env").read_text() != ENV
    (caution,) = transaction.recover(config)
    assert caution.code == "write-recovered"
    assert "everything is as it was before" in caution.message
    assert config.with_name(".env").read_text() == ENV
    assert sorted(path.name for path in config.parent.iterdir()) == [".env", "config.toml"]
    assert transaction.recover(config) == ()


def test_recovery_leaves_what_somebody_has_changed_after_the_crash(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    config.write_text("# theirs\n")
    (caution,) = transaction.recover(config)
    assert f"{config} changed afterwards" in caution.message
    assert config.read_text() == "# theirs\n"
    assert config.with_name(".env").read_text() == ENV


def test_write_that_died_after_its_commit_is_completed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "finish", lambda *_: os._exit(9))
        dies(plan(config).apply)
    written = config.read_text()
    (caution,) = transaction.recover(config)
    assert caution.code == "write-completed"
    assert config.read_text() == written != CONFIG
    assert Journal(config).last() is not None


def test_recovery_that_cannot_write_is_tried_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    with monkeypatch.context() as patch:

        def failing(*_: object, **__: object) -> None:
            raise WriteFailed("write-failed", "No space left on device.")

        patch.setattr(files, "put_back", failing)
        with pytest.raises(WriteFailed) as caught:
            transaction.recover(config)
    assert caught.value.code == "not-put-back"
    transaction.recover(config)
    assert config.with_name(".env").read_text() == ENV


def test_nothing_is_changed_where_no_journal_can_be_kept(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    (config.parent / ".smtp-wizard").write_text("")  # nor beside it
    with pytest.raises(WriteFailed) as caught:
        plan(config).apply()
    assert caught.value.code == "journal-not-usable"
    assert (config.read_text(), config.with_name(".env").read_text()) == (CONFIG, ENV)


def test_journal_says_which_files_and_never_the_new_secret_once_it_is_committed(
    config: Path, state_directory: Path
) -> None:
    plan(config).apply()
    (kept,) = (state_directory / "journal").iterdir()
    record = Journal(config).last()
    assert record is not None
    assert [image.path.name for image in record.files] == [".env", "config.toml"]
    assert all(image.after is None for image in record.files)
    assert "hunter22" not in repr(record)
    assert kept.suffix == ".last"

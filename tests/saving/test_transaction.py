"""What a crash has interrupted is put back or completed at the next start, and reported."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.file_vault import FileVault
from wizard.config.current import load_config
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused, WriteFailed
from wizard.files.replacing import restore_file
from wizard.saving import record, transaction
from wizard.saving.change import StoreChange, StoreOpener
from wizard.saving.journal import Journal
from wizard.saving.plan import Plan, make_plan
from wizard.saving.record import JournalRecord
from wizard.saving.transaction import apply_changes, recover_interrupted
from wizard.secrets.secret import Replace, Secret
from wizard.secrets.sources import KEYRING
from wizard.system.signals import uninterruptible

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
    now = load_config(find_layout(config), environ={})
    draft = replace(Draft.of(now), user="new@example.org", secret=Replace(Secret("hunter22")))
    return make_plan(now, draft)


def in_killed_process(work: Callable[[], object]) -> None:
    """Do ``work`` in another process, which it has to kill."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def killed_before_config(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.replace

    def kill(source: str, target: str, **directories: int) -> None:
        if target == "config.toml":
            os._exit(9)
        original(source, target, **directories)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", kill)
        in_killed_process(plan(config).apply)


def test_recovery_puts_the_files_back_and_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    assert config.with_name(".env").read_text() != ENV
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-recovered"
    assert "everything is as it was before" in finding.message
    assert config.with_name(".env").read_text() == ENV
    assert sorted(path.name for path in config.parent.iterdir()) == [".env", "config.toml"]
    assert recover_interrupted(config) == ()


def test_recovery_leaves_what_somebody_changed_after_the_crash(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    config.write_text("# theirs\n")
    (finding,) = recover_interrupted(config)
    assert f"{config} changed afterwards" in finding.message
    assert config.read_text() == "# theirs\n"
    assert config.with_name(".env").read_text() == ENV


def test_write_that_died_after_its_commit_is_completed(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "finish", lambda *_: os._exit(9))
        in_killed_process(plan(config).apply)
    written = config.read_text()
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-completed"
    assert config.read_text() == written != CONFIG
    assert Journal(config).last() is not None


def test_recovery_that_cannot_write_is_tried_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    with monkeypatch.context() as patch:

        def failing(*_: object, **__: object) -> None:
            raise WriteFailed("write-failed", "No space left on device.")

        patch.setattr(transaction, "restore_file", failing)
        with pytest.raises(WriteFailed) as caught:
            recover_interrupted(config)
    assert caught.value.code == "not-put-back"
    recover_interrupted(config)
    assert config.with_name(".env").read_text() == ENV


def test_directory_that_a_failing_disk_does_not_give_up_is_reported_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "new" / "directory" / "config.toml"
    now = load_config(find_layout(config), environ={})
    first = make_plan(now, Draft(user="a@example.org", endpoint="b.example.org"))

    def failing(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse(config.name, os.replace))
        patch.setattr(os, "rmdir", failing)
        with pytest.raises(WriteFailed, match=f"{config.parent} .Input/output error") as caught:
            first.apply()
    assert caught.value.code == "not-put-back"
    assert config.parent.is_dir()
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-recovered"
    assert list(tmp_path.glob("new*")) == []


def refuse(name: str, original: Callable[..., None]) -> Callable[..., None]:
    """Return a rename that fails for a file of this name."""

    def replace_others(source: str, target: str, **directories: int) -> None:
        if target == name:
            raise OSError(28, "No space left on device")
        original(source, target, **directories)

    return replace_others


def test_nothing_is_changed_where_no_journal_can_be_kept(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    (config.parent / ".smtp-wizard").write_text("")  # nor beside it
    with pytest.raises(WriteFailed) as caught:
        plan(config).apply()
    assert caught.value.code == "journal-not-usable"
    assert (config.read_text(), config.with_name(".env").read_text()) == (CONFIG, ENV)


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_journal_beside_the_configuration_is_found_later(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert not Journal(config).may_exist()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", "/proc/nowhere")
        killed_before_config(config, elsewhere)
    (tmp_path / "empty" / "smtp-wizard" / "journal").mkdir(mode=0o700, parents=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
    assert Journal(config).may_exist()
    assert recover_interrupted(config)
    assert config.with_name(".env").read_text() == ENV


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


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_putting_back_is_not_interrupted(
    config: Path, monkeypatch: pytest.MonkeyPatch, signal_number: signal.Signals
) -> None:
    """People who press Ctrl+C do so twice."""
    original = restore_file

    def pressed_again(*arguments: object, **named: object) -> object:
        signal.raise_signal(signal_number)
        return original(*arguments, **named)  # type: ignore[arg-type]

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(transaction, "restore_file", pressed_again)
    monkeypatch.setattr(JournalRecord, "committed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        plan(config).apply()
    assert (config.read_text(), config.with_name(".env").read_text()) == (CONFIG, ENV)
    assert Journal(config).unfinished() is None


def test_tidying_up_after_the_commit_is_not_interrupted(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Journal.finish

    def pressed(self: Journal, record: JournalRecord) -> None:
        signal.raise_signal(signal.SIGINT)
        original(self, record)

    monkeypatch.setattr(Journal, "finish", pressed)
    assert plan(config).apply() == ()
    assert Journal(config).unfinished() is None
    assert "new@example.org" in config.read_text()


def test_signal_handlers_are_as_before_after_an_uninterruptible_block() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="x"), uninterruptible():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("x")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"version": 99}'], ids=["nothing", "no version", "later version"]
)
def test_unfinished_write_whose_journal_cannot_be_trusted_is_not_forgotten(
    config: Path, monkeypatch: pytest.MonkeyPatch, state_directory: Path, content: bytes
) -> None:
    killed_before_config(config, monkeypatch)
    (path,) = (state_directory / "journal").iterdir()
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(WriteFailed) as caught:
            recover_interrupted(config)
        assert (caught.value.code, caught.value.path) == ("journal-not-believed", path)
    path.unlink()
    assert recover_interrupted(config) == ()


@pytest.mark.parametrize("name", ["journal", "."])
def test_unfinished_write_in_a_directory_that_others_may_write_is_not_forgotten(
    config: Path, monkeypatch: pytest.MonkeyPatch, state_directory: Path, name: str
) -> None:
    killed_before_config(config, monkeypatch)
    (path,) = (state_directory / "journal").iterdir()
    opened = path if name == "." else path.parent
    mode = opened.stat().st_mode
    opened.chmod(mode | 0o020)
    with pytest.raises(WriteFailed, match="other accounts") as caught:
        recover_interrupted(config)
    assert f"chmod -R go-w {state_directory}" in caught.value.remedy
    opened.chmod(mode)
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-recovered"
    assert config.with_name(".env").read_text() == ENV


def stored(config: Path, vault: FileVault, secret: str) -> None:
    apply_changes(
        config, (), [StoreChange(KEYRING, vault, Secret(secret))],
        command="set", keep=True, stores=StoreOpener(reopen=lambda *_: vault),
    )  # fmt: skip


def test_old_copies_of_a_secret_do_not_pile_up(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when two writes are of the same second, nor after a crash in between."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Stopped:
            return cls(2026, 11, 22, tzinfo=UTC)

    monkeypatch.setattr(record, "datetime", Stopped)
    vault = FileVault(tmp_path / "vault")
    for secret in ("oldpass", "hunter22", "open$esame"):
        stored(config, vault, secret)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "finish", lambda *_: os._exit(9))
        patch.setattr(Journal, "last_finished", lambda *_: os._exit(9))
        in_killed_process(lambda: stored(config, vault, "correct horse"))
    recover_interrupted(config, StoreOpener(reopen=lambda *_: vault))
    copies = [path for path in tmp_path.glob("vault*") if path.is_file()]
    assert len(copies) == 2, "the secret, and one copy of the one before it"


def test_secret_that_somebody_else_has_stored_meanwhile_is_not_replaced(
    config: Path, tmp_path: Path
) -> None:
    """No file shows that: they refer to the secret by the same name as before."""
    vault = FileVault(tmp_path / "vault")
    stored(config, vault, "oldpass")
    for after in (None, Secret("open$esame")):
        change = StoreChange(KEYRING, vault, after, Secret("oldpass"))
        vault.write(Secret("hunter22"))
        with pytest.raises(FileRefused, match="Somebody else changed the secret") as caught:
            apply_changes(
                config,
                (),
                [change],
                command="wizard",
                keep=True,
                stores=StoreOpener(reopen=lambda *_: vault),
            )
        assert caught.value.code == "file-changed"
        assert vault.read() == Secret("hunter22")


def test_temporary_that_cannot_be_removed_is_tried_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_before_config(config, monkeypatch)
    (temporary,) = config.parent.glob(".config.toml.*.tmp")
    original = os.unlink

    def failing(name: str, *, dir_fd: int) -> None:
        if name == temporary.name:
            raise OSError(5, "Input/output error")
        original(name, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", failing)
        with pytest.raises(WriteFailed, match="cannot be removed"):
            recover_interrupted(config)
    recover_interrupted(config)
    assert not temporary.exists()
    assert config.with_name(".env").read_text() == ENV

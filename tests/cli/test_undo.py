"""``undo`` puts back what the last write replaced, or says why it does not."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard.cli import output
from wizard.secrets.credential import CredentialStore

no_fork_warning = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

NEW = ("set", "--user", "new@example.org", "--secret-stdin", "--no-test", "--json")


@pytest.fixture
def configured(cli: Cli) -> Cli:
    cli.write("config.toml", CONFIG)
    cli.write(".env", "# mine\nSMTP_SECRET=oldpass\n")
    return cli


def test_undo_puts_both_files_back_byte_by_byte(configured: Cli) -> None:
    before = configured.snapshot()
    assert configured(*NEW, stdin=b"hunter22\n").json["changed"] is True
    result = configured("undo", "--json")
    assert result.code == 0
    assert configured.snapshot() == before
    assert [Path(f["path"]).name for f in result.json["files"]] == ["config.toml", ".env"]
    assert result.json["restart_needed"] is True


def test_undo_of_an_undo_restores_the_write(configured: Cli) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    written = configured.snapshot()
    before = configured("undo").err
    assert "Everything is as it was before smtp-wizard set wrote on" in before
    result = configured("undo")
    assert result.code == 0
    assert configured.snapshot() == written
    assert "Everything is as smtp-wizard set wrote it on" in result.err
    assert configured("undo").err == before  # it names the state, not what was called


def test_undo_of_the_first_write_removes_what_it_created(cli: Cli) -> None:
    arguments = ("set", "--user", "a@example.org", "--endpoint", "b.example.org", "--no-test")
    cli(*arguments, "--secret-stdin", "-c", "new/place/config.toml", stdin=b"hunter22\n")
    written = cli.snapshot()
    result = cli("undo", "-c", "new/place/config.toml")
    assert result.code == 0
    assert "Removed" in result.out
    assert "Start the server" not in result.err  # which has no configuration any more
    assert not (cli.directory / "new/place/config.toml").exists()
    assert not (cli.directory / "new/place/.env").exists()
    assert cli("undo", "-c", "new/place/config.toml").err.endswith("Start the server.\n")
    assert cli.snapshot() == written


@pytest.mark.parametrize("name", ["config.toml", ".env"])
def test_undo_refuses_when_a_file_has_changed_since(configured: Cli, name: str) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    with (configured.directory / name).open("a") as stream:
        stream.write("# theirs\n")
    before = configured.snapshot()
    result = configured("undo", "--json")
    assert result.code == 4
    assert result.json["error"]["code"] == "changed-since"
    assert Path(result.json["error"]["path"]).name == name
    assert configured.snapshot() == before


def test_undo_without_a_write_says_so(configured: Cli) -> None:
    result = configured("undo", "--json")
    assert result.code == 4
    assert result.json["error"]["code"] == "nothing-to-undo"


def test_write_without_backup_keeps_nothing(configured: Cli, state_directory: Path) -> None:
    configured(*NEW, stdin=b"correct horse\n")
    configured(*NEW, "--no-backup", stdin=b"hunter22\n")
    assert configured("undo").code == 4
    assert list((state_directory / "journal").iterdir()) == []


def test_write_that_changes_nothing_leaves_the_last_one_undoable(configured: Cli) -> None:
    before = configured.snapshot()
    configured(*NEW, stdin=b"hunter22\n")
    assert configured(*NEW, stdin=b"hunter22\n").json["changed"] is False
    assert configured("undo").code == 0
    assert configured.snapshot() == before


def test_undo_dry_run_shows_the_diff_and_writes_nothing(configured: Cli) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    written = configured.snapshot()
    result = configured("undo", "--dry-run")
    assert '+user = "me@example.org"   # the mailbox' in result.out
    assert "oldpass" not in result.out + result.err
    assert configured.snapshot() == written


def test_backup_is_readable_only_by_this_account(configured: Cli, state_directory: Path) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    kept = list((state_directory / "journal").iterdir())
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert (state_directory / "journal").stat().st_mode & 0o777 == 0o700
    assert b"hunter22" not in kept[0].read_bytes()


def test_account_without_a_home_keeps_its_journal_beside_the_configuration(
    configured: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "no-directory"))
    before = configured.snapshot()
    assert configured(*NEW, stdin=b"hunter22\n").code == 0
    assert configured("undo").code == 0
    (beside,) = configured.directory.glob(".smtp-wizard/*.last")
    assert beside.parent.stat().st_mode & 0o777 == 0o700
    ignored = beside.with_name(".gitignore")
    assert ignored.read_text() == "*\n", "old secrets have no place in git"
    ignored.unlink()
    beside.unlink()
    beside.parent.rmdir()
    assert configured.snapshot() == before


def test_journal_that_others_could_have_written_is_ignored(
    configured: Cli, state_directory: Path
) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    (kept,) = (state_directory / "journal").iterdir()
    kept.chmod(0o666)
    assert configured("undo").code == 4


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"version": 99}', b"9" * 99],
    ids=["empty", "empty object", "list", "not UTF-8", "unknown version", "huge number"],
)
def test_damaged_journal_counts_as_none(
    configured: Cli, state_directory: Path, content: bytes
) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    (kept,) = (state_directory / "journal").iterdir()
    kept.write_bytes(content)
    assert configured("undo").code == 4
    assert configured(*NEW, stdin=b"correct horse\n").code == 0
    assert configured("undo").code == 0


def test_undo_brings_back_a_credential(cli: Cli) -> None:
    store = CredentialStore(cli.directory / "smtp_secret.cred")
    if not store.check_availability().usable:
        pytest.skip(store.check_availability().sentence)
    cli(
        *NEW,
        "--endpoint",
        "mail.example.org",
        "--store",
        "credential",
        "-c",
        "config.toml",
        stdin=b"hunter22\n",
    )
    cli("set", "--secret-stdin", "--no-test", "-c", "config.toml", stdin=b"correct horse\n")
    assert cli("undo", "-c", "config.toml").code == 0
    secret = store.read()
    assert secret is not None
    assert secret.reveal() == "hunter22"


def killed(cli: Cli, patch: pytest.MonkeyPatch, *arguments: str, stdin: bytes = b"") -> None:
    """Run a command in another process that dies before it replaces config.toml."""
    original = os.replace

    def kill(source: str, target: str, **directories: int) -> None:
        if target == "config.toml":
            os._exit(9)
        original(source, target, **directories)

    child = os.fork()
    if child == 0:
        try:
            with patch.context() as only_there:
                only_there.setattr(os, "replace", kill)
                cli(*arguments, stdin=stdin)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@no_fork_warning
def test_undo_of_a_killed_write_leaves_the_write_before_it(
    configured: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = configured.snapshot()
    configured(*NEW, stdin=b"correct horse\n")
    written = configured.snapshot()
    killed(configured, monkeypatch, *NEW, "--starttls", stdin=b"hunter22\n")
    assert configured.snapshot() != written
    result = configured("undo", "--json")
    assert (result.code, result.json["changed"]) == (0, True)
    assert [warning["code"] for warning in result.json["warnings"]] == ["write-recovered"]
    assert [Path(f["path"]).name for f in result.json["files"]] == ["config.toml", ".env"]
    assert configured.snapshot() == written
    assert configured("undo").code == 0
    assert configured.snapshot() == before


@no_fork_warning
def test_undo_of_a_killed_undo_undoes(configured: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = configured.snapshot()
    configured(*NEW, stdin=b"correct horse\n")
    killed(configured, monkeypatch, "undo")
    result = configured("undo")
    assert result.code == 0
    assert "was interrupted; everything is as it was before" in result.err
    assert configured.snapshot() == before


@no_fork_warning
def test_dry_runs_say_that_a_write_is_not_finished(
    configured: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(*NEW, stdin=b"correct horse\n")
    killed(configured, monkeypatch, *NEW, "--starttls", stdin=b"hunter22\n")
    torn = configured.snapshot()
    result = configured("undo", "--dry-run", "--json")
    assert (result.code, result.json["error"]["code"]) == (4, "write-unfinished")
    result = configured("set", "--no-starttls", "--no-test", "--dry-run", "--json")
    assert result.code == 0
    assert "write-unfinished" in [warning["code"] for warning in result.json["warnings"]]
    assert configured.snapshot() == torn


@no_fork_warning
def test_failing_command_still_says_what_was_put_back(
    configured: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = configured.snapshot()
    killed(configured, monkeypatch, *NEW, stdin=b"hunter22\n")
    result = configured("set", "--endpoint", "no such host", "--no-test")
    assert result.code == 2
    assert "was interrupted; everything is as it was before" in result.err
    assert configured.snapshot() == before


def test_ctrl_c_after_the_last_step_is_not_an_abort(
    configured: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To say that nothing was written would be wrong."""
    original = output.document

    def pressed(content: Mapping[str, Any]) -> None:
        signal.raise_signal(signal.SIGINT)
        original(content)

    monkeypatch.setattr(output, "document", pressed)
    for arguments in (NEW, ("undo", "--json")):
        result = configured(*arguments, stdin=b"hunter22\n")
        assert (result.code, result.json["changed"]) == (0, True)


def test_undo_works_through_a_link_of_another_name(configured: Cli) -> None:
    (configured.directory / "config.toml").rename(configured.directory / "real.toml")
    (configured.directory / "config.toml").symlink_to("real.toml")
    configured("set", "--user", "new@example.org", "--no-test")
    result = configured("undo", "--dry-run")
    assert '+user = "me@example.org"   # the mailbox' in result.out
    assert configured("undo", "--json").json["restart_needed"] is False


@pytest.mark.parametrize(
    ("at", "undoable"),
    [
        ("2099-12-31T23:59:59+00:00", True),
        ("9999-12-31T23:59:59+00:00", False),
        ("2099-01-01T00:00:00", False),
    ],
)
def test_impossible_date_is_not_a_defect(
    configured: Cli, state_directory: Path, at: str, undoable: bool
) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    (kept,) = (state_directory / "journal").iterdir()
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"at": at}))
    assert configured("undo", "--dry-run").code == (0 if undoable else 4)
    assert configured("set", "--starttls", "--no-test").code == 0

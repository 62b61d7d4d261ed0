"""``undo`` puts back what the last write replaced, or says why it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Cli
from wizard.stores.credential import CREDENTIAL, CredentialStore

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


def test_undo_of_an_undo_brings_the_write_again(configured: Cli) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    written = configured.snapshot()
    configured("undo")
    assert configured("undo").code == 0
    assert configured.snapshot() == written


def test_undo_of_the_first_write_removes_what_it_made(cli: Cli) -> None:
    arguments = ("set", "--user", "a@example.org", "--endpoint", "b.example.org", "--no-test")
    cli(*arguments, "--secret-stdin", "-c", "new/place/config.toml", stdin=b"hunter22\n")
    written = cli.snapshot()
    result = cli("undo", "-c", "new/place/config.toml")
    assert result.code == 0
    assert "Removed" in result.out
    assert not (cli.directory / "new/place/config.toml").exists()
    assert not (cli.directory / "new/place/.env").exists()
    assert cli("undo", "-c", "new/place/config.toml").code == 0
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


def test_undo_dry_run_shows_the_way_back_and_writes_nothing(configured: Cli) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    written = configured.snapshot()
    result = configured("undo", "--dry-run")
    assert '+user = "me@example.org"   # the mailbox' in result.out
    assert "oldpass" not in result.out + result.err
    assert configured.snapshot() == written


def test_what_is_kept_is_for_this_account_alone(configured: Cli, state_directory: Path) -> None:
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
    beside.unlink()
    beside.parent.rmdir()
    assert configured.snapshot() == before


def test_journal_that_somebody_else_could_have_written_is_not_believed(
    configured: Cli, state_directory: Path
) -> None:
    configured(*NEW, stdin=b"hunter22\n")
    (kept,) = (state_directory / "journal").iterdir()
    kept.chmod(0o666)
    assert configured("undo").code == 4


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"version": 99}', b"9" * 99])
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
    store = CredentialStore(cli.directory / f"{CREDENTIAL}.cred")
    if not store.look().usable:
        pytest.skip(store.look().sentence)
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

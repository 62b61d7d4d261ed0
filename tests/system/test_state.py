"""What is kept from one run to the next is really kept, or that is an error of the system."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tests.files.accounts import ORDINARY, in_child, needs_root
from wizard.system.state import existing_state_dir, read_private, state_dir, write_private


@needs_root
def test_account_without_home_and_without_entry_has_no_state_directory() -> None:
    """As in a container that is started with a number as its user."""

    def ask() -> None:
        for name in ("HOME", "XDG_STATE_HOME"):
            os.environ.pop(name, None)
        for question in (existing_state_dir, state_dir):
            with pytest.raises(PermissionError, match="no home directory"):
                question()

    in_child(ask, ORDINARY)


@needs_root
def test_root_keeps_nothing_where_a_link_in_the_home_of_another_account_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a sudo that keeps HOME: the account could lead root's journal away."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / ".local").mkdir(parents=True)
    (elsewhere / "smtp-wizard" / "journal").mkdir(mode=0o700, parents=True)
    (home / ".local" / "state").symlink_to(elsewhere)
    os.chown(home, ORDINARY, ORDINARY)
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert existing_state_dir("journal") != home / ".local" / "state" / "smtp-wizard" / "journal"


def test_private_file_replaces_the_old_one_and_what_a_crash_left_of_writing_it(
    tmp_path: Path,
) -> None:
    path, unfinished = tmp_path / "journal", tmp_path / ".journal.tmp"
    unfinished.write_bytes(b"half of i")
    for data in (b"old", b"new"):
        write_private(path, data)
        assert read_private(path) == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EIO])
@pytest.mark.parametrize("of_directory", [False, True])
def test_private_file_that_might_not_outlast_a_crash_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, of_directory: bool
) -> None:
    """Unlike with the operator's files: the promise to put everything back depends on it."""
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) is of_directory:
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write_private(tmp_path / "journal", b"new")
    assert caught.value.errno == number
    assert not (tmp_path / ".journal.tmp").exists()
    assert (tmp_path / "journal").exists() is of_directory


def test_private_file_whose_directory_cannot_be_synced_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def denied(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == ".":  # the directory, opened for more than the names in it
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return original(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError):
        write_private(tmp_path / "journal", b"new")


def test_private_file_was_renamed_although_the_system_reports_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over NFS, when the answer is lost and the request is sent again."""
    rename = os.replace

    def lost(source: str, target: str, **directories: int) -> None:
        rename(source, target, **directories)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(os, "replace", lost)
    write_private(tmp_path / "journal", b"new")
    assert read_private(tmp_path / "journal") == b"new"

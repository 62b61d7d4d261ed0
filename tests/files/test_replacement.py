"""Files are replaced in one step, and put back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from wizard.errors import FileRefused, WriteFailed
from wizard.files import replacing
from wizard.files.location import Location
from wizard.files.reading import Snapshot, read_file
from wizard.files.replacing import replace_file, restore_file
from wizard.files.writing import make_directories, remove_directories

from .accounts import needs_root


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_new_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        replace_file(read_file(tmp_path / ".env"), b"x")
    finally:
        os.umask(previous)
    assert mode(tmp_path / ".env") == 0o600
    assert names(tmp_path) == [".env"]


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(read_file(path), b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o640


@needs_root
def test_replaced_file_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    replace_file(read_file(path), b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


@needs_root
def test_first_file_that_root_writes_belongs_to_the_owner_of_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "bomnipotent"
    directory.mkdir()
    os.chown(directory, 1234, 2345)
    path = directory / "configs" / ".env"
    replace_file(read_file(path), b"x")
    for created in (path, path.parent):
        assert (created.stat().st_uid, created.stat().st_gid) == (1234, 2345)
    assert mode(path) == 0o600


def test_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "real" / "config.toml"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "config.toml"
    link.symlink_to("real/config.toml")
    replace_file(read_file(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["config.toml"]


def test_dangling_link_gets_its_target(tmp_path: Path) -> None:
    link = tmp_path / ".env"
    (tmp_path / "secrets").mkdir()
    link.symlink_to("secrets/env")
    replace_file(read_file(link), b"new")
    assert (tmp_path / "secrets" / "env").read_bytes() == b"new"
    assert link.is_symlink()


def test_link_into_a_missing_directory_creates_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("nowhere/env")
    with pytest.raises(FileRefused, match="nowhere/env"):
        replace_file(read_file(tmp_path / ".env"), b"new")
    assert names(tmp_path) == [".env"]


def test_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old")
    snapshot = read_file(path)
    path.write_text("theirs")
    with pytest.raises(FileRefused, match="changed"):
        replace_file(snapshot, b"mine")
    assert path.read_text() == "theirs"
    assert names(tmp_path) == ["config.toml"]


def test_file_that_appeared_since_it_was_found_missing_is_left_alone(tmp_path: Path) -> None:
    snapshot = read_file(tmp_path / "config.toml")
    (tmp_path / "config.toml").write_text("theirs")
    with pytest.raises(FileRefused, match="changed"):
        replace_file(snapshot, b"mine")
    assert (tmp_path / "config.toml").read_text() == "theirs"


def test_missing_directories_are_created(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    assert replace_file(read_file(path), b"x") is None
    assert path.read_bytes() == b"x"


def test_directories_that_were_created_are_named_outermost_first(tmp_path: Path) -> None:
    with Location(tmp_path / "a" / "b" / "config.toml") as location:
        created = make_directories(location)
        assert location.directory == tmp_path / "a" / "b"
    assert created == [tmp_path / "a", tmp_path / "a" / "b"]
    (tmp_path / "a" / "theirs").touch()
    remove_directories(created)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


def test_failed_write_says_why_and_leaves_everything(tmp_path: Path) -> None:
    """/proc takes no new files, not even from root; the error is real."""
    snapshot = Snapshot(Path("/proc/config.toml"), Path("/proc/config.toml"), None)
    with pytest.raises(WriteFailed, match="Everything is as before"):
        replace_file(snapshot, b"x")


def test_restoring_brings_back_the_old_content_or_removes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    absent = read_file(path)
    replace_file(absent, b"first")
    present = read_file(path)
    replace_file(present, b"second")
    restore_file(present, b"second")
    assert path.read_bytes() == b"first"
    restore_file(absent, b"first")
    assert names(tmp_path) == []


def test_restoring_leaves_what_somebody_else_wrote(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    absent = read_file(path)
    replace_file(absent, b"first")
    path.write_bytes(b"theirs")
    with pytest.raises(FileRefused):
        restore_file(absent, b"first")
    assert path.read_bytes() == b"theirs"


def test_new_config_gets_the_mode_of_the_default_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert replacing.new_file_mode(path) == 0o600
    neighbour = tmp_path / "config.toml.default"
    neighbour.write_text("")
    neighbour.chmod(0o755)
    assert replacing.new_file_mode(path) == 0o644
    assert replacing.new_file_mode(tmp_path / "missing" / "config.toml") == 0o600

"""A file that the system refuses to write stays as it was, and the remedy fits."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import resource
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wizard.check.warnings import plan_warnings
from wizard.config.current import load_config, unwritable_findings
from wizard.config.draft import Draft
from wizard.config.layout import find_layout
from wizard.errors import FileRefused, WizardError, WriteFailed
from wizard.files import reading, refusals
from wizard.files.location import Location
from wizard.files.reading import Snapshot, read_file
from wizard.files.refusals import InPlaceReason
from wizard.files.replacing import delete_file, replace_file
from wizard.files.writing import stale_temporaries
from wizard.saving.plan import make_plan
from wizard.secrets.secret import Replace, Secret

from .accounts import ORDINARY, ROOT, as_ordinary, fork, in_child, needs_root
from .conftest import Mount, Protect


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def existing(directory: Path, content: bytes = b"old") -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "config.toml"
    path.write_bytes(content)
    return path


@needs_root
@pytest.mark.parametrize("attribute", ["+i", "+a"])
def test_protected_file_names_the_commands(place: Path, protect: Protect, attribute: str) -> None:
    path = existing(place / "with blank")
    protect(attribute, path)
    with pytest.raises(WriteFailed, match=r"not permitted.*as before") as failed:
        replace_file(read_file(path), b"new")
    assert f"lsattr '{path}'" in failed.value.remedy
    assert f"chattr -i -a '{path}'" in failed.value.remedy
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["config.toml"]
    with pytest.raises(WriteFailed, match=r"cannot be removed.*chattr"):
        delete_file(read_file(path))


@needs_root
def test_protected_file_is_known_in_advance(place: Path, protect: Protect) -> None:
    path = existing(place)
    assert reading.is_writable(read_file(path))
    protect("+i", path)
    assert not reading.is_writable(read_file(path))


def test_a_directory_that_cannot_be_written_matters_only_for_a_new_file(place: Path) -> None:
    config = existing(place / "configs", b'[smtp]\nuser = "a@b.example"\nendpoint = "c.example"\n')
    config.chmod(0o666)

    def warnings(**values: Any) -> list[str]:
        current = load_config(find_layout(config), {})
        draft = replace(Draft.of(current), **values)
        plan = make_plan(current, draft)
        return [
            each.message for each in plan_warnings(current, draft, plan)
            if each.code == "not-writable"
        ]  # fmt: skip

    config.parent.chmod(0o555)
    assert as_ordinary(lambda: warnings(user="x@b.example")) == []
    (message,) = as_ordinary(lambda: warnings(secret=Replace(Secret("hunter22"))))
    assert ".env" in message
    assert message.endswith("with sudo.")


@needs_root
def test_root_is_not_advised_to_use_sudo(place: Path, protect: Protect) -> None:
    config = existing(place / "configs", b"")
    protect("+i", config.parent)
    (finding,) = unwritable_findings(load_config(find_layout(config), {}))
    assert "root can write" in finding.message
    assert "sudo" not in finding.message


@needs_root
def test_protected_directory_names_the_commands(place: Path, protect: Protect) -> None:
    directory = place / "configs"
    directory.mkdir()
    protect("+i", directory)
    with pytest.raises(WriteFailed, match="not permitted") as failed:
        replace_file(read_file(directory / "config.toml"), b"new")
    assert f"lsattr -d {directory}" in failed.value.remedy


def test_new_file_in_a_read_only_directory_names_the_directory(place: Path) -> None:
    directory = place / "configs"
    directory.mkdir()
    directory.chmod(0o555)

    def write() -> None:
        assert not reading.is_writable(read_file(directory / "config.toml"))
        replace_file(read_file(directory / "config.toml"), b"new")

    with pytest.raises(WriteFailed, match=r"Permission denied.*owns the directory, or with sudo"):
        as_ordinary(write)
    directory.chmod(0o755)


def test_directory_that_has_become_inaccessible_is_reported(place: Path) -> None:
    closed = place / "closed"
    path = closed / "configs" / "config.toml"
    snapshot = Snapshot(path, path, None)
    closed.mkdir()
    closed.chmod(0)

    def write() -> None:
        assert not reading.is_writable(snapshot)
        replace_file(snapshot, b"new")

    with pytest.raises(WriteFailed, match=r"Permission denied.*owns the directory, or with sudo"):
        as_ordinary(write)
    closed.chmod(0o755)


@needs_root
def test_read_only_file_system(place: Path, mount: Mount) -> None:
    path = existing(place / "configs")
    mount(path.parent, "--bind", str(path.parent))
    mount(path.parent, "-o", "remount,bind,ro")
    assert not reading.is_writable(read_file(path))
    for file in (path, path.parent / ".env"):
        with pytest.raises(WriteFailed, match=r"Read-only file system.*on the host instead"):
            replace_file(read_file(file), b"new")
    assert path.read_bytes() == b"old"


@needs_root
def test_full_disk_leaves_the_old_file_and_no_temporary_one(place: Path, mount: Mount) -> None:
    small = place / "small"
    small.mkdir()
    mount(small, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    path = existing(small)
    (small / "filler").write_bytes(b"x" * (56 << 10))
    for file in (path, small / ".env", small / "new" / ".env"):
        with pytest.raises(WriteFailed, match=r"No space left on device.*Free some space"):
            replace_file(read_file(file), b"n" * 30_000)
    assert path.read_bytes() == b"old"
    assert names(small) == ["config.toml", "filler"]


@needs_root
def test_file_system_without_room_for_another_file(place: Path, mount: Mount) -> None:
    """It has space, but no inodes, which df -i shows."""
    small = place / "small"
    small.mkdir()
    mount(small, "-t", "tmpfs", "-o", "nr_inodes=2", "tmpfs")
    path = existing(small)
    with pytest.raises(WriteFailed, match=r"No space left on device.*df -i"):
        replace_file(read_file(path), b"new")
    assert path.read_bytes() == b"old"


def test_file_size_limit_does_not_end_the_program(place: Path) -> None:
    path = existing(place)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        replace_file(read_file(path), b"n" * 100)

    with pytest.raises(WriteFailed, match=r"too large.*ulimit -f"):
        in_child(limited)
    assert path.read_bytes() == b"old"
    assert names(place) == ["config.toml"]


def test_path_through_a_file(place: Path) -> None:
    path = existing(place)
    snapshot = Snapshot(path / ".env", path / ".env", None)
    with pytest.raises(WriteFailed, match=r"(Not a directory|File exists)"):
        replace_file(snapshot, b"x")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_appears_in_its_place_is_not_overwritten(
    place: Path, make: Callable[[Path], None]
) -> None:
    path = existing(place)
    before, absent = read_file(path), read_file(place / ".env")
    path.unlink()
    make(path)
    make(place / ".env")
    for snapshot in (before, absent):
        with pytest.raises(WizardError):
            replace_file(snapshot, b"new")
    assert names(place) == [".env", "config.toml"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_disk_that_cannot_keep_the_new_file_is_taken_seriously(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The failing fsync is a fake."""

    def failing(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    path = existing(place)
    snapshots = [
        read_file(path),
        read_file(place / ".env"),
        read_file(place / "new" / ".env"),
    ]
    monkeypatch.setattr(os, "fsync", failing)
    for snapshot in snapshots:
        with pytest.raises(WriteFailed, match=re.escape(os.strerror(number))):
            replace_file(snapshot, b"new")
    assert path.read_bytes() == b"old"
    assert names(place) == ["config.toml"]


class FailingDirectory:
    """A disk that keeps the contents of files, but not their names."""

    def __init__(self, *, forever: bool = False) -> None:
        self.forever = forever
        self.renamed = 0
        self._fsync = os.fsync
        self._replace = os.replace

    def fsync(self, descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(descriptor)

    def replace(self, source: str, target: str, **directories: int) -> None:
        self.renamed += 1
        if self.forever and self.renamed > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._replace(source, target, **directories)


def test_rename_that_the_disk_cannot_keep_is_undone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = existing(place)
    path.chmod(0o640)
    before, absent = read_file(path), read_file(place / ".env")
    monkeypatch.setattr(os, "fsync", FailingDirectory().fsync)
    for snapshot in (before, absent):
        with pytest.raises(WriteFailed, match="Everything is as before"):
            replace_file(snapshot, b"new")
    with pytest.raises(WriteFailed, match=r"cannot be removed.*Everything is as before"):
        delete_file(before)
    assert path.read_bytes() == b"old"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(place) == ["config.toml"]


def test_rename_that_cannot_even_be_undone_is_reported(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = existing(place)
    before = read_file(path)
    disk = FailingDirectory(forever=True)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    monkeypatch.setattr(os, "replace", disk.replace)
    with pytest.raises(WriteFailed, match="could not be put back") as failed:
        replace_file(before, b"new")
    assert failed.value.code == "not-put-back"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_rename_that_was_done_although_it_reports_an_error(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As over NFS, when the answer is lost and the request is repeated; a fake here."""
    rename = os.replace

    def lost(source: str, target: str, **directories: int) -> None:
        rename(source, target, **directories)
        raise OSError(number, os.strerror(number))

    path = existing(place)
    before, absent = read_file(path), read_file(place / ".env")
    monkeypatch.setattr(os, "replace", lost)
    for snapshot in (before, absent):
        assert replace_file(snapshot, b"new") is None
        assert snapshot.path.read_bytes() == b"new"
    assert names(place) == [".env", "config.toml"]


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.ESTALE])
def test_rename_that_was_not_done_leaves_the_old_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(source: str, target: str, **directories: int) -> None:
        raise OSError(number, os.strerror(number))

    path = existing(place)
    before = read_file(path)
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteFailed, match=re.escape(os.strerror(number))):
        replace_file(before, b"new")
    assert path.read_bytes() == b"old"
    assert names(place) == ["config.toml"]


def test_rename_whose_outcome_the_system_does_not_tell_is_reported(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = existing(place)
    before = read_file(path)

    def failing(source: str, target: str, **directories: int) -> None:
        monkeypatch.setattr(Location, "lstat", unanswered)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def unanswered(location: Location) -> os.stat_result:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteFailed) as failed:
        replace_file(before, b"new")
    assert (failed.value.code, failed.value.path) == ("not-put-back", path)
    assert names(place) == ["config.toml"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_file_system_that_cannot_sync_is_written_all_the_same(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    path = existing(place)
    before = read_file(path)
    monkeypatch.setattr(os, "fsync", failing)
    assert replace_file(before, b"new") is None
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.ENOTSUP])
def test_file_system_without_rename_is_written_in_place(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(source: str, target: str, **directories: int) -> None:
        raise OSError(number, os.strerror(number))

    path = existing(place)
    before = read_file(path)
    monkeypatch.setattr(os, "replace", failing)
    assert replace_file(before, b"new") is InPlaceReason.RENAME
    assert path.read_bytes() == b"new"
    assert names(place) == ["config.toml"]


def test_root_is_not_told_to_use_sudo() -> None:
    error = OSError(errno.EACCES, "Permission denied")
    remedy = refusals.file_not_written(Path("x"), Path("x"), error).remedy
    assert ("sudo" in remedy) is not ROOT


@needs_root
def test_root_that_cannot_take_on_the_rights_of_the_owner_is_told_who_could(place: Path) -> None:
    """As in a container that has dropped the capability."""
    directory = place / "configs"
    directory.mkdir()
    os.chown(directory, ORDINARY, ORDINARY)
    directory.chmod(0o777)

    def write() -> None:
        drop_capabilities()
        replace_file(read_file(directory / ".env"), b"x")

    with pytest.raises(FileRefused, match=r"Operation not permitted.*sudo -u NAME smtp-wizard"):
        in_child(write)
    assert names(directory) == []


def drop_capabilities() -> None:
    """Give up all that root may do beyond others, but stay root (capset)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def test_stale_temporaries_are_the_regular_files_that_a_crash_left(place: Path) -> None:
    path = place / "config.toml"
    assert stale_temporaries(place / "missing" / "config.toml") == []
    left = place / ".config.toml.0123456789ab.tmp"
    left.touch()
    for name in (
        "config.toml.0123456789ab.tmp",
        ".config.toml.0123456789AB.tmp",
        ".config.toml.0123456789.tmp",
        ".config.toml.0123456789ab.tmp.bak",
        "..config.toml.0123456789ab.tmp",
        ".env.0123456789ab.tmp",
    ):
        (place / name).touch()
    (place / ".config.toml.aaaaaaaaaaaa.tmp").mkdir()
    (place / ".config.toml.bbbbbbbbbbbb.tmp").symlink_to(left)
    os.mkfifo(place / ".config.toml.cccccccccccc.tmp")
    assert stale_temporaries(path) == [left]


@needs_root
def test_stale_temporaries_of_another_account_are_left_alone(place: Path) -> None:
    left = place / "..env.0123456789ab.tmp"
    left.touch()
    assert as_ordinary(lambda: stale_temporaries(place / ".env")) == []
    os.chown(left, 2345, 2345)
    assert stale_temporaries(place / ".env") == [left]


def test_killed_program_leaves_the_old_file_and_a_temporary_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = existing(place)
    before = read_file(path)
    child = fork()
    if child == 0:

        def killed(descriptor: int) -> None:
            os.kill(os.getpid(), 9)

        monkeypatch.setattr(os, "fsync", killed)
        replace_file(before, b"new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert path.read_bytes() == b"old"
    (left,) = stale_temporaries(path)
    assert left.read_bytes() == b"new"
    assert left.stat().st_mode & 0o777 == before.mode
    replace_file(read_file(path), b"newer")
    assert path.read_bytes() == b"newer"

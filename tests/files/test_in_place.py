"""A file that cannot be replaced is written in place, and never left half-written."""

from __future__ import annotations

import os
import resource
import signal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import FileRefused, WriteFailed
from wizard.files import reading, writing
from wizard.files.reading import read_file
from wizard.files.refusals import InPlaceReason
from wizard.files.replacing import delete_file, replace_file, restore_file
from wizard.files.writing import stale_temporaries

from .accounts import ORDINARY, as_ordinary, in_child, needs_root
from .conftest import Mount, Protect

contents = st.binary(max_size=40)


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def linked(place: Path, content: bytes = b"old") -> Path:
    path = place / "config.toml"
    path.write_bytes(content)
    (place / "other").hardlink_to(path)
    return path


@pytest.mark.parametrize("new", [b"longer than before", b"new", b"x", b""])
def test_hard_links_go_on_having_the_same_content(place: Path, new: bytes) -> None:
    path = linked(place)
    path.chmod(0o640)
    inode = path.stat().st_ino
    assert replace_file(read_file(path), new) is InPlaceReason.HARD_LINKS
    assert path.read_bytes() == (place / "other").read_bytes() == new
    assert (path.stat().st_ino, path.stat().st_mode & 0o7777) == (inode, 0o640)
    assert names(place) == ["config.toml", "other"]


def test_hard_links_survive_when_the_file_is_put_back(place: Path) -> None:
    path = linked(place)
    before = read_file(path)
    replace_file(before, b"new")
    assert restore_file(before, b"new") is InPlaceReason.HARD_LINKS
    assert (place / "other").read_bytes() == b"old"


@needs_root
def test_file_that_is_a_mount_point_is_written_in_place(place: Path, mount: Mount) -> None:
    (place / "source").write_bytes(b"old")
    path = place / "config.toml"
    path.touch()
    mount(path, "--bind", str(place / "source"))
    before = read_file(path)
    reason = replace_file(before, b"new content")
    assert reason is InPlaceReason.MOUNT
    assert not reason.server_notices
    assert "restart" in reason.message
    assert (place / "source").read_bytes() == b"new content"
    assert restore_file(before, b"new content") is InPlaceReason.MOUNT
    assert (place / "source").read_bytes() == b"old"
    assert names(place) == ["config.toml", "source"]
    with pytest.raises(WriteFailed, match=r"busy.*mount its directory"):
        delete_file(before)


@needs_root
def test_writable_file_mounted_into_a_read_only_file_system(place: Path, mount: Mount) -> None:
    """As in a container whose root is read-only."""
    (place / "source").write_bytes(b"old")
    root = place / "root"
    root.mkdir()
    mount(root, "-t", "tmpfs", "tmpfs")
    (root / "config.toml").touch()
    mount(root / "config.toml", "--bind", str(place / "source"))
    mount(root, "-o", "remount,ro")
    assert reading.is_writable(read_file(root / "config.toml"))
    assert replace_file(read_file(root / "config.toml"), b"new") is InPlaceReason.MOUNT
    assert (place / "source").read_bytes() == b"new"


def test_writable_file_in_a_read_only_directory(place: Path) -> None:
    directory = place / "configs"
    directory.mkdir()
    path = directory / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o666)
    directory.chmod(0o555)

    def replace() -> InPlaceReason | None:
        assert reading.is_writable(read_file(path))
        return replace_file(read_file(path), b"new")

    assert as_ordinary(replace) is InPlaceReason.DIRECTORY
    assert path.read_bytes() == b"new"
    directory.chmod(0o755)


@needs_root
def test_file_in_an_immutable_directory(place: Path, protect: Protect) -> None:
    path = place / "config.toml"
    path.write_bytes(b"old")
    protect("+i", place)
    assert replace_file(read_file(path), b"new") is InPlaceReason.DIRECTORY
    assert path.read_bytes() == b"new"


@needs_root
def test_append_only_directory_keeps_no_secret_in_a_temporary_file(
    place: Path, protect: Protect
) -> None:
    """What is created there can be neither renamed nor removed."""
    path = place / ".env"
    path.write_bytes(b"old")
    protect("+a", place)
    assert replace_file(read_file(path), b"SMTP_SECRET=hunter22") is InPlaceReason.DIRECTORY
    assert path.read_bytes() == b"SMTP_SECRET=hunter22"
    assert [stray.read_bytes() for stray in stale_temporaries(path)] == [b""]


@needs_root
def test_file_whose_owner_a_new_one_cannot_get_keeps_it(place: Path) -> None:
    """The group may write the file and the directory, but only root gives files away."""
    directory = place / "configs"
    directory.mkdir()
    path = directory / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o660)
    for each in (directory, path):
        os.chown(each, 2345, 3456)
    directory.chmod(0o770)
    why = in_child(lambda: replace_file(read_file(path), b"new"), ORDINARY, [3456])
    assert why is InPlaceReason.OWNER
    assert path.read_bytes() == b"new"
    assert (path.stat().st_uid, path.stat().st_gid) == (2345, 3456)
    assert names(directory) == ["config.toml"]


@needs_root
def test_file_whose_group_a_new_one_cannot_get_keeps_it(place: Path) -> None:
    directory = place / "configs"
    directory.mkdir()
    path = directory / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o640)
    os.chown(directory, ORDINARY, ORDINARY)
    os.chown(path, ORDINARY, 3456)
    assert as_ordinary(lambda: replace_file(read_file(path), b"new")) is InPlaceReason.OWNER
    assert (path.stat().st_gid, path.stat().st_mode & 0o777) == (3456, 0o640)


@needs_root
def test_sticky_directory_does_not_stop_whoever_may_write_the_file(place: Path) -> None:
    """Several members of a group work in it; only they may enter."""
    directory = place / "shared"
    directory.mkdir()
    path = directory / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o664)
    for each in (directory, path):
        os.chown(each, 2345, 3456)
    directory.chmod(0o1770)
    in_child(lambda: replace_file(read_file(path), b"new"), ORDINARY, [3456])
    assert path.read_bytes() == b"new"
    assert path.stat().st_uid == 2345


def test_callback_is_called_right_before_the_first_byte(place: Path) -> None:
    path = linked(place)
    seen = []
    replace_file(read_file(path), b"new", before_in_place=lambda: seen.append(path.read_bytes()))
    replace_file(read_file(path), b"newer", before_in_place=lambda: seen.append(path.read_bytes()))
    assert seen == [b"old", b"new"]


def test_callback_is_not_called_where_the_file_is_replaced_in_one_step(place: Path) -> None:
    path = place / "config.toml"

    def fail() -> None:
        raise AssertionError

    replace_file(read_file(path), b"first", before_in_place=fail)
    assert replace_file(read_file(path), b"second", before_in_place=fail) is None


def test_failing_callback_leaves_the_file_alone(place: Path) -> None:
    path = linked(place)

    def fail() -> None:
        raise WriteFailed("write-failed", "The journal cannot be written.")

    with pytest.raises(WriteFailed, match="journal"):
        replace_file(read_file(path), b"new", before_in_place=fail)
    assert path.read_bytes() == b"old"


def test_file_that_changes_at_the_last_moment_is_left_alone(place: Path) -> None:
    path = linked(place)
    with pytest.raises(FileRefused, match="Somebody else changed"):
        replace_file(read_file(path), b"mine", before_in_place=partial(_write, path, b"theirs"))
    assert path.read_bytes() == b"theirs"


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def test_link_that_appears_at_the_last_moment_is_not_followed(place: Path) -> None:
    path = linked(place)
    victim = place / "victim"
    victim.write_bytes(b"old")
    before = read_file(path)
    path.unlink()
    path.symlink_to(victim)
    with pytest.raises((FileRefused, WriteFailed)):
        replace_file(before, b"new")
    assert victim.read_bytes() == b"old"


@pytest.mark.parametrize("size", [3, 10_000])
def test_file_size_limit_cannot_tear_a_file(place: Path, size: int) -> None:
    """The system cuts the first write short and refuses the second one."""
    path = linked(place, b"o" * size)
    new = b"n" * (size + 100)

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, size + 10))
        replace_file(read_file(path), new)

    with pytest.raises(WriteFailed, match=r"too large. Everything is as before. .*ulimit -f"):
        in_child(limited)
    assert path.read_bytes() == b"o" * size


@needs_root
def test_full_disk_cannot_tear_a_file(place: Path, mount: Mount) -> None:
    small = place / "small"
    small.mkdir()
    mount(small, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    path = linked(small, b"o" * 5000)
    fill(small / "filler")
    with pytest.raises(WriteFailed, match=r"No space left.*as before.*Free some space"):
        replace_file(read_file(path), b"n" * 20_000)
    assert path.read_bytes() == b"o" * 5000
    replace_file(read_file(path), b"n" * 5000)
    assert (small / "other").read_bytes() == b"n" * 5000


def fill(path: Path) -> None:
    """Use up all the space that is left."""
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            return


class SlowDisk:
    """A disk that takes two bytes at a time, and fails at one of the writes."""

    def __init__(self, path: Path, fails_at: int | None, forever: bool = False) -> None:
        self.path = path
        self.fails_at = fails_at
        self.forever = forever
        self.calls = 0
        self.contents = [path.read_bytes()]
        self._pwrite = os.pwrite

    def __call__(self, descriptor: int, data: memoryview, offset: int) -> int:
        self.calls += 1
        if self.fails_at is not None and self.calls >= self.fails_at:
            self.fails_at = 0 if self.forever else None
            raise OSError(5, "Input/output error")
        done = self._pwrite(descriptor, data[:2], offset)
        self.contents.append(self.path.read_bytes())
        return done


@pytest.mark.parametrize("new", [b"longer than it was", b"same size!", b"short"])
def test_every_stage_of_writing_is_recognised_as_torn(
    place: Path, monkeypatch: pytest.MonkeyPatch, new: bytes
) -> None:
    old = b"0123456789"
    path = linked(place, old)
    disk = SlowDisk(path, None)
    monkeypatch.setattr(os, "pwrite", disk)
    replace_file(read_file(path), new)
    assert path.read_bytes() == new
    assert len(disk.contents) > len(new) // 2
    assert all(writing.is_torn(old, new, content) for content in disk.contents)


@pytest.mark.parametrize("fails_at", range(1, 9))
def test_disk_error_halfway_restores_the_old_content(
    place: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    path = linked(place, b"0123456789")
    before = read_file(path)
    monkeypatch.setattr(os, "pwrite", SlowDisk(path, fails_at))
    with pytest.raises(WriteFailed, match=r"Input/output error. Everything is as before. .*dmesg"):
        replace_file(before, b"longer than it was")
    assert path.read_bytes() == b"0123456789"


def test_disk_that_goes_on_failing_is_reported(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = linked(place, b"0123456789")
    before = read_file(path)
    monkeypatch.setattr(os, "pwrite", SlowDisk(path, 3, forever=True))
    with pytest.raises(WriteFailed, match="could not be put back") as failed:
        replace_file(before, b"abcdefghij")
    assert failed.value.code == "not-put-back"
    assert writing.is_torn(b"0123456789", b"abcdefghij", path.read_bytes())


def test_interrupt_halfway_restores_the_old_content(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = linked(place, b"0123456789")
    before = read_file(path)
    disk = SlowDisk(path, None)

    def interrupted(descriptor: int, data: memoryview, offset: int) -> int:
        if disk.calls == 3:
            disk.calls += 1
            signal.raise_signal(signal.SIGINT)
        return disk(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_file(before, b"abcdefghij")
    assert path.read_bytes() == b"0123456789"


@given(contents, contents, st.data())
def test_any_mixture_of_both_is_torn(before: bytes, after: bytes, data: st.DataObject) -> None:
    size = data.draw(st.integers(*sorted((len(before), len(after)))))
    both = [(before[i : i + 1], after[i : i + 1]) for i in range(size)]
    found = b"".join(data.draw(st.sampled_from([one for one in pair if one])) for pair in both)
    assert writing.is_torn(before, after, found)


@given(contents, contents, st.data())
def test_what_somebody_else_wrote_is_not_torn(
    before: bytes, after: bytes, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, 60))
    low, high = sorted((len(before), len(after)))
    if low <= size <= high and size > 0:
        place = data.draw(st.integers(0, size - 1))
        foreign = next(b for b in range(3) if b not in (*before[place:][:1], *after[place:][:1]))
        found = bytes([0] * place + [foreign] + [0] * (size - place - 1))
        assert not writing.is_torn(before, after, found)
    elif not low <= size <= high:
        assert not writing.is_torn(before, after, bytes(size))


def test_each_reason_is_explained_in_whole_sentences() -> None:
    for reason in InPlaceReason:
        assert reason.message.endswith(".")
        assert "in place" in reason.message
    assert [each for each in InPlaceReason if not each.server_notices] == [InPlaceReason.MOUNT]

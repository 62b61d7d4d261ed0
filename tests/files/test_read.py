"""Files are read carefully."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from wizard.errors import FileRefused
from wizard.files import encoding, location
from wizard.files.reading import read_file
from wizard.files.replacing import replace_file

from .accounts import as_ordinary, in_child, needs_root


def test_missing_file_is_a_snapshot_without_data(tmp_path: Path) -> None:
    snapshot = read_file(tmp_path / "config.toml")
    assert not snapshot.exists
    assert snapshot.mode is None


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="a directory"):
        read_file(tmp_path)


def test_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FileRefused, match="not a regular file"):
        read_file(tmp_path / "fifo")


def test_device_is_refused() -> None:
    with pytest.raises(FileRefused, match="not a regular file"):
        read_file(Path("/dev/zero"))


def test_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileRefused, match="Not a directory"):
        read_file(tmp_path / "file" / "config.toml")


def test_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FileRefused, match="symbolic links"):
        read_file(tmp_path / "loop")


def test_file_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * encoding.MAX_BYTES)
    assert read_file(path).exists
    path.write_bytes(b"#" * (encoding.MAX_BYTES + 1))
    with pytest.raises(FileRefused, match="1 MiB"):
        read_file(path)


def test_file_of_more_than_a_hundred_thousand_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\n" * encoding.MAX_LINES)
    assert read_file(path).exists
    path.write_bytes(b"\n" * (encoding.MAX_LINES + 1))
    with pytest.raises(FileRefused, match="100,000 lines") as refused:
        read_file(path)
    assert refused.value.code == "file-too-large"


def test_links_are_followed_on_a_system_without_o_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS; a fake, which leaves the flag out."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "config.toml").write_text("x")
    (tmp_path / "way").symlink_to("real")
    (tmp_path / "config.toml").symlink_to(tmp_path / "way" / "config.toml")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    monkeypatch.setattr(location, "_ANYTHING", flags)
    assert read_file(tmp_path / "config.toml").data == b"x"
    assert not read_file(tmp_path / "missing" / "config.toml").exists


def test_socket_is_refused(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "socket"))
        with pytest.raises(FileRefused, match="cannot be read"):
            read_file(place / "socket")


def test_unreadable_file_is_refused(place: Path) -> None:
    path = place / "config.toml"
    path.write_text("")
    path.chmod(0)
    with pytest.raises(FileRefused, match="sudo") as refused:
        as_ordinary(lambda: read_file(path))
    assert refused.value.code == "file-unreadable"


@pytest.mark.parametrize("exists", [True, False])
def test_link_that_cannot_be_read_is_not_taken_for_a_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    """Else the link would be replaced by a file. The failing call is a fake."""
    link = place / "config.toml"
    link.symlink_to("target")
    if exists:
        (place / "target").write_text("old")

    def failing(path: str, *, dir_fd: int) -> str:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr(os, "readlink", failing)
        with pytest.raises(FileRefused, match="Input/output error"):
            read_file(link)


@needs_root
@pytest.mark.parametrize("shared_mode", [0o1777, 0o777])
def test_link_planted_in_a_world_writable_directory_is_refused(
    tmp_path: Path, shared_mode: int
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(shared_mode)
    (tmp_path / "victim").write_text("x")
    link = shared / ".env"
    link.symlink_to("../victim")
    os.chown(link, 65534, 65534, follow_symlinks=False)
    with pytest.raises(
        FileRefused, match=f"{link}, which belongs to the account nobody"
    ) as refused:
        read_file(link)
    assert refused.value.code == "path-not-trusted"
    os.chown(link, 0, 0, follow_symlinks=False)
    assert read_file(link).data == b"x"


@pytest.mark.parametrize(
    "name",
    ["with blanks .toml", "größe-配置.toml", "two\nlines", "'quoted' \"twice\"", "-c", "\udcff"],
)
def test_any_name_that_the_system_allows_is_fine(place: Path, name: str) -> None:
    """The last one is a byte that is not UTF-8, as Python represents it."""
    path = place / name / name
    assert replace_file(read_file(path), b"x") is None
    replace_file(read_file(path), b"y")
    assert read_file(path).data == b"y"
    assert [entry.name for entry in (place / name).iterdir()] == [name]


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_name_that_no_file_can_have_is_refused(place: Path, name: str) -> None:
    with pytest.raises(FileRefused, match="No file can have this name"):
        read_file(place / name)


def test_name_that_is_too_long_is_refused(place: Path) -> None:
    with pytest.raises(FileRefused, match="too long"):
        read_file(place / ("x" * 256))


def test_longest_name_can_be_written(place: Path) -> None:
    """The name of the temporary file beside it would be too long if it began with all of it."""
    path = place / ("ö" * 127 + "x")
    replace_file(read_file(path), b"x")
    replace_file(read_file(path), b"y")
    assert read_file(path).data == b"y"
    assert len(list(place.iterdir())) == 1


def test_relative_path_follows_the_working_directory(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    for path in (Path("config.toml"), Path("new/../new/.env"), Path("../") / place.name / "c"):
        replace_file(read_file(path), b"x")
        assert read_file(path).data == b"x"
    assert {entry.name for entry in place.iterdir()} == {"config.toml", "new", "c"}


def test_working_directory_that_is_gone_is_reported(place: Path) -> None:
    """A file there must not seem to be merely missing: it would be written elsewhere."""

    def lost() -> None:
        gone = place / "gone"
        gone.mkdir()
        os.chdir(gone)
        shutil.rmtree(gone)
        read_file(Path("config.toml"))

    with pytest.raises(FileRefused, match="No such file or directory"):
        in_child(lost)

"""Following a real log file, as it is appended to, rotated, truncated, created."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.server.conftest import PATIENCE, until
from wizard.server.log import LogFile, LogUnreadable


async def read_until(log: LogFile, text: bytes, then: Callable[[], object] | None = None) -> bytes:
    """Follow the log until ``text`` has come.

    ``then`` is called once following has begun for sure, which takes a line; that is left out.
    """
    found, begun = b"", "begun\n"
    if then is not None:
        append(log.path, begun)
    async with asyncio.timeout(PATIENCE), aclosing(log.chunks()) as chunks:
        async for chunk in chunks:
            found += chunk
            if then is not None and found == begun.encode():
                then()
                found, then = b"", None
            if text in found:
                break
    return found


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "server.log"
    path.write_text("old line\n" * 20)
    return path


async def test_only_what_is_appended_from_then_on_is_read(path: Path) -> None:
    log = LogFile.open_at_end(path)
    append(path, "first\n")
    assert await read_until(log, b"first") == b"first\n"
    log = LogFile.open_at_end(path)
    assert await read_until(log, b"second", lambda: append(path, "second\n")) == b"second\n"


async def test_file_that_comes_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    log = LogFile.open_at_end(path)
    asyncio.get_running_loop().call_later(0.3, append, path, "new\n")
    assert await read_until(log, b"new") == b"new\n"


@pytest.mark.parametrize("while_following", [True, False])
async def test_rotated_file_is_read_to_its_end_and_then_the_new_one(
    path: Path, while_following: bool
) -> None:
    log = LogFile.open_at_end(path)

    def rotate() -> None:
        append(path, "last words\n")
        path.rename(path.with_suffix(".1"))
        append(path, "new file\n")

    if while_following:
        found = await read_until(log, b"new file", rotate)
        assert found == b"last words\nnew file\n"
    else:
        rotate()
        assert await read_until(log, b"new file") == b"new file\n"


@pytest.mark.parametrize("while_following", [True, False])
@pytest.mark.parametrize("length", [1, 1000])
async def test_truncated_file_is_read_from_its_beginning(
    path: Path, while_following: bool, length: int
) -> None:
    log = LogFile.open_at_end(path)
    text = "new line\n" * length  # longer than all there was before, or shorter

    def truncate() -> None:
        os.truncate(path, 0)
        append(path, text)

    if not while_following:
        truncate()
    found = await read_until(log, b"new line\n" * length, truncate if while_following else None)
    assert found == text.encode()


async def test_file_that_is_deleted_and_created_anew_is_read(path: Path) -> None:
    log = LogFile.open_at_end(path)
    path.unlink()  # the next file may even get the same inode
    append(path, "new\n")
    assert await read_until(log, b"new") == b"new\n"


async def test_link_that_leads_to_another_file_each_day_is_followed(tmp_path: Path) -> None:
    (tmp_path / "monday.log").write_text("old\n")
    link = tmp_path / "server.log"
    link.symlink_to("monday.log")
    log = LogFile.open_at_end(link)

    def next_day() -> None:
        (tmp_path / "tuesday.log").write_text("new\n")
        (tmp_path / "next").symlink_to("tuesday.log")
        (tmp_path / "next").rename(link)

    assert await read_until(log, b"new", next_day) == b"new\n"


async def test_much_at_once_comes_in_chunks_of_64_kib_at_most(path: Path) -> None:
    log = LogFile.open_at_end(path)
    append(path, "x" * 300_000)
    sizes = []
    async with asyncio.timeout(PATIENCE), aclosing(log.chunks()) as chunks:
        async for chunk in chunks:
            sizes.append(len(chunk))
            if sum(sizes) == 300_000:
                break
    assert max(sizes) <= 65536


async def test_log_is_not_read_further_ahead_than_a_few_chunks(path: Path) -> None:
    log = LogFile.open_at_end(path)
    os.truncate(path, 1 << 40)  # zeros without end, which take no room on the disk
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.timeout(PATIENCE), aclosing(log.chunks()) as chunks:
        await anext(chunks)
        await asyncio.sleep(1.0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000, "KiB"


def test_what_is_no_regular_file_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/null"), tmp_path / "missing" / "x.log"):
        with pytest.raises(LogUnreadable):
            LogFile.open_at_end(path)


async def test_fifo_that_takes_the_files_place_ends_the_reading(path: Path) -> None:
    log = LogFile.open_at_end(path)

    def replace() -> None:
        path.unlink()
        os.mkfifo(path)

    with pytest.raises(LogUnreadable):
        await read_until(log, b"never", replace)


def test_file_that_this_account_may_not_read_is_left_alone(path: Path) -> None:
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(LogUnreadable):
            LogFile.open_at_end(path)
    finally:
        if root:
            os.seteuid(0)


async def test_nothing_stays_open(path: Path) -> None:
    def is_open() -> bool:
        links = list(Path("/proc/self/fd").iterdir())
        return any(link.exists() and link.samefile(path) for link in links)

    log = LogFile.open_at_end(path)
    assert not is_open()
    await read_until(log, b"x", lambda: append(path, "x"))
    await until(lambda: not is_open())  # its thread closes it before it reads again

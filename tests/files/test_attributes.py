"""Owner, group, mode, access control lists and extended attributes of a file are kept."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from wizard.errors import FileRefused, WriteFailed
from wizard.files import reading
from wizard.files.reading import read_file
from wizard.files.replacing import replace_file

from .accounts import ORDINARY, as_ordinary, in_child, needs_root

needs_acl = pytest.mark.skipif(shutil.which("setfacl") is None, reason="setfacl is not installed")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def setfacl(*arguments: str) -> None:
    done = subprocess.run(["setfacl", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this file system has no access control lists")


def setxattr(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError:
        pytest.skip("this file system has no such attributes")


def test_extended_attributes_stay(place: Path) -> None:
    path = place / "config.toml"
    path.write_text("old")
    setxattr(path, "user.note", b"kept")
    replace_file(read_file(path), b"new")
    assert path.read_bytes() == b"new"
    assert os.getxattr(path, "user.note") == b"kept"


@needs_acl
def test_access_control_list_stays(place: Path) -> None:
    path = place / ".env"
    path.write_text("old")
    path.chmod(0o600)
    setfacl("-m", "u:65534:r", str(path))
    before = os.getxattr(path, "system.posix_acl_access")
    replace_file(read_file(path), b"new")
    assert os.getxattr(path, "system.posix_acl_access") == before


@needs_acl
def test_access_control_list_of_the_directory_gives_nobody_else_access(place: Path) -> None:
    """A new file inherits it; the file that is replaced does not have it."""
    path = place / ".env"
    path.write_text("old")
    path.chmod(0o640)
    setfacl("-d", "-m", "u:65534:rw", str(place))
    assert replace_file(read_file(path), b"new") is None
    assert path.read_bytes() == b"new"
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert mode(path) == 0o640


@needs_acl
def test_new_file_is_private_in_spite_of_the_list_of_its_directory(place: Path) -> None:
    setfacl("-d", "-m", "u:65534:rw", str(place))
    replace_file(read_file(place / ".env"), b"x")
    shown = subprocess.run(
        ["getfacl", "-ncE", str(place / ".env")], capture_output=True, text=True, check=True
    )
    assert mode(place / ".env") == 0o600
    assert "mask::---" in shown.stdout


@needs_root
def test_attribute_that_describes_only_the_old_file_is_not_copied(place: Path) -> None:
    """Such as trusted.gfid of Gluster, or the hash in security.ima."""
    path = place / "config.toml"
    path.write_text("old")
    setxattr(path, "trusted.smtp-wizard", b"of this file")
    replace_file(read_file(path), b"new")
    assert "trusted.smtp-wizard" not in os.listxattr(path)


def test_file_that_its_owner_made_read_only_is_left_alone(place: Path) -> None:
    path = place / "config.toml"

    def replace() -> None:
        path.write_text("old")
        path.chmod(0o444)
        assert not reading.is_writable(read_file(path))
        replace_file(read_file(path), b"new")

    place.chmod(0o777)
    with pytest.raises(WriteFailed, match=r"yours.*chmod u\+w") as failed:
        as_ordinary(replace)
    assert failed.value.code == "write-failed"
    assert path.read_text() == "old"


@needs_root
def test_root_replaces_a_read_only_file_which_stays_read_only(place: Path) -> None:
    path = place / ".env"
    path.write_text("old")
    path.chmod(0o400)
    assert replace_file(read_file(path), b"new") is None
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o400


@needs_root
def test_file_of_another_account_in_our_directory_is_left_alone(place: Path) -> None:
    """The directory would let us replace it, but the new file would be ours."""
    directory = place / "configs"
    directory.mkdir()
    os.chown(directory, ORDINARY, ORDINARY)
    path = directory / "config.toml"
    path.write_text("old")
    path.chmod(0o644)
    with pytest.raises(WriteFailed, match="account that owns the file, or with sudo"):
        as_ordinary(lambda: replace_file(read_file(path), b"new"))
    assert path.read_text() == "old"
    assert path.stat().st_uid == 0


@needs_root
@pytest.mark.parametrize("shared_mode", [0o1777, 0o777])
def test_planted_file_in_a_world_writable_directory_does_not_get_the_secret(
    place: Path, shared_mode: int
) -> None:
    """Its owner could read the secret, even if root replaces it."""
    shared = place / "shared"
    shared.mkdir()
    shared.chmod(shared_mode)
    path = shared / ".env"
    path.write_text("old")
    path.chmod(0o666)
    os.chown(path, 65534, 65534)
    for uid in (None, ORDINARY):
        with pytest.raises(FileRefused, match="another account") as refused:
            in_child(lambda: replace_file(read_file(path), b"hunter22"), uid)
        assert refused.value.code == "file-not-trusted"
    assert path.read_text() == "old"
    in_child(lambda: replace_file(read_file(path), b"new"), 65534)
    assert path.read_text() == "new"


@needs_root
def test_own_file_in_a_world_writable_directory_is_replaced(place: Path) -> None:
    shared = place / "shared"
    shared.mkdir()
    shared.chmod(0o1777)

    def write() -> None:
        replace_file(read_file(shared / ".env"), b"x")
        replace_file(read_file(shared / ".env"), b"y")

    as_ordinary(write)
    assert (shared / ".env").read_bytes() == b"y"
    assert (mode(shared / ".env"), (shared / ".env").stat().st_uid) == (0o600, ORDINARY)


@pytest.mark.parametrize("as_root", [pytest.param(True, marks=needs_root), False])
def test_new_file_in_a_setgid_directory_gets_its_group(place: Path, as_root: bool) -> None:
    directory = place / "configs"
    directory.mkdir()
    if os.geteuid() == 0:
        os.chown(directory, ORDINARY, 3456)
    directory.chmod(0o2775)
    path = directory / "new" / ".env"

    def write() -> None:
        replace_file(read_file(path), b"x")
        replace_file(read_file(path), b"y")

    if as_root:
        write()
    else:
        as_ordinary(write)
    group, owner = directory.stat().st_gid, directory.stat().st_uid
    assert (path.parent.stat().st_gid, path.stat().st_gid) == (group, group)
    assert (path.parent.stat().st_uid, path.stat().st_uid) == (owner, owner)
    assert path.parent.stat().st_mode & stat.S_ISGID
    assert mode(path) == 0o600


def test_file_in_a_directory_that_cannot_be_listed(place: Path) -> None:
    directory = place / "hidden"
    directory.mkdir()
    path = directory / ".env"

    def write() -> None:
        replace_file(read_file(path), b"x")
        replace_file(read_file(path), b"y")

    directory.chmod(0o333)
    as_ordinary(write)
    directory.chmod(0o755)
    assert path.read_bytes() == b"y"
    assert len(list(directory.iterdir())) == 1

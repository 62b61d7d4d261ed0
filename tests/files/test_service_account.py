"""Root edits the files of a service account, and everything stays as that account needs it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from wizard.errors import WriteFailed
from wizard.files.reading import is_writable, read_file
from wizard.files.refusals import InPlaceReason
from wizard.files.replacing import delete_file, replace_file, restore_file

from .accounts import ORDINARY, needs_root
from .conftest import Mount

pytestmark = needs_root

OTHER_GROUP = 3456


@pytest.fixture
def configs(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory of the service account, with a configuration."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    directory = place / "etc" / "configs"
    directory.mkdir(parents=True)
    existing(directory / "config.toml", 0o640)
    directory.chmod(0o750)
    os.chown(directory, ORDINARY, ORDINARY)
    return directory


def existing(path: Path, mode: int, owner: int = ORDINARY, group: int = ORDINARY) -> Path:
    path.write_bytes(b"old")
    path.chmod(mode)
    os.chown(path, owner, group)
    return path


def belongings(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_file_is_replaced_in_one_step_and_stays_the_service_s(configs: Path) -> None:
    path = configs / "config.toml"
    before = read_file(path)
    assert is_writable(before)
    assert replace_file(before, b"new") is None
    assert belongings(path) == (ORDINARY, ORDINARY, 0o640)
    restore_file(before, b"new")
    assert path.read_bytes() == b"old"


def test_first_file_is_the_service_s_and_private(configs: Path) -> None:
    path = configs / ".env"
    before = read_file(path)
    assert is_writable(before)
    assert replace_file(before, b"x") is None
    assert belongings(path) == (ORDINARY, ORDINARY, 0o600)
    delete_file(read_file(path))
    assert [each.name for each in configs.iterdir()] == ["config.toml"]


def test_link_of_root_leads_there(place: Path, configs: Path) -> None:
    (place / "link").symlink_to("etc/configs")
    replace_file(read_file(place / "link" / "config.toml"), b"new")
    assert belongings(configs / "config.toml") == (ORDINARY, ORDINARY, 0o640)


def test_group_that_the_service_cannot_give_stays(configs: Path) -> None:
    path = existing(configs / "config.toml", 0o640, group=OTHER_GROUP)
    assert replace_file(read_file(path), b"new") is InPlaceReason.OWNER
    assert path.read_bytes() == b"new"
    assert belongings(path) == (ORDINARY, OTHER_GROUP, 0o640)


def test_file_of_root_that_the_service_may_write_stays_root_s(configs: Path) -> None:
    path = existing(configs / "config.toml", 0o660, owner=0)
    assert replace_file(read_file(path), b"new") is InPlaceReason.OWNER
    assert path.read_bytes() == b"new"
    assert belongings(path) == (0, ORDINARY, 0o660)


def test_file_of_root_that_the_service_may_only_read_is_left_alone(configs: Path) -> None:
    path = existing(configs / "config.toml", 0o640, owner=0)
    before = read_file(path)
    assert not is_writable(before)
    with pytest.raises(WriteFailed, match=f"sudo chown {ORDINARY} {path}"):
        replace_file(before, b"new")
    assert path.read_bytes() == b"old"


def test_access_control_list_lets_the_service_write_a_file_of_root(configs: Path) -> None:
    path = existing(configs / ".env", 0o600, owner=0, group=0)
    if shutil.which("setfacl") is None:
        pytest.skip("setfacl is not installed")
    command = ["setfacl", "-m", f"u:{ORDINARY}:rw", str(path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this file system has no access control lists")
    assert replace_file(read_file(path), b"new") is InPlaceReason.OWNER
    assert path.read_bytes() == b"new"
    assert path.stat().st_uid == 0


def test_file_that_is_mounted_on_its_own_is_written_in_place(
    place: Path, configs: Path, mount: Mount
) -> None:
    source = existing(place / "source", 0o600)
    mount(configs / "config.toml", "--bind", str(source))
    assert replace_file(read_file(configs / "config.toml"), b"new") is InPlaceReason.MOUNT
    assert source.read_bytes() == b"new"


# By sudo, in the caller's own directory


def test_file_that_the_caller_of_sudo_made_as_root_stays_root_s(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by ``sudo nano .env``."""
    monkeypatch.setenv("SUDO_UID", str(ORDINARY))
    path = existing(configs / ".env", 0o600, owner=0, group=0)
    assert replace_file(read_file(path), b"new") is None
    assert path.read_bytes() == b"new"
    assert belongings(path) == (0, 0, 0o600)


def test_what_is_new_belongs_to_the_caller_of_sudo(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", str(ORDINARY))
    path = configs / "new" / ".env"
    previous = os.umask(0)
    try:
        replace_file(read_file(path), b"x")
    finally:
        os.umask(previous)
    assert belongings(path) == (ORDINARY, ORDINARY, 0o600)
    assert belongings(path.parent) == (ORDINARY, ORDINARY, 0o755)

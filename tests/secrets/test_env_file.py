"""``.env`` as a store: what makes it unusable, and what it leaves alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from wizard.errors import StoreUnusable
from wizard.secrets.env_file import EnvFileStore
from wizard.secrets.secret import Secret


def store(directory: Path) -> EnvFileStore:
    return EnvFileStore(directory / ".env", "SMTP_SECRET", {})


def test_new_file_is_private_and_others_lines_stay(tmp_path: Path) -> None:
    store(tmp_path).write(Secret("hunter22"))
    path = tmp_path / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("# ours\nDB=1\nSMTP_SECRET=old\n")
    store(tmp_path).write(Secret("hunter22"))
    assert path.read_text() == "# ours\nDB=1\nSMTP_SECRET=hunter22\n"
    store(tmp_path).delete()
    assert path.read_text() == "# ours\nDB=1\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SMTP_SECRET='never closed\n", "env-malformed"),
        ("A='x'B=1\nSMTP_SECRET=a\n", "env-ambiguous"),
        ("SMTP_SECRET=a\0b\n", "file-has-nul"),
    ],
)
def test_file_that_its_readers_do_not_understand_is_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / ".env").write_text(text)
    found = store(tmp_path).check_availability()
    assert (found.usable, found.code) == (False, code)
    assert found.remedy
    assert found.remedy not in found.sentence
    for attempt in (
        store(tmp_path).read,
        store(tmp_path).exists,
        store(tmp_path).delete,
        lambda: store(tmp_path).write(Secret("hunter22")),
    ):
        with pytest.raises(StoreUnusable) as refusal:
            attempt()
        assert refusal.value.code == code
        assert refusal.value.path == tmp_path / ".env"
    assert (tmp_path / ".env").read_text() == text


@pytest.mark.parametrize("text", ["SMTP_SECRET=a$$b\n", "SMTP_SECRET=first\nSMTP_SECRET=last\n"])
def test_value_that_is_read_differently_is_no_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(StoreUnusable) as refusal:
        store(tmp_path).read()
    assert refusal.value.code == "env-value-ambiguous"
    store(tmp_path).write(Secret("hunter22"))
    assert store(tmp_path).read() == Secret("hunter22")


def test_blank_value_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_SECRET=\n")
    assert not store(tmp_path).exists()
    assert store(tmp_path).read() is None


def test_directory_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert store(tmp_path).check_availability().code == "file-not-regular"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert store(tmp_path).check_availability().code == "env-not-writable"
    finally:
        tmp_path.chmod(0o700)

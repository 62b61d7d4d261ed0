"""Records of earlier versions still work: after an update, undo and recovery do, too."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from wizard.saving.change import FileRole
from wizard.saving.journal import Journal
from wizard.saving.transaction import recover_interrupted
from wizard.saving.undo import last_write, make_undo
from wizard.system.state import config_key

OLD = {
    "config.toml": '[smtp]\nuser = "a@example.org"\nsecret = "${SMTP_SECRET}"\n',
    ".env": "SMTP_SECRET=oldpass\n",
}
NEW = {
    "config.toml": '[smtp]\nuser = "b@example.org"\nsecret = "${SMTP_SECRET}"\n',
    ".env": "SMTP_SECRET=hunter22\n",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a link to a file of another name; both files are as the last write left them."""
    target = tmp_path / "elsewhere" / "server.toml"
    target.parent.mkdir()
    target.write_text(NEW["config.toml"])
    config = tmp_path / "config.toml"
    config.symlink_to(target)
    config.with_name(".env").write_text(NEW[".env"])
    return config


def keep_record_without_roles(config: Path, state_directory: Path, phase: str) -> None:
    """Keep the record of the write as a version without roles would have left it."""

    def image(name: str) -> dict[str, object]:
        after = b64encode(NEW[name].encode()).decode()
        return {
            "path": str(config.with_name(name)),
            "before": b64encode(OLD[name].encode()).decode(),
            "after": None if phase == "committed" else after,
            "mode": 0o600,
            "in_place": False,
            "digest": sha256(NEW[name].encode()).hexdigest(),
        }

    content = {
        "version": 1,
        "config": str(config.resolve()),
        "command": "set",
        "at": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "directories": [],
        "keep": True,
        "phase": phase,
        "files": [image(".env"), image("config.toml")],
        "stores": [],
    }
    directory = state_directory / "journal"
    directory.mkdir(mode=0o700, parents=True)
    suffix = "last" if phase == "committed" else "unfinished"
    path = directory / f"{config_key(config)}.{suffix}"
    path.write_text(json.dumps(content))
    path.chmod(0o600)


def everything_is_old(config: Path) -> bool:
    return all(config.with_name(name).read_text() == text for name, text in OLD.items())


def test_write_of_a_version_without_roles_can_be_undone(
    config: Path, state_directory: Path
) -> None:
    keep_record_without_roles(config, state_directory, "committed")
    plan = make_undo(last_write(config))
    assert [change.role for change in plan.changes] == [FileRole.ENV, FileRole.CONFIG]
    assert plan.secret_changed
    env, file = (change.diff() for change in plan.changes)
    assert env[1:] == ["-SMTP_SECRET=********", "+SMTP_SECRET=********"]
    assert '+user = "a@example.org"' in file
    plan.apply("undo")
    assert everything_is_old(config)
    make_undo(last_write(config)).apply("undo")
    assert not everything_is_old(config)


def test_interrupted_write_of_a_version_without_roles_is_put_back(
    config: Path, state_directory: Path
) -> None:
    keep_record_without_roles(config, state_directory, "prepared")
    (finding,) = recover_interrupted(config)
    assert finding.code == "write-recovered"
    assert everything_is_old(config)


def test_record_tells_what_each_file_is(config: Path, state_directory: Path) -> None:
    keep_record_without_roles(config, state_directory, "committed")
    make_undo(last_write(config)).apply("undo")
    (kept,) = (state_directory / "journal").iterdir()
    content = json.loads(kept.read_bytes())
    assert [each["role"] for each in content["files"]] == ["env", "config"]
    content["files"][0]["role"] = "config"  # whatever its path
    kept.write_text(json.dumps(content))
    record = Journal(config).last()
    assert record is not None
    assert [image.role for image in record.files] == [FileRole.CONFIG, FileRole.CONFIG]


def test_record_with_a_role_of_a_later_version_is_not_trusted(
    config: Path, state_directory: Path
) -> None:
    keep_record_without_roles(config, state_directory, "committed")
    (kept,) = (state_directory / "journal").iterdir()
    content = json.loads(kept.read_bytes())
    content["files"][0]["role"] = "certificate"
    kept.write_text(json.dumps(content))
    assert Journal(config).last() is None

"""Edits of the files of the official TOML test suite, and of whatever TOML this machine has.

The suite comes as a Go module; the other files are from installed packages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wizard.errors import FileRefused
from wizard.files.encoding import decode
from wizard.formats.config_toml.edit import COMMENTS, MARK, REMOVE, ConfigEdit, edit_config
from wizard.formats.config_toml.skip_key import SkipKey

SUITE = "github.com/toml-lang/toml-test/v2@v2.2.0"
SMTP = ConfigEdit("you@peer.example", "mail.peer.example", '"${SMTP_SECRET}"', True)
EDITS = {
    "mail settings": SMTP,
    "global skip": ConfigEdit(skip=SkipKey.GLOBAL),
    "skip in a table": ConfigEdit(skip=SkipKey.USER_TABLE),
}
ADDED_LINES = {
    *COMMENTS.values(), MARK, "", "[smtp]", 'user = "you@peer.example"',
    'endpoint = "mail.peer.example"', 'secret = "${SMTP_SECRET}"', "starttls = true",
    "[user]", "skip_verification = true", "skip_user_verification = true",
}  # fmt: skip
"""Every line that the edits may add to a file without mail settings."""
MAX_REAL_FILES = 40
"""More files of this machine are not tried."""


@pytest.fixture(scope="module")
def suite() -> Path:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    done = subprocess.run(
        ["go", "mod", "download", "-json", SUITE], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"go mod download: {(done.stdout + done.stderr).strip()}")
    return Path(json.loads(done.stdout)["Dir"]) / "tests"


def listed(suite: Path, version: str, kind: str) -> set[Path]:
    """Return the files that are ``valid`` or ``invalid`` in a version of TOML."""
    names = (suite / f"files-toml-{version}").read_text().split()
    return {suite / name for name in names if name.startswith(kind) and name.endswith(".toml")}


def read(path: Path) -> str:
    return decode(path.read_bytes(), path.name)


def without_edits(text: str) -> dict[str, Any]:
    """Return what a text means, apart from what the edits change."""
    data = tomllib.loads(text.removeprefix("\ufeff"))
    data.pop("smtp", None)
    data.pop("skip_user_verification", None)
    if isinstance(user := data.get("user"), dict):
        user.pop("skip_verification", None)
        if not user:
            del data["user"]
    return data


def is_added(line: str) -> bool:
    """Whether a line is of ours, with whatever blanks its neighbours have around the ``=``."""
    return re.sub(r"[ \t]*=[ \t]*", " = ", line.strip()) in ADDED_LINES


def check_bytes(before: str, after: str) -> None:
    """Check that ``after`` is ``before`` with lines of ours in it, byte by byte."""
    *lines, last = before.split("\n")
    allowed = [{line} for line in lines]
    if last:  # it has no line end, and is given one where others follow
        allowed.append({last, f"{last}\r"} if "\r\n" in before else {last})
    written = iter(after.split("\n"))
    for line, forms in zip([*lines, last], allowed, strict=False):
        for found in written:
            if found in forms:
                break
            assert is_added(found), f"{found!r} is there, where {line!r} is expected"
        else:
            raise AssertionError(f"{line!r} is gone")
    for found in written:
        assert is_added(found), f"{found!r} is there at the end"


def check_edits(path: Path) -> None:
    before = read(path)
    for name, edit in EDITS.items():
        after = edit_config(before, edit)
        assert edit_config(after, edit) == after, name
        assert repr(without_edits(after)) == repr(without_edits(before)), name
        check_bytes(before, after)
        if edit.skip is not None:
            ended = before if before.endswith("\n") or not before else f"{before}\n"
            assert edit_config(after, ConfigEdit(skip=False)) in (before, ended), name
    removed = edit_config(edit_config(before, SMTP), ConfigEdit(secret_source=REMOVE))
    check_bytes(before, removed)
    assert "secret" not in tomllib.loads(removed.removeprefix("\ufeff"))["smtp"]


def failures(paths: set[Path]) -> Iterator[str]:
    """Yield each file that does not take our edits, and why."""
    for path in sorted(paths):
        try:
            check_edits(path)
        except AssertionError as problem:
            yield f"{path}: {problem}"
        except FileRefused as refusal:
            yield f"{path}: {refusal.code}: {refusal}"


def expect_none(found: Iterable[str]) -> None:
    listed = "\n".join(found)
    assert not listed, f"\n{listed}"


def test_each_valid_file_of_the_suite_takes_our_edits_and_keeps_its_bytes(suite: Path) -> None:
    valid = listed(suite, "1.0.0", "valid")
    assert len(valid) > 200
    expect_none(failures(valid))


def test_each_invalid_file_of_the_suite_is_refused(suite: Path) -> None:
    invalid = listed(suite, "1.0.0", "invalid")
    assert len(invalid) > 450
    for path in sorted(invalid):
        for edit in EDITS.values():
            with pytest.raises(FileRefused):
                edit_config(read(path), edit)


def test_what_is_new_in_toml_1_1_is_refused_or_edited_right(suite: Path) -> None:
    """Servers may read TOML 1.1 already, while this Python may only read 1.0."""
    new = listed(suite, "1.1.0", "valid") - listed(suite, "1.0.0", "valid")
    assert new
    expect_none(one for one in failures(new) if ": config-invalid-toml: " not in one)


def real_files() -> set[Path]:
    """Return TOML files of packages in Rust, Go and Python that are on this machine."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    modules = Path(os.environ.get("GOMODCACHE", Path.home() / "go/pkg/mod"))
    roots = [home / "registry/src", modules, Path(sys.prefix), Path(sys.base_prefix)]
    found = (path for root in roots for path in sorted(root.rglob("*.toml")) if path.is_file())
    return {path for path in found if "toml-test" not in str(path) and is_config(path)}


def is_config(path: Path) -> bool:
    """Whether this is TOML without mail settings, as Python reads it."""
    try:
        data = tomllib.loads(path.read_bytes().decode())
    except ValueError:
        return False
    return not {"smtp", "user"} & data.keys()


def test_real_files_take_our_edits_and_keep_their_bytes() -> None:
    files = sorted(real_files())
    if not files:
        pytest.skip("there are no packages with TOML files on this machine")
    chosen = set(files[:: max(1, len(files) // MAX_REAL_FILES)])
    expect_none(failures(chosen))

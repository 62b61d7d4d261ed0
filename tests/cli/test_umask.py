"""What is new can be used by its owner and read by nobody else, whatever the umask is."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from tests.files.accounts import ORDINARY, as_ordinary
from wizard.cli import main

SET = ("set", "--endpoint", "mail.example.org", "--no-test", "--user")


@pytest.mark.parametrize(("umask", "directories"), [(0, 0o755), (0o027, 0o750), (0o777, 0o700)])
def test_new_files_and_directories_are_their_owners(umask: int, directories: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if os.geteuid() == 0:
            os.chown(directory, ORDINARY, ORDINARY)

        def run() -> list[int]:
            os.umask(umask)
            os.environ.update(XDG_STATE_HOME=f"{name}/state", GIVEN="correct-horse")
            config = ("-c", f"{name}/new/deep/config.toml")
            return [
                main([*config, *SET, "a@example.org", "--secret-env", "GIVEN"]),
                main([*config, *SET, "b@example.org"]),
                main([*config, "undo"]),
            ]

        assert as_ordinary(run) == [0, 0, 0]
        for path in directory.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            private = path.is_relative_to(directory / "state")
            expected = (0o700 if private else directories) if path.is_dir() else 0o600
            assert mode == expected, path
        assert len(list(directory.rglob("*"))) > 5

"""Looking over files in a directory of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.check import vendors
from tests.secrets.fragile import Fragile
from wizard.check.inspection import inspect_config
from wizard.check.rules import check_all
from wizard.config.layout import find_layout
from wizard.errors import Finding
from wizard.secrets.secret import Secret

Found = set[tuple[str, str, str, int | None]]


class Check:
    """Writes a layout and looks it over."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        self.keyring = Fragile("the keyring")

    def keep_in_keyring(self, text: str) -> None:
        self.keyring.kept = Secret(text)

    def all(self, files: dict[str, str]) -> tuple[Finding, ...]:
        config = vendors.write(self.directory, files)
        return self.again(config)

    def again(self, config: Path) -> tuple[Finding, ...]:
        return check_all(inspect_config(find_layout(config), self.environ, self.keyring))

    def __call__(self, files: dict[str, str]) -> Found:
        """Return code, severity, file below the directory, and line of each finding."""
        found = set()
        for one in self.all(files):
            assert one.path is not None
            path = str(one.path.relative_to(self.directory))
            found.add((one.code, str(one.severity), path, one.line))
        return found


@pytest.fixture
def check(tmp_path: Path) -> Check:
    return Check(tmp_path)

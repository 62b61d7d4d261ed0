"""Checking files in a directory of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.check import vendors
from tests.secrets.fragile import Fragile
from wizard.check.inspection import Inspection, inspect_config
from wizard.check.rules import check_all
from wizard.config.layout import find_layout
from wizard.errors import Finding
from wizard.secrets.keyring import KeyringStore
from wizard.secrets.secret import Secret

Found = set[tuple[str, str, str, int | None]]


class Check:
    """Writes a layout and checks it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(directory)}
        self.keyring = Fragile("the keyring")

    def keep_in_keyring(self, text: str) -> None:
        self.keyring.kept = Secret(text)

    def inspect_files(self, files: dict[str, str]) -> Inspection:
        return self.inspect(vendors.write(self.directory, files))

    def layout(self, files: dict[str, str]) -> tuple[Finding, ...]:
        config = vendors.write(self.directory, files)
        return self.config(config)

    def config(self, config: Path) -> tuple[Finding, ...]:
        return check_all(self.inspect(config))

    def inspect(self, config: Path) -> Inspection:
        return inspect_config(find_layout(config), self.environ)

    def __call__(self, files: dict[str, str]) -> Found:
        """Return code, severity, file below the directory, and line of each finding."""
        found = set()
        for finding in self.layout(files):
            assert finding.path is not None
            path = str(finding.path.relative_to(self.directory))
            found.add((finding.code, str(finding.severity), path, finding.line))
        return found


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    check = Check(tmp_path)
    monkeypatch.setattr(KeyringStore, "reader", lambda config, environ: check.keyring)
    return check

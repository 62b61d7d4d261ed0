"""Running commands in this process, on real files."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import schemas
from wizard.cli import main

CONFIG = """\
# Ours
domain = "https://x.example"

[smtp]
user = "me@example.org"   # the mailbox
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"

# Publisher data
[provider_metadata.publisher]
name = "X"
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str
    arguments: tuple[str, ...]

    @property
    def json(self) -> Any:
        """The document, which has to be as its schema says."""
        document = json.loads(self.out)
        assert schemas.problems(document, schemas.of_command(self.arguments, document)) == []
        return document


class Cli:
    """Runs a command in a directory of its own."""

    def __init__(
        self, directory: Path, capfd: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.directory = directory
        self._capfd = capfd
        self._patch = patch

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        if stdin is not None:
            self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capfd.readouterr()
        code = main(list(arguments))
        captured = self._capfd.readouterr()
        return Result(code, captured.out, captured.err, arguments)

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        path.chmod(mode)
        return path

    def snapshot(self) -> dict[str, tuple[bytes, int]]:
        """Return every file's content and mode."""
        return {
            str(path.relative_to(self.directory)): (path.read_bytes(), path.stat().st_mode)
            for path in sorted(self.directory.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def cli(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SMTP_"):
            monkeypatch.delenv(name)
    return Cli(tmp_path, capfd, monkeypatch)

"""Paths in a compose file that no file system can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.compose.container import host_path


@pytest.mark.parametrize("text", ["./a\0b", "/a\ud800"])
def test_impossible_path_is_no_path(text: str) -> None:
    assert host_path(text, Path("/here"), {}) is None


def test_path_that_is_not_ascii_is_one() -> None:
    assert host_path("./größe", Path("/here"), {}) == Path("/here/größe")

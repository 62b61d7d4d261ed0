"""Paths in a compose file that no file system can have."""

from __future__ import annotations

import pytest

from tests.check.conftest import Check
from tests.check.vendors import compose


@pytest.mark.parametrize("path", ['"./a\\0b"', '"/a\\ud800"', "./größe"])
def test_path_that_nothing_can_have_is_survived(check: Check, path: str) -> None:
    volume = f"volumes: [{{type: bind, source: {path}, target: /x}}]"
    text = f"services:\n  server:\n    image: bomnipotent_server\n    {volume}\n"
    assert check.inspect_files(compose(text)).container is not None

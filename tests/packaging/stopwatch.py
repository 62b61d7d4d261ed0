"""From nothing to the wizard's first screen, by the commands of docs/packages.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.line import Line
from tests.packaging.conftest import ROOT, no_registry

Record = Callable[[str, object], None]
"""What pytest's ``record_property`` is; the figures are at the end of its output."""

_PAGE = (ROOT / "docs" / "packages.md").read_text(encoding="utf-8")
_FIRST_SCREEN = b"nothing is written yet"
_ENDED = b"ended without a screen"
_PATIENCE = 600.0
"""Seconds; what is not here yet is fetched."""


def commands(way: str) -> str:
    """Return what the page says to type, the wizard itself last."""
    found = re.search(rf"<!-- {way} -->\n```sh\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no commands for {way}"
    return found[1]


def measure(way: str, command: Sequence[str], directory: Path, record: Record) -> None:
    """Run a command in a terminal until the first screen is up, and record the seconds."""
    script = f'"$@" || true; echo {_ENDED.decode()}'
    with Line(["sh", "-c", script, "sh", *command], cwd=directory) as line:
        seconds = line.until(
            lambda received: _FIRST_SCREEN in received or _ENDED in received, _PATIENCE
        )
        shown = line.received.decode(errors="replace")
    if _FIRST_SCREEN.decode() not in shown:
        if no_registry(shown):
            pytest.skip("the package registry is out of reach")
        pytest.fail(f"no first screen:\n{shown}")
    record(f"from nothing to the first screen, {way}", f"{seconds:.1f} s")

"""The table of who reads which secret is what the wizard tells the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.table import SECRETS, columns, rows, told

pytestmark = pytest.mark.timeout(300)  # the first run builds the readers


def test_every_reader_reads_what_the_wizard_says_that_it_reads(tmp_path: Path) -> None:
    with columns(tmp_path) as found:
        assert "python" in found
        for name, cells in rows(found):
            for column, cell in cells.items():
                assert told(column, SECRETS[name]) in (None, cell), (name, column)

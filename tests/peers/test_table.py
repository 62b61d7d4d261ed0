"""The table of who reads which secret is what the wizard tells the operator."""

from __future__ import annotations

from pathlib import Path

from tests.peers.table import KEPT, LINES, columns, reads, rows, told
from wizard.formats.dotenv.variables import set_variable

ELDER = "dotenv"
"""The elder crate stumbles over a byte order mark; the server's own does not."""


def test_every_reader_reads_what_the_wizard_says_that_it_reads(tmp_path: Path) -> None:
    with columns(tmp_path) as found:
        assert "python" in found
        for form, before in LINES.items():
            asked = {
                name: reader for name, reader in found.items() if name != ELDER or before[0] == "A"
            }
            for kind, secret, text, cells in rows(asked, before):
                for column, cell in cells.items():
                    assert told(column, text, secret) in (None, cell), (form, kind, column)


def test_who_reads_a_line_that_stays_as_it_is_is_told(tmp_path: Path) -> None:
    with columns(tmp_path) as found:
        for form, (line, secret) in KEPT.items():
            text = set_variable(f"A=1\n{line}", "S", secret)
            assert text == f"A=1\n{line}"
            for column, reader in found.items():
                cell = reads(reader, text, secret, "S")
                assert told(column, text, secret, "S") in (None, cell), (form, column)

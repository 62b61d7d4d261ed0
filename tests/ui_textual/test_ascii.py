"""A terminal that cannot show the wizard's signs gets ASCII of the same width."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui_textual.watched import WatchedWizard
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"TERM": "linux"}])
def test_outcome_is_shown_in_ascii_if_the_marks_cannot_be(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    wizard = WatchedWizard(tmp_path, environ=environ)
    try:
        wizard.wait("Mail address >")
        wizard.line.send(f"{DEMO_USER}\r")
        wizard.wait("Password >")
        wizard.line.send("wrong\r")
        wizard.wait("Mail server >")
        wizard.line.send(f"{DEMO_HOST}\r")
        screen = wizard.wait("x Login")
        assert "+ Greeting" in screen
        assert wizard.line.received.isascii()
    finally:
        wizard.line.close()

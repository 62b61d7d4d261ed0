"""The focus is visible on every terminal, and a question is centred."""

from __future__ import annotations

from pathlib import Path

from tests.ui_textual.conftest import Wizard
from tests.ui_textual.test_live_test import up_to_the_test
from tests.ui_textual.watched import WatchedWizard

CONFIGURED = """\
[smtp]
user = "you@example.org"
endpoint = "smtp://127.0.0.1:1"
secret = "${SMTP_SECRET}"
"""


def test_chosen_entry_of_the_summary_is_underlined_where_there_are_no_colours(
    tmp_path: Path,
) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "config.toml").write_text(CONFIGURED)
    wizard = WatchedWizard(tmp_path, environ={"NO_COLOR": "1"})
    try:
        wizard.wait("Review and write")
        wizard.line.send("\x1b[B")
        wizard.line.until(lambda received: b"\x1b[1;4mUser" in received)
        assert b"\x1b[1;4mVerification" in wizard.line.received
    finally:
        wizard.line.close()


async def test_question_for_an_address_is_centred(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(tmp_path / "config.toml") as operator:
        await up_to_the_test(operator)
        await operator.press("ctrl+s")
        region = operator.app.screen.query_one("#question").region
        width, height = operator.app.size
        assert abs(region.x - (width - region.right)) <= 1
        assert abs(region.y - (height - region.bottom)) <= 1

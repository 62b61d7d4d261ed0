"""Other sizes of the terminal: what has no room is left out, and nothing is shown twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui_textual.conftest import DEMO_HOST, DEMO_USER, PASSWORD, SMALL, Operator, Wizard
from wizard.demo.stage import write_demo_files
from wizard.ui.textual.lines import whole_lines

WIDE = (120, 36)


async def _to_the_review(operator: Operator, password: str = PASSWORD) -> None:
    await operator.fill("user", DEMO_USER)
    await operator.fill("secret", password)
    await operator.fill("endpoint", DEMO_HOST)
    if password != PASSWORD:
        await operator.press(*["tab"] * 5, "right")
    await operator.press("enter")
    assert operator.screen == "ReviewScreen"


async def test_wide_review_shows_every_changed_line_once(tmp_path: Path, wizard: Wizard) -> None:
    async with wizard(write_demo_files(tmp_path), WIDE) as operator:
        await _to_the_review(operator)
        assert operator.drawn().count("+ [smtp]") == 1
        assert "SMTP_SECRET=" in operator.drawn()


async def test_small_screen_says_first_that_it_was_written_and_the_test_failed(
    tmp_path: Path, wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with wizard(write_demo_files(tmp_path), SMALL) as operator:
        await _to_the_review(operator, "wrong")
        assert operator.drawn().splitlines()[0].startswith("── 1 error ─")
        await operator.press("right", "enter")
        assert operator.screen == "DoneScreen"
        rows = operator.drawn().splitlines()
        assert rows[0].startswith("──  !  Written; the test failed ─")
        assert rows[1].startswith("✓ .env: 1 line added")
        assert any(row.startswith("── What to do now ─") for row in rows)
        assert not operator.app.screen.show_vertical_scrollbar


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_answers_are_shown_to_their_end(
    tmp_path: Path, wizard: Wizard, size: tuple[int, int]
) -> None:
    async with wizard(write_demo_files(tmp_path), size, persistent=True) as operator:
        await operator.type(DEMO_USER)
        await operator.press("escape")
        words = " ".join(operator.drawn().replace("│", " ").split())
        assert "Leave, and keep it for next time (but no password)" in words


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("  client --domain x user request", ["  client --domain x", "  user request"]),
        ("  tls  pass  valid until 3000-01-01.", ["  tls  pass  valid", "  until 3000-01-01."]),
        ("  client --domain-of-the-server", ["  client", "  --domain-of-the-serv", "  er"]),
    ],
    ids=["command", "table", "long word"],
)
def test_long_command_is_broken_at_a_blank_and_hangs(text: str, rows: list[str]) -> None:
    assert whole_lines(text, 22) == rows

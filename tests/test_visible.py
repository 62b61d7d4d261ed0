"""Nothing that moves a terminal's cursor or changes its title gets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wizard.visible import visible


def test_control_characters_are_shown_as_escapes() -> None:
    assert visible("a\x1b]0;x\x07b") == "a\\x1b]0;x\\x07b"
    assert visible("\x9b31m \u202e \r") == "\\x9b31m \\u202e \\r"
    assert visible("\udcff") == "\\udcff"


def test_readable_text_stays() -> None:
    for text in ("", "Grüße ✓", "line\nline\ttab", "日本語"):
        assert visible(text) == text


@given(st.text(st.characters()))
def test_no_text_is_left_that_is_not_printable(text: str) -> None:
    shown = visible(text).replace("\n", "").replace("\t", "")
    assert shown == "" or shown.isprintable()

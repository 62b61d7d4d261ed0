"""Whatever is drawn, fewer bytes produce the same cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from tests.ui_textual.emulated import Emulated, difference
from wizard.ui.textual.screen_diff import ScreenDiff

COLUMNS, LINES = 12, 4
START = "\x1b[?1049h"

texts = st.text(st.sampled_from(" abcü▸日本é\u0301"), min_size=1, max_size=6).filter(
    lambda text: text[0] != "\u0301"
)
styles = st.sampled_from(
    ["", "0", "1", "2;39;49", "49", "39;49", "7;34;49", "30;47", "4;31", "38;5;9;48;2;1;2;3", "107"]
)


def cells(text: str) -> int:
    return sum({"日": 2, "本": 2, "\u0301": 0}.get(character, 1) for character in text)


@st.composite
def runs(draw: st.DrawFn) -> str:
    """Text at a position, as textual sends it."""
    x = draw(st.integers(0, COLUMNS - 1))
    out = f"\x1b[{draw(st.integers(1, LINES))};{x + 1}H"
    for text, style in draw(st.lists(st.tuples(texts, styles), max_size=4)):
        if x + cells(text) > COLUMNS:
            break
        x += cells(text)
        out += f"\x1b[{style}m{text}\x1b[0m" if style else text
    return f"{out}\x1b[{draw(st.integers(1, LINES))};{draw(st.integers(1, COLUMNS))}H"


class Pair:
    """A terminal that gets everything, and one that gets only what changes it."""

    def __init__(self, size: tuple[int, int] = (COLUMNS, LINES)) -> None:
        self.shown = ScreenDiff()
        self.whole, self.thrifty = Emulated(size), Emulated(size)
        self.draw(START)
        self.whole.feed("\x1b[H\x1b[J")

    def draw(self, data: str) -> str:
        sent = self.shown.change(data)
        self.whole.feed(data)
        self.thrifty.feed(sent)
        return sent

    def scramble(self) -> None:
        self.shown.forget()
        self.whole.scramble()
        self.thrifty.scramble()


@given(st.lists(st.one_of(runs(), st.none()), max_size=12))
def test_same_cells_after_every_update(updates: list[str | None]) -> None:
    pair = Pair()
    for update in updates:
        if update is None:
            pair.scramble()
        elif not set("日本") & set(update):  # emulators disagree on the remaining half
            pair.draw(update)
        assert difference(pair.whole, pair.thrifty) == ""


whole_lines = st.lists(st.tuples(texts, styles), max_size=4).filter(
    lambda line: sum(cells(text) for text, _ in line) <= 30
)


@given(st.lists(whole_lines, min_size=1, max_size=6))
def test_same_cells_after_every_line_with_wide_characters(
    lines: list[list[tuple[str, str]]],
) -> None:
    """Wide characters are drawn with their line, and never past the right margin.

    textual cuts every line to the width of the screen; the next test shows what becomes of a
    wide character there. A screen that has just become narrower is drawn as if nothing were known.
    """
    pair = Pair((30, 1))
    for line in lines:
        width = sum(cells(text) for text, _ in line)
        drawn = "".join(f"\x1b[{style}m{text}\x1b[0m" for text, style in line)
        pair.draw(f"\x1b[1;1H{drawn}{' ' * (30 - width)}\x1b[1;1H")
        assert difference(pair.whole, pair.thrifty) == ""


@given(st.text(st.sampled_from(" abcü▸日本é"), min_size=1), st.data())
def test_textual_draws_blanks_where_it_cuts_a_wide_character_in_two(
    text: str, data: st.DataObject
) -> None:
    strip = Strip([Segment(text)])
    cut = data.draw(st.integers(0, strip.cell_length))
    drawn = ["".join(segment.text for segment in part) for part in strip.divide([cut, cells(text)])]
    assert [cells(part) for part in drawn] == [cut, cells(text) - cut]


@given(st.lists(runs(), max_size=6), runs())
def test_second_time_costs_nothing(updates: list[str], last: str) -> None:
    pair = Pair()
    for update in [*updates, last]:
        pair.draw(update)
    assert pair.draw(last) == ""


def test_character_costs_itself_and_its_position() -> None:
    pair = Pair()
    pair.draw("\x1b[1;1H\x1b[34;49m▊\x1b[0m\x1b[39;49mabcd\x1b[0m\x1b[1;3H")
    assert pair.draw("\x1b[1;1H\x1b[34;49m▊\x1b[0m\x1b[39;49maxcd\x1b[0m\x1b[1;4H") == "x"


def test_line_that_becomes_empty_is_cleared() -> None:
    pair = Pair()
    pair.draw("\x1b[1;1Habcdefghijkl\x1b[1;1H")
    assert pair.draw("\x1b[1;1H\x1b[49m            \x1b[0m\x1b[1;1H") == "\x1b[K"


def test_bold_words_are_one_run() -> None:
    pair = Pair()
    assert pair.draw("\x1b[1;1H\x1b[1mab cd ef\x1b[0m\x1b[1;1H").count("\x1b[1m") == 1


def test_coloured_blanks_are_sent_rather_than_cleared() -> None:
    pair = Pair()
    pair.draw("\x1b[1;1Habcdefghijkl\x1b[1;1H")
    assert pair.draw("\x1b[1;1H\x1b[34;44m            \x1b[0m").startswith(
        "\x1b[44m            \x1b"
    )


@pytest.mark.parametrize("wide", ["日", "👩\u200d💻", "☂\ufe0f"])
def test_line_after_a_wide_character_is_sent_again(wide: str) -> None:
    """A terminal with other character widths shows what follows in the right place."""
    shown = ScreenDiff()
    shown.change(START)
    shown.change("\x1b[1;1Habcdefgh\x1b[1;1H")
    assert shown.change(f"\x1b[1;1Ha{wide}defgh\x1b[1;1H") == f"\x1b[2G{wide}\x1b[4Gdefgh\x1b[1G"


def test_remaining_half_of_a_wide_character_is_sent_again() -> None:
    shown = ScreenDiff()
    shown.change(START)
    shown.change("\x1b[1;1H日本\x1b[1;1H")
    shown.change("\x1b[1;2Hxy\x1b[1;1H")
    assert "日" in shown.change("\x1b[1;1H日\x1b[1;1H")


@pytest.mark.parametrize(
    "unknown",
    [
        "\x1b[2J",
        "\x1b[1;1Ha\x1b[5Cb",
        "\x1b[1;1H\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
        "\x1b[1;1H\x1b[1mbold to the end",
        "text in no place",
        "\x1b[1;1Ha\tb",
        "\x1b[1;1H\u0301",
        "\x1b[?1049l",
    ],
    ids=[
        "erase",
        "cursor moves",
        "link",
        "bold stays on",
        "text in no place",
        "tab",
        "combining character",
        "other screen",
    ],
)
def test_unknown_sequences_are_passed_on_and_make_all_cells_unknown(unknown: str) -> None:
    shown = ScreenDiff()
    shown.change(START)
    line = "\x1b[1;1Habc\x1b[1;1H"
    shown.change(line)
    assert shown.change(unknown) == unknown
    assert "abc" in shown.change(line)


@pytest.mark.parametrize("other", ["\a", "\x1b[?2004h", "\x1b[>25u", "\x1b]22;text\a"])
def test_what_draws_nothing_is_passed_on(other: str) -> None:
    shown = ScreenDiff()
    shown.change(START)
    line = "\x1b[1;1Habc\x1b[1;1H"
    shown.change(line)
    assert shown.change(other) == other
    assert shown.change(line) == ""


def test_nothing_is_known_of_a_screen_that_was_left_and_entered_again() -> None:
    shown = ScreenDiff()
    line = "\x1b[1;1Habc\x1b[1;1H"
    for _ in range(2):
        assert shown.change(START) == f"{START}\x1b[m\x1b[H\x1b[J"
        assert "abc" in shown.change(line)

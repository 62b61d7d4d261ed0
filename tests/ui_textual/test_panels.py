"""Panels: edges with texts on both sides, lines that hang and scroll."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.ui_textual.gallery import Gallery, drawn, press, settled
from wizard.text.display import DiffRow
from wizard.ui.account.view import Line
from wizard.ui.textual.lines import (
    Divider,
    Look,
    PanelLine,
    Title,
    edge,
    rows_of,
    shortened,
)
from wizard.ui.textual.panel import Panel, Preview

NORMAL, SMALL, WIDE = (80, 24), (40, 12), (120, 36)
PLAIN = Look()


def texts(lines: list[PanelLine], width: int, look: Look = PLAIN) -> list[str]:
    rows = rows_of(lines, width, look)
    assert all(row.cell_length == width for row in rows)
    return [row.plain.rstrip() for row in rows]


def panel(pilot: Pilot[None]) -> Panel:
    return pilot.app.screen.query_one("#panel", Panel)


def below_the_form(pilot: Pilot[None]) -> list[str]:
    return drawn(pilot.app).splitlines()[12:22]


def test_lines_hang_under_their_own_text() -> None:
    assert texts([Line("→", "Create an app password and paste it above.")], 30) == [
        "→ Create an app password and",
        "  paste it above.",
    ]
    assert texts([Line("✓", "TLS 1.3; valid until 2027.", "41 ms", word="Encryption")], 36) == [
        "✓ Encryption   TLS 1.3; valid  41 ms",
        "               until 2027.",
    ]
    assert texts([Line(" ✗ ", "It failed.", lead="Login refused.")], 20) == [
        " ✗  Login refused.",
        "    It failed.",
    ]


def test_column_of_words_is_as_wide_as_the_longest() -> None:
    lines: list[PanelLine] = [
        Line("✗", "It is not passed.", word="compose.yaml:14"),
        Line("!", "Others can read it.", word=".env"),
    ]
    assert texts(lines, 60) == [
        "✗ compose.yaml:14  It is not passed.",
        "! .env             Others can read it.",
    ]


def test_long_path_leaves_room_for_what_is_said_about_it() -> None:
    path = "/srv/" + "very-long-name/" * 8 + "config.toml"
    assert texts([Line("✓", "8 lines added", word=path)], 60) == [
        "✓ /srv/very-long-name/very-…/config.toml  8 lines added"
    ]


def test_address_stays_whole_and_goes_without_its_scheme_where_it_is_too_long() -> None:
    line = Line("→", "Create one at https://myaccount.google.com/apppasswords now.")
    assert texts([line], 60)[0].endswith("https://myaccount.google.com/apppasswords")
    assert texts([line], 38) == [
        "→ Create one at",
        "  myaccount.google.com/apppasswords",
        "  now.",
    ]


def test_nothing_is_lost_at_the_edge_even_if_it_has_to_be_cut() -> None:
    rows = texts([Line("", "https://example.org/" + "x" * 40)], 20)
    assert "".join(rows) == "example.org/" + "x" * 40


def test_no_width_is_too_small() -> None:
    lines: list[PanelLine] = [
        Line("1 ", "Type https://example.org/.", "12 ms", word="Name", lead="First."),
        DiffRow(4, "+", "[smtp]"),
        Divider(".env", "changed"),
    ]
    for width in range(30):
        assert rows_of(lines, width, PLAIN, left=1, right=1)


def test_wide_characters_count_twice() -> None:
    assert texts([Line("1 ", "日本語 日本語")], 10) == ["1  日本語", "   日本語"]


def test_control_characters_are_shown_and_line_feeds_kept() -> None:
    assert texts([Line("", "a\x1b[31mb\nc\td")], 20) == ["a\\x1b[31mb", "c\\td"]


def test_diff_rows_have_numbers_where_there_is_room() -> None:
    rows: list[PanelLine] = [
        DiffRow(4, " ", 'name = "Example Inc."'),
        DiffRow(5, "+", "# Mail server host name, or smtp://host:port for a local relay."),
        DiffRow(6, "-", "[smtp_config]"),
    ]
    assert texts(rows, 49) == [
        '  4   name = "Example Inc."',
        "  5 + # Mail server host name, or",
        "        smtp://host:port for a local relay.",
        "  6 - [smtp_config]",
    ]
    assert texts(rows, 40, Look(small=True)) == [
        '  name = "Example Inc."',
        "+ # Mail server host name, or",
        "    smtp://host:port for a local relay.",
        "- [smtp_config]",
    ]


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (30, "bomnipotent_config/config.toml"),
        (20, "bomnipo…/config.toml"),
        (12, "…config.toml"),
        (6, "….toml"),
    ],
)
def test_path_is_shortened_in_its_middle(width: int, shown: str) -> None:
    assert shortened("bomnipotent_config/config.toml", width) == shown


def test_edge_is_as_wide_as_it_should_be_whatever_it_says() -> None:
    for width in range(12, 90, 3):
        for title in (Title("Review", "✗"), Title("Mail account", brand=True), Title()):
            for right in ("", "0.4 s", "bomnipotent_config/config.toml", "1 change, not written"):
                row = edge(width, title, right, ends="╭╮", look=PLAIN)
                if width > 30:
                    assert row.cell_length == width, row.plain
                assert row.plain.startswith("╭─")


def test_divider_names_a_file() -> None:
    assert texts([Divider(".env", "changed")], 24) == ["── .env ───── changed ──"]


async def test_role_colours_the_frame_and_never_the_sentence() -> None:
    async with Gallery("failed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        content = panel(pilot).render()
        styled = {
            content.plain[span.start : span.end].strip(): str(span.style) for span in content.spans
        }
        assert styled["✗"].startswith(("ansi_red", "ansi_bright_white on ansi_red"))
        assert "red" not in styled["The server cannot send mail: login refused"]
        assert not any(
            "refuses alerts" in text and "red" in style for text, style in styled.items()
        )


async def test_badges_are_reversed_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with Gallery("failed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        content = panel(pilot).render()
        badges = [span for span in content.spans if content.plain[span.start : span.end] == " ✗ "]
        assert [str(span.style) for span in badges] == ["reverse"]


async def test_pages_scroll_without_the_focus_and_show_that_there_is_more() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        focused = pilot.app.focused
        panel(pilot).show("Long", [Line("", f"line {number}") for number in range(20)])
        await settled(pilot)
        assert [row[-1] for row in below_the_form(pilot)] == [*"╮│││││││▼╯"]
        await press(pilot, "pagedown")
        assert [row[-1] for row in below_the_form(pilot)] == [*"╮▲││││││▼╯"]
        assert "line 7 " in below_the_form(pilot)[1]
        await press(pilot, "pagedown", "pagedown", "pagedown")
        assert [row[-1] for row in below_the_form(pilot)] == [*"╮▲│││││││╯"]
        assert "line 19" in below_the_form(pilot)[-2]
        assert pilot.app.focused is focused
        panel(pilot).show("Other", [Line("", f"line {number}") for number in range(20)])
        assert not panel(pilot).has_earlier


async def test_place_is_kept_while_lines_are_added() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        lines = [Line("", f"line {number}") for number in range(20)]
        panel(pilot).show("Long", lines)
        assert panel(pilot).page_down()
        panel(pilot).show("Long", [*lines, Line("", "one more")])
        assert panel(pilot).has_earlier


async def test_small_panel_has_neither_frame_nor_title() -> None:
    async with Gallery("recognised").run_test(size=SMALL) as pilot:
        await settled(pilot)
        panel(pilot).show("Title", [Line("", f"line {number}") for number in range(9)])
        await settled(pilot)
        rows = drawn(pilot.app).splitlines()[7:10]
        assert [row[:6] for row in rows] == ["line 0", "line 1", "line 2"]
        assert [row[39:] for row in rows] == ["", "", "▼"]


async def test_frame_ends_with_its_text_on_a_wide_screen_and_with_the_screen_if_that_is_low() -> (
    None
):
    async with Gallery("failed").run_test(size=WIDE) as pilot:
        await settled(pilot)
        rows = [row[:67] for row in drawn(pilot.app).splitlines()]
        assert rows[22].startswith("╰")
        assert rows[22].endswith("╯")
        assert not "".join(rows[23:34]).strip()
        await pilot.resize_terminal(120, 20)
        await settled(pilot)
        rows = [row[:67] for row in drawn(pilot.app).splitlines()]
        assert rows[16].endswith("▼")
        assert rows[17].startswith("╰")
        assert rows[17].endswith("╯")


async def test_review_has_the_trouble_above_and_every_line_below() -> None:
    async with Gallery("review").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        rows = drawn(pilot.app).splitlines()
        assert rows[0] == (
            "┏━ Before you write: 1 error, 1 warning ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓"
        )
        assert rows[1] == (
            "┃  ✗  The test failed: login refused. With these values the server sends no    ┃"
        )
        assert rows[10] == (
            "── bomnipotent_config/config.toml ─────────────────────────────────── changed ──"
        )
        assert rows[13] == "  14 + [smtp]"
        assert rows[20].endswith(" everything is shown ──")
        await pilot.resize_terminal(80, 22)
        await settled(pilot)
        rows = drawn(pilot.app).splitlines()
        assert rows[17].endswith("▼")
        assert rows[18].endswith(" PgDn shows more ──")


async def test_preview_is_beside_the_form_where_there_is_room_and_never_below_the_screen() -> None:
    async with Gallery("recognised").run_test(size=WIDE) as pilot:
        await settled(pilot)
        rows = drawn(pilot.app).splitlines()
        assert rows[0][67:] == "╭─ .env ────────────────────────────── 1 line more ─╮"
        assert rows[11][67:] == "│  15 + # Login name at the mail server, usually    │"
        await pilot.resize_terminal(120, 20)
        await settled(pilot)
        rows = drawn(pilot.app).splitlines()
        assert rows[17][67:].startswith("╰")
        assert rows[16].endswith("▼")
        assert pilot.app.screen.query_one(Preview).page_down()
        await pilot.resize_terminal(*NORMAL)
        await settled(pilot)
        assert ".env ─" not in drawn(pilot.app)

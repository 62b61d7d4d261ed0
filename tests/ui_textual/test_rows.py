"""Rows of a form: they say what is asked, what is wrong, and where the focus is."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui_textual.gallery import Gallery, SceneScreen, drawn, press, settled
from wizard.ui.textual.row import Form, FormRow

NORMAL, SMALL, WIDE = (80, 24), (40, 12), (120, 36)


def row(pilot: Pilot[None], name: str) -> FormRow:
    return pilot.app.screen.query_one(f"#row-{name}", FormRow)


def lines(pilot: Pilot[None]) -> list[str]:
    return drawn(pilot.app).splitlines()


async def paste(pilot: Pilot[None], text: str) -> None:
    pilot.app.post_message(events.Paste(text))
    await settled(pilot)
    await settled(pilot)


def said(pilot: Pilot[None]) -> list[str]:
    assert isinstance(pilot.app.screen, SceneScreen)
    return pilot.app.screen.messages


async def test_form_is_drawn_to_the_cell() -> None:
    async with Gallery("failed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        assert lines(pilot)[:12] == [
            "╭─ smtp-wizard ─ Mail account ──────────────────────── nothing is written yet ─╮",
            "│   Mail address    │ alerts@gmail.com                                    user │",
            "│                                                                              │",
            "│ ✗ Password        ▌ ••••••••••••                                      secret │",
            "│                   ✗ This one was refused. Typing replaces it.                │",
            "│   Mail server     │ smtp.gmail.com                                  endpoint │",
            "│                                                                              │",
            "│   Encryption      │ (•) SMTPS, port 465   ( ) STARTTLS, port 587    starttls │",
            "│                     Encrypted from the first byte, on port 465.              │",
            "│   Secret kept in  │ (•) .env   ( ) keyring   ( ) no login                    │",
            "│   Verify users    │ (•) by mail   ( ) not at all                             │",
            "╰───────────────────────────────────────────── bomnipotent_config/config.toml ─╯",
        ]


async def test_small_screen_has_short_words_and_neither_frames_nor_notes() -> None:
    async with Gallery("recognised").run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert lines(pilot) == [
            "── smtp-wizard ────── not written yet ──",
            " Address  │ alerts@gmail.com",
            " Password ▌",
            " Server   │ smtp.gmail.com",
            " Encrypt  │ ‹ SMTPS, port 465 ›",  # noqa: RUF001
            " Kept in  │ ‹ .env ›",  # noqa: RUF001
            " Users    │ ‹ verified by mail ›",  # noqa: RUF001
            "! secret: an app password, not your",
            "  Google password. Create it here:",
            "  myaccount.google.com/apppasswords",
            "  [ Test ]  [ Review ]",
            " Enter go on  ^R test  F1 help",
        ]


async def test_rows_follow_a_change_of_size() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        before = drawn(pilot.app)
        for size in (80, 19), (40, 24), WIDE, NORMAL:
            await pilot.resize_terminal(*size)
            await settled(pilot)
            is_small = min(size) < 20 or size[0] < 60
            assert (" Kept in  │" in drawn(pilot.app)) == is_small
            assert ("│   Secret kept in  │" in drawn(pilot.app)) == (not is_small)
        assert drawn(pilot.app) == before


async def test_typing_replaces_what_was_refused() -> None:
    async with Gallery("failed").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        await press(pilot, *"new")
        assert row(pilot, "secret").value == "new"
        row(pilot, "secret").take_focus()  # it has the focus already
        await press(pilot, *"again")
        assert row(pilot, "secret").value == "again"
        assert said(pilot)[-1] == "changed secret"


async def test_secret_is_never_drawn_nor_in_a_message() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        row(pilot, "secret").take_focus()
        await press(pilot, *"hidden")
        assert "hidden" not in drawn(pilot.app)
        assert "│ ••••••" in drawn(pilot.app).replace("▌", "│")
        assert "hidden" not in repr(FormRow.Changed(row(pilot, "secret")))


async def test_only_the_operator_causes_messages() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        for name, value in ("user", "me@example.org"), ("secret", "x"), ("starttls", True):
            row(pilot, name).fill(value)
        await settled(pilot)
        assert said(pilot) == []
        assert "(•) STARTTLS, port 587" in drawn(pilot.app)
        await press(pilot, "a", "down")
        assert said(pilot) == ["changed user", "left user"]
        await press(pilot, "enter")
        assert said(pilot)[-1] == "confirmed secret"


async def test_several_pasted_lines_are_refused_until_the_next_change() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        await paste(pilot, "one\ntwo")
        user = row(pilot, "user")
        assert user.value == ""
        assert user.note_sign == "✗"
        assert f"✗ {user.note_text[:40]}" in lines(pilot)[2]
        await press(pilot, "a")
        assert "The server logs in with it" in lines(pilot)[2]


async def test_pasted_text_is_trimmed_and_the_row_says_so() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        await paste(pilot, "  me@example.org\n")
        assert row(pilot, "user").value == "me@example.org"
        assert row(pilot, "user").note_sign == "!"


async def test_typed_blanks_are_trimmed_when_the_row_is_left_but_not_in_a_secret() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        await press(pilot, "a", "space", "down", "space", "b", "down")
        assert row(pilot, "user").value == "a"
        assert row(pilot, "user").note_sign == "!"
        assert row(pilot, "secret").value == " b"


async def test_arrows_and_space_choose_around_the_end() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        store = row(pilot, "store")
        store.take_focus()
        await settled(pilot)
        seen = []
        for key in ("right", "space", "right", "left"):
            await press(pilot, key)
            seen.append(store.value)
        assert seen == ["keyring", "no login", ".env", "no login"]
        assert "│ ( ) .env   ( ) keyring   (•) no login" in drawn(pilot.app).replace("▌", "│")
        assert said(pilot).count("changed store") == 4


async def test_a_click_chooses_the_option() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        line = lines(pilot)[7]
        await pilot.click(offset=(line.index("STARTTLS"), 7))
        await settled(pilot)
        assert row(pilot, "starttls").value is True
        assert said(pilot)[-1] == "changed starttls"
        await pilot.click(offset=(6, 3))
        await settled(pilot)
        assert row(pilot, "secret").has_focus_within


async def test_choice_shortens_its_labels_before_it_shows_one_alone() -> None:
    async with Gallery("recognised").run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "│ (•) SMTPS 465   ( ) STARTTLS 587   starttls │" in lines(pilot)[7]


async def test_long_name_of_a_setting_takes_the_room_it_needs() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        row(pilot, "skip").rename("Verify users", "Users", "skip_user_verification")
        await settled(pilot)
        assert lines(pilot)[10] == (
            "│   Verify users    │ (•) by mail   ( ) not at all      skip_user_verification │"
        )


async def test_long_note_is_cut_at_80_columns_and_wrapped_where_there_is_room() -> None:
    note = "This note is much longer than the fifty-six cells that there are for one."
    for size, height in (NORMAL, 2), (WIDE, 3):
        async with Gallery("empty").run_test(size=size) as pilot:
            await settled(pilot)
            row(pilot, "secret").note(note)
            await settled(pilot)
            assert row(pilot, "secret").size.height == height
            assert ("…" in lines(pilot)[4]) == (size == NORMAL)


async def test_form_scrolls_to_the_focus_and_shows_that_there_is_more() -> None:
    async with Gallery("empty").run_test(size=SMALL) as pilot:
        await settled(pilot)
        pilot.app.screen.query_one(Form).styles.max_height = 3
        await settled(pilot)
        assert [line[38:] for line in lines(pilot)[1:4]] == ["", "", "▼"]
        row(pilot, "skip").take_focus()
        await settled(pilot)
        assert " Users    ▌" in lines(pilot)[3]
        assert [line[38:] for line in lines(pilot)[1:4]] == ["▲", "", ""]


async def test_escape_sequences_in_a_note_are_not_obeyed() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        row(pilot, "user").note("was \x1b[31m[b]mail[/b]")
        await settled(pilot)
        assert "was \\x1b[31m[b]mail[/b]" in lines(pilot)[2]


async def test_cursor_does_not_blink() -> None:
    async with Gallery("empty").run_test(size=NORMAL) as pilot:
        await settled(pilot)
        assert not any(each.cursor_blink for each in pilot.app.screen.query(Input))

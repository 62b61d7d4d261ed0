from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.text.wrapping import cell_width, hanging_lines


def test_lines_break_at_words_and_hang_under_their_beginning() -> None:
    assert hanging_lines("Every account of this machine can read it.", 20, "x ", "  ") == [
        "x Every account of",
        "  this machine can",
        "  read it.",
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Store it again: smtp-wizard set --secret-stdin", "smtp-wizard set --secret-stdin"),
        ("Store it:  smtp-wizard set --secret-stdin", "smtp-wizard set --secret-stdin"),
        ("By: smtp-wizard exec -- docker compose up -d", "exec -- docker compose up -d"),
        ("chmod 600 /etc/bomnipotent_server/.env   (640 for a group)", "chmod 600 /etc/bom"),
        ("Take it out (git rm --cached .env), ignore it.", "(git rm --cached .env),"),
        ("Correct that; docker compose config shows it.", "docker compose config"),
        ("Run smtp-wizard check --fix and look again.", "smtp-wizard check --fix"),
        ("Go to https://myaccount.google.com/apppasswords now", "https://myaccount.google.com/"),
        ('Write in [smtp]   secret = "${NAME}"   or not.', 'secret = "${NAME}"'),
        ("Withdraw it: chmod go-w a. Then try again.", "chmod go-w a."),
    ],
    ids=lambda value: value[:8],
)
@pytest.mark.parametrize("width", [20, 40])
def test_commands_and_urls_stay_whole(text: str, kept: str, width: int) -> None:
    lines = hanging_lines(text, width, "- ", "  ")

    assert any(kept in line for line in lines)
    assert " ".join("\n".join(lines).split()) == " ".join(f"- {text}".split())


def test_what_follows_a_command_is_wrapped_again() -> None:
    text = "Withdraw it: chmod go-w a. Then start the server again, please."

    assert max(map(len, hanging_lines(text, 24))) <= 24


def test_line_feeds_stay_and_lines_to_paste_are_not_wrapped() -> None:
    text = "Add under environment:\n      SMTP_SECRET: ${SMTP_SECRET:?} and more"

    assert hanging_lines(text, 24, "  > ", "    ") == [
        "  > Add under",
        "    environment:",
        "          SMTP_SECRET: ${SMTP_SECRET:?} and more",
    ]


def test_an_empty_text_is_an_empty_line() -> None:
    assert hanging_lines("", 20) == [""]


def test_a_word_that_is_no_url_is_divided() -> None:
    assert hanging_lines("a" * 25, 12, "- ", "  ") == ["- " + "a" * 10, "  " + "a" * 10, "  aaaaa"]


def test_width_is_counted_in_cells() -> None:
    assert cell_width("日本") == 4
    assert cell_width("é") == 1
    assert hanging_lines("日本 日本 日本", 9) == ["日本 日本", "日本"]


@given(st.text(alphabet="ab: -/.日\n", max_size=80), st.integers(1, 30))
def test_no_character_but_blanks_is_lost(text: str, width: int) -> None:
    lines = hanging_lines(text, width, "", "  ")

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert len(lines) >= text.count("\n") + 1


@given(st.lists(st.text(alphabet="abc日", min_size=1, max_size=12), max_size=20))
def test_ordinary_words_never_exceed_the_width(words: list[str]) -> None:
    assert all(cell_width(line) <= 20 for line in hanging_lines(" ".join(words), 20, "* ", "  "))

"""What of a `.env` may be shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.formats.dotenv.compose_go import read_compose
from wizard.formats.dotenv.dotenvy import read_dotenvy
from wizard.formats.masking import mask_dotenv

TOKEN = "hunter2"
PIECES = [
    "A", "B", "export ", " ", "=", "=", ":", "'", '"', "\\", "#", " #", "# ", "\n", "\n",
    "\r\n", "x", "y z", "'v'", "$A", "${A}", "${", "}", "\x0b", "\x1c", "\x85", "\u2028", "\ufeff",
    "\r", "\0", "A=1\n", "\nA=", '\nB="', "it's", "A=x  # it's\n", "# don't\n",
]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("", ""),
        ("A=1\r\n  export B = 'x y' # note\r\n", "A=********\r\n  export B =********\r\n"),
        ("\ufeffA=1", "\ufeffA=********"),
        ("A=\nB=''\nC = \"\" \n", "A=\nB=''\nC = \"\" \n"),
        ("A= # x\n", "A=********\n"),
        ("A='x\n\n# y\nB=1'\nC=2\n", "A=********\n********\n********\n********\nC=********\n"),
        ("\n# a comment\n#\n \t\n", "\n# a comment\n#\n \t\n"),
        ("# SMTP_SECRET=old\n# SMTP_SECRET=\n", "# SMTP_SECRET=********\n# SMTP_SECRET=\n"),
        ("# password: old\n", "# password:********\n"),
        ("# see https://example.org\n", "# see https://example.org\n"),
        ("# https://user:pass@example.org\n", "# https://user:********\n"),
        ("\ufeff# A=old\n", "\ufeff# A=********\n"),
        ("#old\n", "#********\n"),
        ("# password old2\n", "# password ********\n"),
        ("# hunter2\n", "# ********\n"),
        ("# x --password hunter -v\n", "# x --password ********\n"),
        ("# mysql -u me -p hunter db\n", "# mysql -u me -p ********\n"),
        ("# me@example.org / hunter\n", "# me@example.org / ********\n"),
        ("# mkdir -p build\n# yes / no\n", "# mkdir -p build\n# yes / no\n"),
        ("# A='x\n# y'\n# a comment\n", "# A=********\n********\n# a comment\n"),
        ("A=x  # it's\n# don't\nB=1\n", "A=********\n********\nB=********\n"),
    ],
    ids=[
        "empty",
        "quoted, with a comment",
        "byte order mark",
        "empty values",
        "comment for a value",
        "several lines",
        "comments",
        "disabled lines",
        "colon in a comment",
        "URL in a comment",
        "password in a URL",
        "mark and comment",
        "comment of one word",
        "password in a comment",
        "comment of one word after a blank",
        "option in a comment",
        "short option in a comment",
        "address and password in a comment",
        "ordinary comments",
        "disabled value of several lines",
        "quote in a comment",
    ],
)
def test_values_are_hidden_and_the_rest_is_shown(text: str, masked: str) -> None:
    assert mask_dotenv(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("A=1\nB=x y\nC=1\n# c\n", "A=********\n********\n********\n********\n"),
        ("A=1\nB=${1}\nC=1\n", "A=********\n********\n********\n"),
        ("A: 1\n", "********\n"),
        ("MIIEow==", "MIIEow=********"),
        ("A='\nMIIEow==\n", "********\n********\n"),
        ("A='x'\fB=1\nC=1\n", "A=********\f********\nC=********\n"),
        ("X=it's\nB=1\nC=d'f\n", "X=********\n********\n********\n"),
    ],
    ids=[
        "blank in a value",
        "bad reference",
        "colon",
        "no name",
        "open quote",
        "form feed",
        "two odd quotes",
    ],
)
def test_what_is_not_read_alike_is_hidden_as_a_whole(text: str, masked: str) -> None:
    assert mask_dotenv(text) == masked


@settings(max_examples=1000)
@given(st.one_of(soup, st.text()))
def test_any_text_keeps_its_lines(text: str) -> None:
    masked = mask_dotenv(text)
    assert masked.count("\n") == text.count("\n")
    assert len(masked.splitlines()) == len(text.splitlines())


@settings(max_examples=1000)
@given(soup, soup, soup)
def test_what_either_reader_sees_as_a_value_is_hidden(above: str, before: str, behind: str) -> None:
    place = len(above + "\nA=" + before)
    text = above + "\nA=" + before + TOKEN + behind
    found = [*read_dotenvy(text).assignments, *read_compose(text).assignments]
    is_value = any(one.name_end <= place < one.end for one in found)
    assert not (is_value and TOKEN in mask_dotenv(text))

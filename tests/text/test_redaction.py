"""Of a secret that comes back from outside no six characters are shown, and all else stays."""

from __future__ import annotations

import tomllib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from random import Random
from string import ascii_letters, ascii_lowercase, digits, printable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.echoes import FORMS, USER, surviving
from wizard.text.display import MASK
from wizard.text.redaction import Redactor, encodings_of, is_ordinary

SECRET = "hunter2-Käse-${NAME}"
REPLIES = [
    reply["said"]
    for reply in tomllib.loads(
        Path(__file__).parents[1].joinpath("live_test", "replies.toml").read_text()
    )["reply"]
]


WRAPS = [
    "\n535-",
    "\n535-5.7.8 ",
    "\n535 5.7.8 ",
    "\n",
    " ",
    "\n  ",
    "\u200b",
    "][",
    ")(",
    "-",
    ", ",
]
secrets = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zs", "Zl", "Zp"]),
    min_size=6,
    max_size=40,
)


@settings(max_examples=300)
@given(
    secrets,
    st.sampled_from(FORMS),
    st.integers(0, 60),
    st.integers(1, 20),
    st.sampled_from(WRAPS),
    st.sampled_from([str, str.upper, str.lower, str.swapcase]),
)
@example(SECRET, FORMS[0], 0, 3, "\n535-5.7.8 ", str)
@example(SECRET, FORMS[2], 7, 5, "\n535-", str.upper)
@example(SECRET, FORMS[8], 0, 2, "][", str)
def test_no_run_of_six_survives(
    secret: str,
    form_of: Callable[[str], str],
    cut: int,
    width: int,
    wrap: str,
    change: Callable[[str], str],
) -> None:
    before, after = "535-5.7.8 Error: authentication failed: [", "] is wrong\n535 5.7.8 Bye"
    form = form_of(secret)
    assume(not surviving(before + after, form))
    assume(not is_ordinary(secret))  # such a word of a reply stays
    echo = change(form)[cut % len(form) :]
    pieces = [echo[start : start + width] for start in range(0, len(echo), width)]
    text = before + wrap.join(pieces) + after
    redact = Redactor([secret], [USER])
    assert surviving(redact.mask(text), form) == set()
    assert surviving("\n".join(redact.lines(text.split("\n"))), form) == set()
    assert surviving(redact(text), form) == set()


@pytest.mark.parametrize("length", [8, 12, 16, 24, 32, 64])
@pytest.mark.parametrize(
    "letters",
    [ascii_letters + digits, ascii_lowercase, printable[:94]],
    ids=["letters and digits", "letters", "all"],
)
def test_replies_of_real_mail_servers_stay_as_they_are(letters: str, length: int) -> None:
    secret = "".join(Random(length).choices(letters, k=length))  # noqa: S311 - the same each time
    redact = Redactor([secret], [USER])
    assert [text for text in REPLIES if redact.mask(text) != text] == []


@pytest.mark.parametrize(
    "secret",
    ["password", "Password1", "passw0rd", "secret", "username", "user", "mail", "smtp", "test",
     "login123", "admin", "Administrator1", "postmaster", "welcome", "letmein", "qwerty123",
     "123456", "12345678", "access", "message1", "google2024", "policy", "mailbox", "security"],
)  # fmt: skip
def test_ordinary_words_of_replies_stay_even_if_they_are_the_secret(secret: str) -> None:
    redact = Redactor([secret], [USER])
    assert [text for text in REPLIES if redact.mask(text) != text] == []


@pytest.mark.parametrize("secret", ["backup", "backup@example.org", "backup2024", "info"])
def test_a_secret_that_is_a_user_name_hides_no_more_than_that(secret: str) -> None:
    redact = Redactor([secret], ["backup@example.org"], ["mail.example.org", "backup@example.org"])
    said = "535 5.7.8 mail.example.org: authentication of <backup@example.org> failed"
    hidden = secret if secret in said else ""
    assert redact(said) == (said.replace(hidden, MASK) if hidden else said)


def test_public_names_stay_unless_they_hold_the_whole_secret() -> None:
    said = "220 mail.example.org ESMTP"
    assert Redactor(["Example.org-4711"], [], ["mail.example.org"])(said) == said
    assert Redactor(["example.org"], [], ["mail.example.org"])(said) == f"220 mail.{MASK} ESMTP"


def test_ordinary_words_are_masked_where_they_are_all_of_the_secret_or_in_one_word_with_it() -> (
    None
):
    assert Redactor(["mail server access"])("535 mail server access") == f"535 {MASK}"
    assert Redactor(["Password-4711-x"])("535 Password-4711-x") == f"535 {MASK}"
    assert Redactor(["Password-4711-x"])("535 Wrong password") == "535 Wrong password"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("what is kiwi?", f"what is {MASK}?"),
        ("what is KIWI", f"what is {MASK}"),
        ("kiwis and akiwi", "kiwis and akiwi"),
        (f"login {b64encode(b'kiwi').decode()}", f"login {MASK}"),
    ],
)
def test_a_short_secret_is_masked_as_a_whole_word(text: str, shown: str) -> None:
    assert Redactor(["kiwi"])(text) == shown


def test_a_very_short_secret_is_not_given_away_by_masks() -> None:
    assert Redactor(["abc"])("the abc of it") == "the abc of it"


def test_a_run_that_is_wrapped_leaves_the_lines_and_their_codes() -> None:
    lines = ["535-5.7.8 bad hunt", "535-5.7.8 er2-", "535 5.7.8 Käse, see help"]
    shown = (f"535-5.7.8 bad {MASK}", f"535-5.7.8 {MASK}", f"535 5.7.8 {MASK}, see help")
    assert Redactor([SECRET]).lines(lines) == shown


def test_a_secret_split_by_invisible_characters_is_masked() -> None:
    assert Redactor(["hunter2"])("the hun\u200bter2 is") == f"the {MASK} is"


def test_a_secret_too_long_to_be_compared_hides_all_text() -> None:
    redact = Redactor(["x" * 8193])
    assert redact.lines(["535-5.7.8 a", "535 b"]) == (MASK, MASK)


def test_a_cut_leaves_no_half_of_a_secret() -> None:
    for length in range(270, 300):
        assert "hunter" not in Redactor(["hunter2-secret"])("z" * length + " hunter2-secret")


def test_a_reply_is_ordinary_if_all_its_words_are() -> None:
    assert is_ordinary("535-5.7.8 Username and Password not accepted.")
    assert is_ordinary("334 UGFzc3dvcmQ6")
    assert not is_ordinary("535 5.7.8 Error: authentication failed: retnuh")
    assert not is_ordinary("235 2.7.0 Welcome 4711")


@given(st.text())
def test_without_a_secret_any_text_becomes_printable_on_one_line(text: str) -> None:
    redact = Redactor()
    assert redact.mask(text) == text
    assert redact(text).isprintable()
    assert len(redact(text)) <= 300


@given(st.text(min_size=1))
def test_secret_itself_is_always_among_its_forms(text: str) -> None:
    assert text in encodings_of(text, [USER])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["a", "ab", "hunter2-", "535-5.7.8 ", "\n535-h", "password ", " "]
)
def test_long_replies_and_secrets_take_linear_time(piece: str) -> None:
    redact = Redactor([("hunter2-" + piece) * (4096 // (8 + len(piece)))], [USER])
    redact.lines((piece * (65536 // len(piece))).split("\n"))

"""What is often copied along with a secret is named, and what was typed on purpose is not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.secrets.unintended import unintended_characters


def codes(secret: str) -> list[str]:
    return [finding.code for finding in unintended_characters(secret)]


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (" hunter22", "secret-blanks"),
        ("hunter22\t", "secret-blanks"),
        ("hunter\u00a022", "secret-invisible"),
        ("hunter22\u00a0", "secret-invisible"),
        ("hunter\u202f22", "secret-invisible"),
        ("\u3000hunter22", "secret-invisible"),
        ("\u200bhunter22", "secret-invisible"),
        ("hunter22\u200d", "secret-invisible"),
        ("hunter22\u2060", "secret-invisible"),
        ("hunt\u00ader22", "secret-invisible"),
        ("\u202ahunter22", "secret-invisible"),
        ("hunter22\u2800", "secret-invisible"),
        ("hunter22\u3164", "secret-invisible"),
        ("hunter22\ufe0f", "secret-invisible"),
        ("hunter22\U000e0041", "secret-invisible"),
        ("\u201chunter22\u201d", "secret-quoted"),
        ("\u201ehunter22\u201c", "secret-quoted"),
        ("\xbbhunter22\xab", "secret-quoted"),
        ("\u2018hunter22\u2019", "secret-quoted"),
        ("hunter22\u201d", "secret-quoted"),
        ('"hunter22"', "secret-quoted"),
        ("'hunter22'", "secret-quoted"),
    ],
)
def test_what_is_copied_along_is_named(secret: str, code: str) -> None:
    assert codes(secret) == [code]
    (finding,) = unintended_characters(secret)
    assert finding.field == "secret"
    assert "hunt" not in finding.message


def test_each_kind_is_named_once() -> None:
    secret = " \u201chun\u200bter\u00a022\u201d"
    assert codes(secret) == ["secret-blanks", "secret-invisible", "secret-quoted"]


@given(
    st.text(
        string.ascii_letters + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~äöü€✓密", min_size=1
    )
)
def test_nothing_is_said_about_what_can_be_seen(secret: str) -> None:
    assert codes(secret) == []


@pytest.mark.parametrize("secret", ['"hunter22', "hun'ter22'", '"', "a b", "it\u2019s", "\u2019"])
def test_lone_quotation_marks_and_inner_blanks_may_be_meant(secret: str) -> None:
    assert codes(secret) == []

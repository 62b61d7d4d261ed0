"""Which secrets can be written to `.env`, how they are quoted, and who misreads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import InvalidValue
from wizard.formats.dotenv.quoting import (
    DOCKER_RUN,
    NODE,
    PYTHON,
    SHELL,
    SYSTEMD,
    check_value,
    manual_edit,
    quote_value,
    readers_that_differ,
)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "secret-empty"),
        ("a\nb", "secret-line-break"),
        ("a\r", "secret-line-break"),
        ("a\u2028", "secret-line-break"),
        ("a\u2029", "secret-line-break"),
        ("\ufeffa", "secret-byte-order-mark"),
        ("a\0", "secret-control-character"),
        ("a\x1b[A", "secret-control-character"),
        ("a\x7f", "secret-control-character"),
        ("a\x85", "secret-control-character"),
        ("a\udc80", "secret-surrogate"),
        ("a\U0010ffff", "secret-not-a-character"),
        ("a\ufffe", "secret-not-a-character"),
        ("a\ufdd0", "secret-not-a-character"),
    ],
    ids=[
        "empty",
        "LF",
        "CR",
        "line separator",
        "paragraph separator",
        "byte order mark",
        "NUL",
        "escape",
        "delete",
        "next line",
        "surrogate",
        "last code point",
        "U+FFFE",
        "U+FDD0",
    ],
)
def test_a_value_that_cannot_be_written_is_refused_with_the_reason(value: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_value(value)
    assert refused.value.code == code
    assert refused.value.message.startswith("The secret ")
    assert refused.value.remedy.endswith(".")


@pytest.mark.parametrize("value", ["x", "a\tb", " ", "é", "😀", "\xa0", "\\", "'", "********"])
def test_any_other_value_passes(value: str) -> None:
    check_value(value)


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("SG.aB1_-,:/@%+=^!*?[]{}", "SG.aB1_-,:/@%+=^!*?[]{}"),
        ("a b", "'a b'"),
        ("a\tb", "'a\tb'"),
        ("#a", "'#a'"),
        ("~", "'~'"),
        ("é", "'é'"),
        ("$A`${B}", "'$A`${B}'"),
        ('a"b', "'a\"b'"),
        ("a\\b", "'a\\b'"),
        ("a\\\\", "'a\\\\'"),
        ("a\\", '"a\\\\"'),
        ("a\\\\\\", '"a\\\\\\\\\\\\"'),
        ("it's", '"it\'s"'),
        ("'$\"\\", '"\'\\$\\"\\\\"'),
    ],
    ids=[
        "plain",
        "blank",
        "tab",
        "hash",
        "tilde",
        "not ASCII",
        "dollars",
        "double quote",
        "backslash",
        "two backslashes",
        "last backslash",
        "three backslashes",
        "single quote",
        "all of them",
    ],
)
def test_a_value_is_quoted_as_little_as_all_readers_allow(value: str, quoted: str) -> None:
    assert quote_value(value) == quoted


@pytest.mark.parametrize(
    ("value", "readers"),
    [
        ("plain", []),
        ("a b", [DOCKER_RUN]),
        ("a\\b", [DOCKER_RUN]),
        ("a\\\\b", [DOCKER_RUN, PYTHON]),
        ("$A", [DOCKER_RUN]),
        ("${A}", [DOCKER_RUN, PYTHON]),
        ("${A:-b}", [DOCKER_RUN, PYTHON]),
        ("${A:b}", [DOCKER_RUN]),
        ("${A", [DOCKER_RUN]),
        ("a`b", [DOCKER_RUN]),
        ("a\\\\", [DOCKER_RUN, PYTHON, NODE]),
        ("it's", [DOCKER_RUN]),
        ("it's $", [DOCKER_RUN, PYTHON, NODE]),
        ("it's \\", [DOCKER_RUN, NODE]),
        ("'\"", [DOCKER_RUN, NODE]),
        ("'`", [DOCKER_RUN, SHELL]),
    ],
)
def test_the_readers_that_misread_a_value_are_named(value: str, readers: list[str]) -> None:
    found = readers_that_differ([f"S={quote_value(value)}\n"], value)
    assert [one.reader for one in found] == readers
    assert all(one.reason for one in found)


@pytest.mark.parametrize(
    ("lines", "readers"),
    [
        (["S=x\n"], []),
        (["  S=x\n"], []),
        (["export S=x\n"], [DOCKER_RUN, SYSTEMD]),
        (["\texport\tS='x'\n"], [DOCKER_RUN, SYSTEMD]),
        (["S=x\n", "export S=x\n"], [DOCKER_RUN]),
        (["S = x\n"], [DOCKER_RUN, SHELL]),
        (["S='x' # why\n"], [DOCKER_RUN, SYSTEMD]),
        (["S=x\r\n"], [SHELL]),
        (["\ufeffS=x\n"], [SYSTEMD, SHELL]),
        (["S: x\n"], []),
    ],
    ids=[
        "plain",
        "indented",
        "export",
        "tabs",
        "twice",
        "blanks",
        "comment",
        "CRLF",
        "mark",
        "a form of Compose alone",
    ],
)
def test_the_readers_that_misread_a_line_are_named(lines: list[str], readers: list[str]) -> None:
    found = readers_that_differ(lines, "x")
    assert [one.reader for one in found] == readers


@given(st.text("\\'\"$`{}# ab", min_size=3, max_size=12))
def test_messages_contain_no_part_of_the_value(tail: str) -> None:
    value = "hunter2" + tail
    assert "hunter2" not in manual_edit("SMTP_SECRET", value)
    assert "hunter2" not in repr(readers_that_differ([f"S={quote_value(value)}"], value))


@pytest.mark.parametrize(("value", "start"), [("a", "S=…"), ("a b", "S='…'"), ("it's", 'S="…"')])
def test_the_line_to_write_by_hand_has_the_quotes_that_the_value_needs(
    value: str, start: str
) -> None:
    assert manual_edit("S", value).startswith(start + " ")

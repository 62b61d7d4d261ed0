from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.errors import FileRefused
from wizard.files.encoding import MAX_BYTES, decode, encode


@given(st.text().filter(lambda text: "\0" not in text))
def test_text_survives_encoding_and_decoding(text: str) -> None:
    assert decode(encode(text), "config.toml") == text


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfa = 1\r\n", b"a\rb\n\r\n", b"\xef\xbb\xbf"])
def test_byte_order_mark_and_line_ends_survive(data: bytes) -> None:
    assert encode(decode(data, ".env")) == data


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"a" * (MAX_BYTES + 1), "file-too-large", None),
        ("a = 1\n".encode("utf-16"), "file-utf16", None),
        ("a = 1\n".encode("utf-16-le"), "file-utf16", None),
        ("a = 1\n".encode("utf-16-be"), "file-utf16", None),
        (b"a = 1\nb = \0\n", "file-has-nul", 2),
        (b"\0", "file-has-nul", 1),
        (b"a = 1\nb = 2\nc = '\xfc'\n", "file-not-utf8", 3),
        (b"a = '\xed\xa0\x80'", "file-not-utf8", 1),
    ],
    ids=[
        "too large",
        "UTF-16",
        "UTF-16-LE",
        "UTF-16-BE",
        "NUL in line 2",
        "NUL alone",
        "Latin-1",
        "surrogate",
    ],
)
def test_what_is_not_utf8_text_is_refused(data: bytes, code: str, line: int | None) -> None:
    with pytest.raises(FileRefused) as refused:
        decode(data, "config.toml")
    assert (refused.value.code, refused.value.line) == (code, line)
    assert "config.toml" in refused.value.message
    assert refused.value.remedy


def test_refusal_names_the_byte_and_its_offset() -> None:
    with pytest.raises(FileRefused, match="byte 0xfc at offset 17"):
        decode(b"a = 1\nb = 2\nc = '\xfc'\n", "config.toml")


def test_a_file_of_exactly_the_limit_is_read() -> None:
    assert len(decode(b"a" * MAX_BYTES, "config.toml")) == MAX_BYTES

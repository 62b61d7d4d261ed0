"""Replies are read as strictly as the server's client reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.live_test.smtp import Extensions, MalformedReply, Reply, take_reply


def test_a_reply_is_taken_and_the_rest_stays() -> None:
    received = bytearray(b"250-mail\r\n250 AUTH PLAIN\r\n421 bye\r\n")
    assert take_reply(received) == Reply(250, ("mail", "AUTH PLAIN"))
    assert take_reply(received) == Reply(421, ("bye",))
    assert received == b""


@pytest.mark.parametrize(
    "part", [b"", b"2", b"220", b"220 mail", b"220-a\r\n", b"220-a\r\n220 b\r"]
)
def test_an_incomplete_reply_is_waited_for(part: bytes) -> None:
    received = bytearray(part)
    assert take_reply(received) is None
    assert received == part


@pytest.mark.parametrize(
    "received",
    [
        b"220\r\n",
        b"22 hi\r\n",
        b"620 hi\r\n",
        b"260 hi\r\n",
        b"199 hi\r\n",
        b" 220 hi\r\n",
        b"220+hi\r\n",
        b"220 hi\n",
        b"\r\n",
        b"220-hi\r\n250 hi\r\n",
        b"220 \xe4\r\n",
        b"\xb2\xb2\xb0 hi\r\n",
        b"220 " + b"x" * 995 + b"\r\n",
        b"x" * 1001,
        b"220-" + b"x" * 1000,
        b"220-more\r\n" * 10_001,
    ],
    ids=[
        "no text",
        "two digits",
        "code 620",
        "code 260",
        "code 199",
        "blank before it",
        "plus sign",
        "LF alone",
        "empty line",
        "two codes",
        "not UTF-8",
        "superscript digits",
        "line too long",
        "no line end",
        "no end of a long line",
        "too many lines",
    ],
)
def test_a_reply_that_the_servers_client_cannot_read_is_malformed(received: bytes) -> None:
    with pytest.raises(MalformedReply):
        take_reply(bytearray(received))


def test_the_longest_line_is_a_thousand_bytes() -> None:
    assert take_reply(bytearray(b"220 " + b"x" * 994 + b"\r\n")) is not None


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_are_a_reply_or_incomplete_or_malformed(data: bytes, cut: int) -> None:
    received = bytearray(data[:cut])
    try:
        first = take_reply(received)
    except MalformedReply:
        return
    received = bytearray(data[:cut])
    received += data[cut:]
    if first is not None:  # what comes later does not change a reply
        assert take_reply(received) == first


@pytest.mark.parametrize(
    ("lines", "enhanced", "text"),
    [
        (("5.7.8 no",), "5.7.8", "535 5.7.8 no"),
        (("5.7.8 no", "5.7.8 really"), "5.7.8", "535 5.7.8 no really"),
        (("4.7.8 no",), None, "535 4.7.8 no"),
        (("no",), None, "535 no"),
        (("",), None, "535 "),
    ],
)
def test_a_status_code_is_shown_once(
    lines: tuple[str, ...], enhanced: str | None, text: str
) -> None:
    reply = Reply(535, lines)
    assert (reply.enhanced, reply.text) == (enhanced, text)


@pytest.mark.parametrize(
    ("code", "positive"), [(220, True), (354, True), (421, False), (550, False)]
)
def test_a_reply_is_positive_if_the_server_goes_on_after_it(code: int, positive: bool) -> None:
    assert Reply(code, ("",)).positive is positive


def extensions(*lines: str) -> Extensions:
    return Extensions.parse(Reply(250, ("mail.example.org", *lines)))


@pytest.mark.parametrize(
    ("line", "mechanism"),
    [
        ("AUTH LOGIN PLAIN", "PLAIN"),
        ("AUTH LOGIN", "LOGIN"),
        ("AUTH CRAM-MD5 XOAUTH2", None),
        ("AUTH=PLAIN", None),
        ("auth PLAIN", None),
        ("AUTH plain", None),
        ("AUTH\tPLAIN", "PLAIN"),
    ],
)
def test_the_mechanism_is_the_one_that_the_server_would_choose(
    line: str, mechanism: str | None
) -> None:
    assert extensions(line).mechanism == mechanism


def test_keywords_are_read_as_words() -> None:
    found = extensions("STARTTLS", "SIZE 1000", "PIPELINING", "")
    assert found.has("STARTTLS")
    assert not found.has("SMTPUTF8")
    assert found.size == 1000
    assert extensions("SIZE").size is None
    assert extensions("SIZE many").size is None


def test_a_reply_to_ehlo_without_a_name_is_malformed() -> None:
    with pytest.raises(MalformedReply):
        Extensions.parse(Reply(250, ("", "AUTH PLAIN")))

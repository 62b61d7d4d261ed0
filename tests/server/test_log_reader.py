"""The server's verdict, from lines as its documentation shows them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.server.log import LogReader

RELOADED = (
    b'2025-03-06 15:34:45 +00:00 [INFO] Configuration successfully reloaded from "/etc/c.toml"\n'
)
REFUSED = b"""\
2025-03-06 16:11:03 +00:00 [ERROR] Failed to read config file "/etc/c.toml": Failed to parse config file: TOML parse error at line 5, column 1
  |
5 | starlight_throughput = "16 GW"
  | ^^^^^^^^^^^^^^^^^^^^
unknown field `starlight_throughput`, expected one of `allow_http`, `allow_tlp2`
"""  # noqa: E501  (the line of the documentation)
REQUEST = b"2025-03-06 15:34:45 +00:00 [DEBUG] Received healthcheck request from 127.0.0.1\n"


def read(*chunks: bytes) -> LogReader:
    reader = LogReader()
    for chunk in chunks:
        reader.feed(chunk)
    reader.close()
    return reader


def test_lines_of_the_documentation() -> None:
    assert read(RELOADED).reloaded is True
    refused = read(REFUSED, REQUEST)
    assert refused.reloaded is False
    assert refused.reasons == (
        "Failed to parse config file: TOML parse error at line 5, column 1",
        "unknown field `starlight_throughput`, expected one of `allow_http`, `allow_tlp2`",
    )
    assert read(REQUEST).reloaded is None


def test_quoted_lines_of_the_configuration_are_left_out() -> None:
    assert "GW" not in "".join(read(REFUSED).reasons)


def test_last_verdict_counts() -> None:
    assert read(REFUSED, RELOADED).reloaded is True
    assert read(REFUSED, RELOADED).reasons == ()
    assert read(RELOADED, REFUSED).reloaded is False


@pytest.mark.parametrize(
    "line",
    [
        b'[INFO] Configuration successfully reloaded from "c.toml"\n',
        b'2025-03-06T15:34:45.123456Z [INFO] Configuration successfully reloaded from "c.toml"\r\n',
        b'2025-03-06 15:34:45 Z [\x1b[32mINFO\x1b[0m] Configuration successfully reloaded from "c"',
    ],
    ids=["no time stamp", "ISO time stamp, CR LF", "colours, no line end"],
)
def test_other_time_stamps_line_ends_and_colours(line: bytes) -> None:
    assert read(line).reloaded is True


@pytest.mark.parametrize(
    "line",
    [
        # A stranger decides what is in a request.
        b'2025-03-06 15:34:45 Z [INFO] GET https://x/Configuration successfully reloaded from "\n',
        b'2025-03-06 15:34:45 +00:00 [TRACE] body: [INFO] Configuration successfully reloaded "\n',
        b'2025-03-06 15:34:45 +00:00 [DEBUG] Configuration successfully reloaded from "c.toml"\n',
        b'2025-03-06 15:34:45 +00:00 [WARN] Failed to read config file "c.toml": x\n',
    ],
    ids=["in a request", "in a body", "at the level DEBUG", "failure at the level WARN"],
)
def test_words_of_others_are_no_verdict(line: bytes) -> None:
    assert read(line).reloaded is None


@given(st.lists(st.integers(0, len(RELOADED + REFUSED + REQUEST)), max_size=8))
def test_chunks_may_end_anywhere(cuts: list[int]) -> None:
    text = RELOADED + REFUSED + REQUEST
    ends = [0, *sorted(cuts), len(text)]
    chunks = [text[start:end] for start, end in pairwise(ends)]
    reader = read(*chunks)
    assert (reader.reloaded, reader.reasons) == (False, read(text).reasons)


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_bytes_can_be_read(chunks: list[bytes]) -> None:
    read(*chunks)


def test_line_without_end_takes_no_more_than_its_share() -> None:
    reader = LogReader()
    for _ in range(64):
        reader.feed(b"x" * 65536)
    reader.feed(b"\n" + RELOADED)
    assert reader.reloaded is True

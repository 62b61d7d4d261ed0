"""The widgets on a real terminal: few bytes, and ASCII where their signs cannot be shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.line import Line
from tests.ui_textual.emulated import Emulated

REPOSITORY = Path(__file__).parents[2]


def gallery(
    scene: str, size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None
) -> Line:
    command = [sys.executable, "-m", "tests.ui_textual.gallery", scene]
    line = Line(command, cwd=REPOSITORY, size=size, environ=environ)
    # The keys are drawn with everything else.
    line.until(lambda received: b"Enter" in received)
    line.quiet()
    return line


def cost(line: Line, keys: str) -> int:
    before = len(line.received)
    line.send(keys)
    line.until(lambda received: len(received) > before)
    line.quiet()
    return len(line.received) - before


@pytest.mark.parametrize(
    ("scene", "size", "most"),
    [
        ("empty", (80, 24), 3000),
        ("failed", (80, 24), 3000),
        ("passed", (80, 24), 3000),
        ("review", (80, 24), 3000),
        ("recognised", (40, 12), 1000),
        ("recognised", (120, 36), 4500),
    ],
)
def test_first_screen_fits_into_a_few_packets(scene: str, size: tuple[int, int], most: int) -> None:
    with gallery(scene, size) as line:
        assert len(line.received) <= most


def test_a_key_costs_few_bytes_and_idling_none() -> None:
    with gallery("empty") as line:
        for key in ("m", "e", "@", "\x1b[D", "\x7f"):
            assert cost(line, key) <= 40
        assert cost(line, "\t") <= 130
        assert cost(line, "x") <= 40
        assert cost(line, "\t\t") <= 250
        assert cost(line, "\x1b[C") <= 40
        assert any(line.listen(1.0) == b"" for _ in range(10))  # a busy machine draws late


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"TERM": "linux"}])
def test_signs_and_frames_become_ascii_of_the_same_width(environ: dict[str, str]) -> None:
    with gallery("failed", environ=environ) as line:
        assert line.received.isascii()
        screen = Emulated()
        screen.feed(line.received.decode())
        rows = screen.text().splitlines()
        assert rows[0] == (
            "+- smtp-wizard - Mail account ------------------------ nothing is written yet -+"
        )
        assert rows[3] == (
            "| x Password        > ************                                      secret |"
        )
        assert rows[12] == (
            "+-  x  The server cannot send mail: login refused --------------------- 0.4 s -+"
        )
        assert rows[13].startswith("| + Name  + Connection  + Encryption  + Greeting  x Login ")
        assert rows[16].startswith("| > Create an app password at https://")
        assert rows[23] == " Enter test again  ^v field  ^T details  F1 help  Esc quit"
    with gallery("review", environ=environ) as line:
        screen = Emulated()
        screen.feed(line.received.decode())
        rows = screen.text().splitlines()
        assert rows[0] == (
            "+= Before you write: 1 error, 1 warning =======================================+"
        )
        assert rows[22] == " >[ Back ]  [ Write anyway ]"

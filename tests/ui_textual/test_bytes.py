"""A real terminal gets few bytes, and shows the same as if it got all of them."""

from __future__ import annotations

import os
import random
import re
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line import PATIENCE, Line
from tests.ui_textual.watched import WatchedWizard
from wizard.demo.mail_server import DEMO_HOST, DEMO_USER

CONFIGURED = """\
[smtp]
user = "you@example.org"
endpoint = "smtp://127.0.0.1:1"
secret = "${SMTP_SECRET}"
"""


@pytest.fixture
def wizard(tmp_path: Path) -> Iterator[WatchedWizard]:
    opened = WatchedWizard(tmp_path)
    yield opened
    opened.line.close()


def test_first_screen_fits_into_two_packets(wizard: WatchedWizard) -> None:
    wizard.wait("Esc quit")
    wizard.screen()
    assert len(wizard.line.received) <= 3000
    assert wizard.cost("\x1bOP", "Esc close") < 2500
    assert wizard.cost("\x1b", "Esc quit") < 2500


def test_a_key_costs_few_bytes(wizard: WatchedWizard) -> None:
    wizard.wait("Esc quit")
    typed, costs = "", []
    for key in DEMO_USER.partition("@")[0]:
        typed += key
        costs.append(wizard.cost(key, f"▌ {typed}"))
    assert statistics.median(costs) <= 20
    # The note about the empty field goes with the first one, and on a busy machine after it.
    assert sum(costs) <= 100 + 40 * len(costs)
    assert wizard.cost("\x1b[D", typed) <= 40
    assert wizard.cost("\x7f", f"▌ {typed[:-2] + typed[-1]}") <= 40


def test_terminal_keeps_its_mouse_on_request(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wizard", "--no-mouse", "-c", str(tmp_path / "config.toml")]
    with Line(command, cwd=Path(__file__).parents[2]) as line:
        line.until(lambda received: b"quit" in received)
        line.send("\t\x1b[<35;10;10M")
        line.quiet()
        assert not re.search(rb"\x1b\[\?10(?:00|02|03|05|06|15|16)h|\x1b\]22;", line.received)


def test_idle_wizard_sends_nothing(wizard: WatchedWizard) -> None:
    wizard.wait("Esc quit")
    wizard.line.send("me")
    wizard.wait("▌ me")
    # A busy machine draws late; a wizard that sends something every second is never silent.
    assert any(wizard.line.listen(2.0) == b"" for _ in range(10))


def test_every_update_leaves_the_cells_that_textual_wanted(wizard: WatchedWizard) -> None:
    """From the first key to the written files, with a wrong password, help and questions."""
    wizard.wait("Esc quit")
    wizard.line.send("日本\x7f\x7fé ö@x" + "\x7f" * 9)
    wizard.line.send(f"{DEMO_USER}\r")
    wizard.wait("Password ▌")
    wizard.line.send("not-the-password\r")
    wizard.wait("Mail server ▌")
    wizard.line.send(f"{DEMO_HOST}\x1bOP")
    wizard.wait("Esc close")
    wizard.line.send("\x1b[B\x1b[B\x1b[6~\x1b")
    wizard.wait("Mail server ▌")
    wizard.line.send("\r")
    wizard.wait("login refused")
    wizard.wait("Password ▌")
    wizard.assert_as_if_all_were_sent()
    wizard.line.send("\x14")
    wizard.wait("Esc close")
    wizard.line.send("\x1b[6~\x1b[6~\x1b")
    wizard.wait("Password ▌")
    wizard.line.send("open$esame #1\r")
    wizard.wait("The server can send mail")
    wizard.line.send("\r")
    wizard.wait("▌[ Write")
    wizard.line.send("\x11")
    wizard.wait("▌ Stay")
    wizard.assert_as_if_all_were_sent()
    wizard.line.send("\x1b")
    wizard.wait(lambda text: "Stay" not in text)
    wizard.line.send("\r")
    wizard.wait("What to do now")
    wizard.assert_as_if_all_were_sent()
    wizard.replay()


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_random_keys_leave_the_cells_that_textual_wanted(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    keys = ["\r", "\r", "\t", "\x1b[Z", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b", "\x1b[6~"]
    keys += [*"aé日$ ", "\x7f", "\x1bOP", "\x11\x1b", "\x0c", "\x1b[200~paste d\x1b[201~", "\x12"]
    pick = random.Random(size[0])  # noqa: S311  (the same keys every time)
    for number in range(3):
        directory = tmp_path / str(number)
        (directory / "server").mkdir(parents=True)
        (directory / "server" / "config.toml").write_text(CONFIGURED)
        wizard = WatchedWizard(directory, size)
        try:
            wizard.wait("Enter")
            for key in pick.choices(keys, k=60):
                wizard.line.send(key)
                wizard.screen()
                if wizard.line.process.poll() is not None:
                    break  # some of the keys leave the wizard
            wizard.replay()
        finally:
            wizard.line.close()


def test_a_resized_screen_is_redrawn_completely(wizard: WatchedWizard) -> None:
    wizard.wait("Esc quit")
    wizard.line.send("me@example.org")
    for size in ((60, 15), (100, 30), (80, 24)):
        wizard.resize(*size)
        wizard.wait("me@example.org")
        wizard.assert_as_if_all_were_sent()
    wizard.replay()


def test_a_continued_wizard_is_redrawn_completely(wizard: WatchedWizard) -> None:
    wizard.wait("Esc quit")
    wizard.line.send("me@example.org")
    wizard.wait("me@example.org")
    os.kill(wizard.line.process.pid, signal.SIGTSTP)
    wizard.line.until(lambda received: received.endswith(b"\x1b[?1004l"))
    wizard.screen().scramble()
    deadline = time.monotonic() + PATIENCE
    state = Path(f"/proc/{wizard.line.process.pid}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "T" and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(wizard.line.process.pid, signal.SIGCONT)
    assert "How it goes" in wizard.wait("me@example.org")
    wizard.line.send("x")
    wizard.wait("me@example.orgx")
    wizard.assert_as_if_all_were_sent()


def test_a_key_redraws_a_screen_that_another_program_wrote_on(
    wizard: WatchedWizard,
) -> None:
    wizard.wait("Esc quit")
    wizard.screen().scramble()
    wizard.line.send("\x0c")
    wizard.wait("How it goes")
    wizard.assert_as_if_all_were_sent()

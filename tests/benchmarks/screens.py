"""How soon a question is on the terminal, and what it costs there, beside other programs.

``python -m tests.benchmarks.screens`` prints a table: a question with a field to type in, 80x24,
over a pseudo-terminal that answers what programs ask of it. Ours is reached through two steps
before it, so its first screen is another one. Nothing here is a test.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks.peers import Absent, gum, installed, say_skipped
from tests.benchmarks.turns import RUNS, in_turn, spread
from tests.line import Line
from tests.ui_textual.emulated import Emulated

REPOSITORY = Path(__file__).parents[2]
QUESTION = "Who does the server log in as?"
TYPED = "operator"
"""No address: the wizard would ask the DNS about its domain."""
QUIET = 0.25
"""Seconds without a byte after which an answer is complete; gum's cursor blinks every 0.53 s."""
IDLE = 3.0
"""Seconds, in which nobody does anything."""
BARE = f"""\
from textual.app import App
from textual.widgets import Input, Label
class Bare(App):
    def compose(self):
        yield Label("{QUESTION}")
        yield Input()
Bare().run()
"""
_ANSWERS = {b"\x1b]11;?": "\x1b]11;rgb:0000/0000/0000\x1b\\", b"\x1b[6n": "\x1b[1;1R"}
"""The colour of the background and the place of the cursor, which gum waits 5 seconds for."""


@dataclass(frozen=True)
class Program:
    """What is started, what its first screen shows, and the keys from there to the field."""

    command: Sequence[str]
    shows: bytes
    keys: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes; of the keys, the median."""

    start: float
    """Seconds until the first screen's words have come; it was started just before, too."""
    first: float
    """Bytes of the first screen."""
    answer: float
    """Seconds from a key to the first byte of what it changes."""
    key: float
    """Bytes for a key."""
    idle: float
    """Bytes in a second in which nobody does anything."""


def programs() -> Iterator[tuple[str, Program] | Absent]:
    """Yield every program that can be measured, or why it cannot."""
    yield "smtp-wizard", Program([sys.executable, "-m", "wizard"], b"Mail account", [])
    yield "bare Textual", Program([sys.executable, "-c", BARE], QUESTION.encode())
    box = ["--inputbox", QUESTION, "10", "60"]
    for name, find, arguments in (
        ("whiptail", partial(installed, "whiptail"), box),
        ("dialog", partial(installed, "dialog"), box),
        ("gum", gum, ["input", "--header", QUESTION, "--placeholder", ""]),
    ):
        try:
            yield name, Program([str(find()), *arguments], QUESTION.split()[0].encode())
        except Absent as absent:
            yield absent


def shown(line: Line, words: bytes) -> float:
    """Wait for words, and answer what is asked meanwhile; return seconds since the start."""
    open_questions = dict(_ANSWERS)

    def reached(received: bytes) -> bool:
        for question in [each for each in open_questions if each in received]:
            line.send(open_questions.pop(question))
        return words in received

    return line.until(reached)


def press(line: Line, key: str) -> tuple[float, int]:
    """Press a key; return the seconds until something came, and the bytes of all that came."""
    before, began = len(line.received), time.perf_counter()
    line.send(key)
    line.until(lambda received: len(received) > before)
    took = time.perf_counter() - began
    line.quiet(QUIET)
    return took, len(line.received) - before


@contextlib.contextmanager
def on_terminal(program: Program) -> Iterator[Line]:
    """Start a program in an empty directory."""
    with tempfile.TemporaryDirectory() as name:
        environ = {
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(Path(name) / "state"),
            "LC_MESSAGES": "C",
        }
        with Line(program.command, cwd=Path(name), environ=environ) as line:
            yield line


def measure(program: Program) -> Cost:
    with on_terminal(program) as line:
        shown(line, program.shows)  # the system has the program's files at hand from here on
    with on_terminal(program) as line:
        start = shown(line, program.shows)
        line.quiet(QUIET)
        first = len(line.received)
        for key in program.keys:
            press(line, key)
            line.quiet(2 * QUIET)
        answers, costs = zip(*(press(line, key) for key in TYPED), strict=True)
        screen = Emulated()
        screen.feed(line.received.decode())
        assert TYPED in screen.text(), screen.text()
        idle = len(line.listen(IDLE)) / IDLE
    return Cost(start, first, statistics.median(answers), statistics.median(costs), idle)


def main(runs: int = RUNS) -> None:
    possible = list(programs())
    say_skipped(each for each in possible if isinstance(each, Absent))
    ways = {each[0]: partial(measure, each[1]) for each in possible if not isinstance(each, Absent)}
    titles = ["start ms", "spread", "first bytes", "key ms", "key bytes", "idle bytes/s"]
    sys.stdout.write(f"{'a question':<14}{''.join(f'{title:>13}' for title in titles)}\n")
    for name, costs in in_turn(ways, runs).items():
        start, first, answer, key, idle = (
            statistics.median(each) for each in zip(*map(astuple, costs), strict=True)
        )
        cells = [f"{start * 1000:.0f}", spread([cost.start for cost in costs]), f"{first:.0f}"]
        cells += [f"{answer * 1000:.1f}", f"{key:.0f}", f"{idle:.0f}"]
        sys.stdout.write(f"{name:<14}{''.join(f'{cell:>13}' for cell in cells)}\n")


if __name__ == "__main__":
    main()

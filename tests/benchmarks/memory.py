"""How much memory the program takes at most, beside the libraries that it is made of.

``python -m tests.benchmarks.memory`` prints a table. Measured is the most of the machine's memory
that one process had at any time, with all that it shares with others, such as the C library. Of a
screen it is what had been needed when its first words were there. Nothing here is a test.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.peers import Absent, gum, installed, say_skipped
from tests.benchmarks.screens import QUIET, REPOSITORY, shown
from tests.benchmarks.start import BARE, CONFIG, LAST_WORD
from tests.benchmarks.turns import RUNS, in_turn
from tests.line import Line

MEGABYTE = 1_000_000
_LAUNCHER = """\
import os, sys
null = os.open(os.devnull, os.O_RDWR)
files = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in (0, 1, 2)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=files)
_, status, used = os.wait4(process, 0)
print(status, used.ru_maxrss)
"""
"""The kernel counts the memory of whoever started a program as the program's: start it small."""
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import tomlkit": ["-c", "import tomlkit"],
    "--version": ["-m", "wizard", "--version"],
    "show": ["-m", "wizard", "show"],
    "set --no-test": ["-m", "wizard", "set", "--user", "me@example.org", "--no-test"],
}
Peak = Callable[[], int]
"""Gives bytes."""


def command(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end, on a configuration of its own."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "config.toml").write_text(CONFIG)
        (directory / ".env").write_text("SMTP_SECRET=throw-away\n")
        launched = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, sys.executable, *arguments],
            cwd=directory,
            env={**os.environ, **environ, "XDG_STATE_HOME": str(directory / "state")},
            capture_output=True,
            check=True,
        )
    status, kilobytes = map(int, launched.stdout.split())
    assert status == 0, arguments
    return kilobytes * 1024


def screen(program: Sequence[str], words: bytes, environ: Mapping[str, str]) -> int:
    """Start a program on a terminal of its own, and let it draw its first screen."""
    with tempfile.TemporaryDirectory() as name:
        own = {**environ, "XDG_STATE_HOME": str(Path(name) / "state"), "LC_MESSAGES": "C"}
        with Line(program, cwd=Path(name), environ=own) as line:
            shown(line, words)
            line.listen(QUIET)
            status = Path(f"/proc/{line.process.pid}/status").read_text()
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert peak is not None
    return int(peak[1]) * 1024


def ways() -> Iterator[tuple[str, Peak] | Absent]:
    """Yield everything that can be measured, or why it cannot."""
    environ = {"PYTHONPATH": str(REPOSITORY)}
    for name, arguments in COMMANDS.items():
        yield name, partial(command, arguments, environ)
    for name, python, words in (
        ("bare Textual, a label", ["-c", BARE], b"Hello"),
        ("full screen, first frame", ["-m", "wizard"], LAST_WORD),
    ):
        yield name, partial(screen, [sys.executable, *python], words, environ)
    box = ["--inputbox", "Who?", "10", "60"]
    for name, find, arguments in (
        ("whiptail", partial(installed, "whiptail"), box),
        ("dialog", partial(installed, "dialog"), box),
        ("gum", gum, ["input", "--header", "Who?"]),
    ):
        try:
            program = [str(find()), *arguments]
            yield f"{name}, a field", partial(screen, program, b"Who?", environ)
        except Absent as absent:
            yield absent


def main(runs: int = RUNS) -> None:
    possible = list(ways())
    say_skipped(each for each in possible if isinstance(each, Absent))
    found = in_turn(dict(each for each in possible if not isinstance(each, Absent)), runs)
    medians = {name: statistics.median(peaks) for name, peaks in found.items()}
    python = medians["python -c pass"]
    sys.stdout.write(f"{'memory at most':<26}{'MB':>8}{'/ Python':>10}{'spread MB':>11}\n")
    for name, peak in medians.items():
        apart = (max(found[name]) - min(found[name])) / MEGABYTE
        sys.stdout.write(f"{name:<26}{peak / MEGABYTE:8.1f}{peak / python:10.2f}{apart:11.1f}\n")


if __name__ == "__main__":
    main()

"""How long the program takes to start, beside the libraries that it is made of.

``python -m tests.benchmarks.start [RUNS]`` prints two tables: commands without a screen beside
``import tomlkit``, and the first frame beside a bare Textual app that shows one label. All of them
are run in turn, and the medians compared: a busy machine is busy for all. The processor's time says
more than the clock's then. Nothing here is a test.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.line import Line

REPOSITORY = Path(__file__).parents[2]
CONFIG = """\
[smtp]
user = "you@example.org"
endpoint = "mail.example.org"
secret = "${SMTP_SECRET}"
"""
BARE = """\
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("Hello")
Bare().run()
"""
LAST_WORD = b"quit"
"""Of the first frame: the keys are drawn last."""
COMMANDS = {
    "import tomlkit": ["-c", "import tomlkit"],
    "--version": ["-m", "wizard", "--version"],
    "--help": ["-m", "wizard", "--help"],
    "show --json": ["-m", "wizard", "show", "--json"],
    "check --json": ["-m", "wizard", "check", "--json"],
    "exec -- true": ["-m", "wizard", "exec", "--", "true"],
    "undo --dry-run": ["-m", "wizard", "undo", "--dry-run"],
    "set --no-test": [
        *("-m", "wizard", "set", "--user", "me@example.org", "--no-test", "--dry-run"),
    ],
}
Seconds = tuple[float, float]
"""Of the processor, and of the clock."""


def command(arguments: list[str], directory: Path, environ: Mapping[str, str]) -> Seconds:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=directory, env=environ, capture_output=True, check=False
    )
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, elapsed


def frame(
    arguments: list[str],
    seen: Callable[[bytes], bool],
    directory: Path,
    environ: Mapping[str, str],
) -> Seconds:
    """Run a program until something is on the screen."""
    with Line([sys.executable, *arguments], cwd=directory, environ=environ) as line:
        elapsed = line.until(seen)
        threads = Path(f"/proc/{line.process.pid}/task").glob("*/schedstat")
        spent = sum(int(thread.read_text().split()[0]) for thread in threads)
        return spent / 1e9, elapsed


def shows(*words: bytes) -> Callable[[bytes], bool]:
    """Return whether all of ``words`` have come."""
    return lambda received: all(word in received for word in words)


def readable(received: bytes) -> bool:
    return received.partition(b"\x1b")[0].strip() != b""


def compare(title: str, ways: Mapping[str, Callable[[], Seconds]], runs: int) -> None:
    found: dict[str, list[Seconds]] = {name: [] for name in ways}
    for _ in range(runs + 1):
        for name, way in ways.items():
            found[name].append(way())
    sys.stdout.write(f"{title:<26}{'CPU ms':>8}{'ratio':>7}{'ms':>8}{'ratio':>7}{'fastest':>9}\n")
    base: list[float] = []
    for name, all_of_them in found.items():
        processor, clock = zip(*all_of_them[1:], strict=True)  # the first one compiles
        medians = [statistics.median(processor), statistics.median(clock)]
        base = base or medians
        cells = [f"{medians[0] * 1000:8.0f}{medians[0] / base[0]:7.2f}"]
        cells += [f"{medians[1] * 1000:8.0f}{medians[1] / base[1]:7.2f}{min(clock) * 1000:9.0f}"]
        sys.stdout.write(f"{name:<26}{''.join(cells)}\n")


def main() -> None:
    runs = int((sys.argv[1:] or ["15"])[0])
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "config.toml").write_text(CONFIG)
        (directory / ".env").write_text("SMTP_SECRET=throw-away\n")
        (directory / "new").mkdir()
        environ = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "XDG_STATE_HOME": str(directory / "state"),
        }
        compare(
            "without a screen",
            {
                what: partial(command, arguments, directory, environ)
                for what, arguments in COMMANDS.items()
            },
            runs,
        )
        wizard = ["-m", "wizard"]
        screens = {
            "bare Textual, a label": (["-c", BARE], shows(b"Hello"), directory),
            "something to read": (wizard, readable, directory),
            "first set-up, first frame": (wizard, shows(b"Mail account"), directory / "new"),
            "first frame, with its keys": (wizard, shows(LAST_WORD), directory / "new"),
            "reconfiguration, first frame": (wizard, shows(b"as stored"), directory),
        }
        sys.stdout.write("\n")
        compare(
            "full screen",
            {what: partial(frame, *arguments, environ) for what, arguments in screens.items()},
            runs,
        )


if __name__ == "__main__":
    main()

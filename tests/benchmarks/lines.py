"""How many bytes the terminal is sent, beside whiptail and dialog; 80x24, over a pseudo-terminal.

``python -m tests.benchmarks.lines [TERM]`` prints a table. "textual" is what textual itself would
have sent in the same run of smtp-wizard. whiptail and dialog (Debian's packages) are left out where
they are not installed; each step of theirs is a program of its own. Nothing here is a test.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.line import Line
from tests.ui_textual.watched import WatchedWizard

USER = "me@example.org"
QUIET = 0.4
"""Seconds without a byte after which an answer is complete."""
SECONDS = 5


@dataclass(frozen=True)
class Measured:
    """What the operator does: keys, one after the other, or nothing for a while."""

    name: str
    keys: Iterable[str] = ()
    text: str = ""
    """What is to be seen then."""


KEYS = Measured("key in a field", USER)
TAB = Measured("Tab", ["\t"])
FIRST = "first screen"


def wizard_course(port: int) -> list[Measured]:
    """Return the steps up to a live test of a server that says nothing; no name: not measured."""
    return [
        Measured(FIRST, [""], "Esc quit"),
        KEYS,
        TAB,
        Measured("Shift+Tab", ["\x1b[Z"]),
        Measured("help", ["\x1bOP"], "Esc close"),
        Measured("help closed", ["\x1b"], "Esc quit"),
        Measured("idle, a second"),
        Measured("", ["\t", "\t", f"smtp://127.0.0.1:{port}", "\t", "\t", "\t"]),
        Measured("next option", ["\x1b[C"], "Nobody's mail address"),
        Measured("option before", ["\x1b[D"]),
        Measured("", ["\x1b[Z", "\x1b[Z", "\x1b[Z", "\x1b[A", "throw-away"], "•" * 10),
        Measured("", ["\r"], "A change above stops the test."),
        Measured("live test, a second"),
    ]


def go(
    line: Line, course: Iterable[Measured], seen: Callable[[str], object], sent: Callable[[], int]
) -> dict[str, float]:
    """Return name → bytes for each key, or for each second."""
    found = {}
    for each in course:
        before, times = sent(), 0
        for key in each.keys:
            line.send(key)
            seen("")
            line.quiet(QUIET)
            times += 1
        seen(each.text)
        if not times:
            line.listen(SECONDS)
        line.quiet(QUIET)
        if each.name:
            found[each.name] = (sent() - before) / (times or SECONDS)
    return found


def received(line: Line) -> int:
    return len(line.received)


def began(line: Line, _: str) -> None:
    line.until(bool)


def wizard(term: str, whole: bool) -> dict[str, float]:
    """Measure what is sent, or the ``whole`` of what textual would send."""
    with (
        tempfile.TemporaryDirectory() as directory,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        opened = WatchedWizard(Path(directory), environ={"TERM": term}, patience=60.0)
        with opened.line as line:
            sent = opened.whole_bytes if whole else partial(received, line)
            return go(line, wizard_course(silent.getsockname()[1]), opened.wait, sent)


def boxes(program: str, term: str) -> dict[str, float]:
    """Measure an input box, and then a menu."""
    found: dict[str, float] = {}
    arrow = "\x1b[" if term == "linux" else "\x1bO"
    menu = [Measured("next option", [f"{arrow}B"]), Measured("option before", [f"{arrow}A"])]
    for arguments, first, course in (
        (["--inputbox", "Who does the server log in as?", "10", "60"], FIRST, [KEYS, TAB]),
        (["--menu", "Verify?", "12", "60", "2", "yes", "Yes", "no", "No"], "", menu),
    ):
        course = [Measured(first, [""]), *course, Measured("idle, a second")]
        with Line([program, *arguments], cwd=Path.cwd(), environ={"TERM": term}) as line:
            found |= go(line, course, partial(began, line), partial(received, line))
    return found


def main() -> None:
    term = (sys.argv[1:] or ["xterm-256color"])[0]
    columns: dict[str, Mapping[str, float]] = {
        "smtp-wizard": wizard(term, False),
        "textual": wizard(term, True),
    }
    for program in ("whiptail", "dialog"):
        if shutil.which(program):
            columns[program] = boxes(program, term)
    sys.stdout.write(f"{'bytes, ' + term:<22}{''.join(f'{name:>13}' for name in columns)}\n")
    for name in columns["smtp-wizard"]:
        cells = [column.get(name) for column in columns.values()]
        shown = "".join(f"{'' if cell is None else f'{cell:.0f}':>13}" for cell in cells)
        sys.stdout.write(f"{name:<22}{shown}\n")


if __name__ == "__main__":
    main()

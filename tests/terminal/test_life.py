"""Signals at every step: the terminal is restored, nothing is written, nothing typed is lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.line import wants_to_run
from tests.terminal.test_in_tmux import PATIENCE, Terminal, children_of

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

SECRET = "correct horse"
USER = "me@example.org"
CONFIG = """\
[smtp]
user = "old@example.org"
endpoint = "smtp://127.0.0.1:1"
"""


@dataclass
class Room:
    """A terminal, the operator's files, and a mail server that never sends anything."""

    terminal: LivingTerminal
    directory: Path
    state: Path
    """Where the wizard keeps drafts."""
    silent: int
    """Port of the mail server."""
    before: dict[str, bytes] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.directory.iterdir()}

    def start(self, program: str = "-m wizard") -> None:
        """Note the state of everything, and start the wizard."""
        self.before = self.files()
        self.terminal.run(
            f"clear; stty -a > before; {sys.executable} {program} --no-lookup --timeout 120"
            " -c server/config.toml; echo exit=$?"
        )

    def pid(self) -> int:
        (pid,) = self.terminal.processes()
        return pid

    def settings(self) -> str:
        """Return the terminal's settings, as the shell sees them."""
        path = self.directory.parent / f"settings-{time.monotonic_ns()}"
        self.terminal.run(f"stty -a > {path}.new && mv {path}.new {path}")
        deadline = time.monotonic() + PATIENCE
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        return path.read_text()

    def wait_for_screen(self, shown: set[str]) -> None:
        """Wait until all lines are shown again; later findings may add others."""
        deadline = time.monotonic() + PATIENCE
        while not shown <= self.screen() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert shown <= self.screen()

    def settled_screen(self) -> set[str]:
        """Return what is shown once the wizard has drawn all that it has found out."""
        shown, deadline = self.screen(), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(0.5)
            idle, now = self.is_idle(), self.screen()
            if idle and now == shown:
                break
            shown = now
        return shown

    def is_idle(self) -> bool:
        """Whether the wizard waits for nothing but keys, and for no program that it has asked."""
        pid = self.pid()
        return not children_of(pid) and not wants_to_run(pid)

    def screen(self) -> set[str]:
        return {line.strip() for line in self.terminal.text().splitlines()}

    def assert_restored(self) -> None:
        assert self.settings() == (self.directory.parent / "before").read_text()
        assert self.terminal.modes() == "alternate=0 cursor=1 mouse=0"

    def assert_no_secret_is_kept(self) -> None:
        for path in (*self.state.rglob("*"), *self.directory.parent.rglob("*")):
            if path.is_file():
                assert SECRET.encode() not in path.read_bytes(), path

    def kept(self) -> str:
        return "".join(path.read_text() for path in (self.state / "drafts").iterdir())


class LivingTerminal(Terminal):
    def modes(self) -> str:
        """Return the modes that a program may have left on in the terminal."""
        return self._tmux(
            "display-message", "-p",
            "alternate=#{alternate_on} cursor=#{cursor_flag} mouse=#{mouse_any_flag}",
        ).strip()  # fmt: skip

    def resize(self, columns: int, lines: int) -> None:
        """Resize the window, and wait until the terminal in it has this size, too."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))
        tty = self._tmux("display-message", "-p", "#{pane_tty}").strip()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with open(tty, "rb") as pane:  # noqa: PTH123  (not a file with a content)
                if os.get_terminal_size(pane.fileno()) == (columns, lines):
                    return
            time.sleep(0.02)
        raise AssertionError(f"the terminal never became {columns}x{lines}")


@pytest.fixture
def room(tmp_path: Path, state_directory: Path) -> Iterator[Room]:
    directory = tmp_path / "server"
    directory.mkdir()
    terminal = LivingTerminal(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield Room(terminal, directory, state_directory, silent.getsockname()[1])
    terminal.close()


def to_user(room: Room, program: str = "-m wizard") -> None:
    room.start(program)
    room.terminal.wait("How it goes")
    room.terminal.type(USER)
    room.terminal.wait(USER)


def to_server(room: Room, port: int = 1, program: str = "-m wizard") -> None:
    to_user(room, program)
    room.terminal.press("Tab", "Tab")
    room.terminal.type(f"smtp://127.0.0.1:{port}")
    room.terminal.wait(f"smtp://127.0.0.1:{port}")


def to_secret(room: Room, port: int = 1, program: str = "-m wizard") -> None:
    to_server(room, port, program)
    room.terminal.press("Up")
    room.terminal.type(SECRET)
    room.terminal.wait("•" * len(SECRET))


def to_choice(room: Room) -> None:
    to_server(room)
    room.terminal.press("Tab", "Tab", "Tab", "Right")


def to_running_test(room: Room) -> None:
    to_secret(room, room.silent)
    room.terminal.press("Enter")


def to_finished_test(room: Room) -> None:
    to_secret(room)
    room.terminal.press("Enter")


def to_review(room: Room) -> None:
    to_finished_test(room)
    room.terminal.wait("Review anyway")
    room.terminal.press("Down", "Down", "Down", "Down", "Right", "Enter")
    room.terminal.wait("Before you write")


def to_help(room: Room) -> None:
    to_user(room)
    room.terminal.press("F1")


def to_question(room: Room) -> None:
    to_user(room)
    room.terminal.press("C-q")


def to_stored(room: Room) -> None:
    (room.directory / "config.toml").write_text(CONFIG)
    room.start()
    room.terminal.wait("old@example.org")
    room.terminal.press("Tab", "Tab")
    room.terminal.type(USER)


@dataclass(frozen=True)
class Place:
    """A place in the wizard: how to get there, and what it shows."""

    go: Callable[[Room], None]
    text: str


PLACES = {
    "user": Place(to_user, USER),
    "server": Place(to_server, "smtp://127.0.0.1:1"),
    "secret": Place(to_secret, "•" * len(SECRET)),
    "choice": Place(to_choice, "Nobody's mail address will be verified"),
    "running test": Place(to_running_test, "A change above stops the test."),
    "finished test": Place(to_finished_test, "Review anyway"),
    "review": Place(to_review, "Before you write"),
    "help": Place(to_help, "Esc close"),
    "question": Place(to_question, "Leave, and keep it for next time"),
    "stored": Place(to_stored, USER),
}


@pytest.mark.parametrize("name", PLACES)
def test_stopped_continued_resized_and_ended_at(room: Room, name: str) -> None:
    place, terminal = PLACES[name], room.terminal
    place.go(room)
    terminal.wait(place.text)
    pid = room.pid()

    before = room.settled_screen() if name != "running test" else room.screen()
    os.kill(pid, signal.SIGTSTP)
    terminal.wait("Stopped")
    room.assert_restored()
    terminal.run("clear; fg; echo exit=$?")
    terminal.wait(place.text)
    if name != "running test":  # whose clock goes on
        room.wait_for_screen(before)
    terminal.resize(40, 12)
    terminal.resize(9, 3)
    terminal.resize(80, 24)
    terminal.wait(place.text)

    os.kill(pid, signal.SIGTERM)
    shown = terminal.wait("exit=143")
    assert "No changes were made to any files." in shown
    assert "kept" in shown
    room.assert_restored()
    room.assert_no_secret_is_kept()
    assert room.files() == room.before

    room.start()
    terminal.wait(USER)
    if name != "choice":  # there, the consequences are said instead
        terminal.wait("is here again; it was not written.")


@pytest.mark.parametrize("name", PLACES)
def test_hung_up_at(room: Room, name: str) -> None:
    place = PLACES[name]
    place.go(room)
    room.terminal.wait(place.text)
    os.kill(room.pid(), signal.SIGHUP)
    room.terminal.wait("exit=129")
    room.assert_restored()
    room.assert_no_secret_is_kept()
    assert room.files() == room.before
    assert USER in room.kept()


@pytest.mark.parametrize("name", ["user", "running test", "help", "question", "stored"])
def test_interrupted_twice_at(room: Room, name: str) -> None:
    place = PLACES[name]
    place.go(room)
    room.terminal.wait(place.text)
    pid = room.pid()
    os.kill(pid, signal.SIGINT)
    if name != "question":  # which stands there already
        room.terminal.wait("Leave?")
        os.kill(pid, signal.SIGINT)
    room.terminal.wait("exit=130")
    room.assert_restored()
    room.assert_no_secret_is_kept()
    assert room.files() == room.before
    assert USER in room.kept()

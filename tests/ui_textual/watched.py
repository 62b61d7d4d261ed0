"""The wizard on a real terminal, and what textual wanted to be sent there."""

from __future__ import annotations

import json
import re
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.line import PATIENCE, Line
from tests.ui_textual.emulated import Emulated, difference
from wizard.ui.textual.screen_diff import ScreenDiff

REPOSITORY = Path(__file__).parents[2]
_HALF = re.compile(r"\x1b[^a-zA-Z\x07]*$")
"""A sequence whose end is still to come."""
TAKEN = "\x1b[?1049h"


class WatchedWizard:
    """The wizard at the other end of a line, with a record of what it did not have to send."""

    def __init__(
        self,
        directory: Path,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> None:
        """Start it; with ``patience`` in seconds, its tests are those of the real network."""
        self._record = directory / "record"
        self._record.touch()
        self._size = size
        self._known = 0
        config = directory / "server" / "config.toml"
        config.parent.mkdir(exist_ok=True)
        self.line = Line(
            [
                *(
                    sys.executable,
                    "-m",
                    "tests.ui_textual.recorded",
                    str(self._record),
                    str(config),
                ),
                *([] if patience is None else [str(patience)]),
            ],
            cwd=REPOSITORY,
            size=size,
            environ=environ,
        )
        self._seen = Emulated(size)
        self._decoder = getincrementaldecoder("utf-8")()
        self._coming = ""

    def records(self) -> list[tuple[str, tuple[int, int], bool]]:
        """Return what was to be written, at which size, and whether all was to be forgotten."""
        lines = self._record.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def whole_bytes(self) -> int:
        """Return how much was to be written."""
        return sum(len(data.encode()) for data, _, _ in self.records())

    def screen(self) -> Emulated:
        """Return what the terminal shows now."""
        self.line.quiet(0.05)
        self._coming += self._decoder.decode(bytes(self.line.received[self._known :]))
        self._known = len(self.line.received)
        whole = len(_HALF.sub("", self._coming))
        self._seen.feed(self._coming[:whole])
        self._coming = self._coming[whole:]
        return self._seen

    def wait(self, reached: Callable[[str], bool] | str) -> str:
        """Wait for a text, and until nothing more comes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.line.process.poll() is None:
            text = self.screen().text()
            if reached in " ".join(text.split()) if isinstance(reached, str) else reached(text):
                return text
        pytest.fail(f"{reached!r} did not come on:\n{self.screen().text()}")

    def cost(self, keys: str, text: str) -> int:
        """Return the bytes that come for ``keys``, until ``text`` is shown."""
        before = len(self.line.received)
        self.line.send(keys)
        self.wait(text)
        return len(self.line.received) - before

    def resize(self, columns: int, lines: int) -> None:
        """Change the size as a terminal does that shows all lines elsewhere then."""
        self.screen()
        self._seen.scramble((columns, lines))
        self.line.resize(columns, lines)

    def assert_as_if_all_were_sent(self) -> None:
        """Wait until the terminal shows what textual has drawn."""
        deadline = time.monotonic() + PATIENCE
        while found := difference(self._whole(), self.screen()):
            if time.monotonic() > deadline:
                pytest.fail(found)

    def _whole(self) -> Emulated:
        whole = Emulated(self._size)
        size = self._size
        for data, now, _ in self.records():
            if tuple(now) != size:
                size = now[0], now[1]
                whole.scramble(size)
            whole.feed(data)
        return whole

    def replay(self) -> None:
        """Compare after every single update."""
        shown, whole, thrifty = ScreenDiff(), Emulated(self._size), Emulated(self._size)
        for data, size, stale in self.records():
            if stale:
                shown.forget()
                whole.scramble((size[0], size[1]))
                thrifty.scramble((size[0], size[1]))
            whole.feed(data + ("\x1b[H\x1b[J" if data == TAKEN else ""))
            thrifty.feed(shown.change(data))
            assert difference(whole, thrifty) == "", data

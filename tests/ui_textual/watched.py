"""The wizard on a real terminal, and what textual wrote to it."""

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
"""An incomplete sequence."""
TAKEN = "\x1b[?1049h"


class WatchedWizard:
    """The wizard on a pseudo-terminal, with a record of its output before it was reduced."""

    def __init__(
        self,
        directory: Path,
        size: tuple[int, int] = (80, 24),
        environ: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> None:
        """Start it; with ``patience``, in seconds, its live tests use the real network."""
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
        """Return each output, the size at that time, and whether the screen was forgotten."""
        lines = self._record.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def whole_bytes(self) -> int:
        """Return the number of outputs."""
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
        """Change the size, and rearrange the lines as terminals do."""
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
            if shown.reach[0] > size[0] or shown.reach[1] > size[1]:
                continue  # drawn for the size before; the next update is complete
            assert difference(whole, thrifty) == "", data

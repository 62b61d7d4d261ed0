"""The dialogue with a mail server, as it may be shown: printable, bounded, without the login."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wizard.live_test.events import Direction, Line
from wizard.text.display import printable
from wizard.text.language import _

MOST_LINES = 400


class Transcript:
    """Collects lines; ``clock`` gives the seconds since the start, ``hide`` is always masked."""

    def __init__(self, clock: Callable[[], float], hide: Iterable[str] = ()) -> None:
        self._clock = clock
        self._hidden = tuple(hide)
        self._lines: list[Line] = []

    @property
    def lines(self) -> tuple[Line, ...]:
        """What was said so far; a long dialogue ends with a note that it goes on."""
        return tuple(self._lines)

    def sent(self, text: str) -> None:
        """Note a command; the caller leaves the login out."""
        self._add(Direction.SENT, text)

    def received(self, text: str) -> None:
        """Note a line of a reply, exactly as it came."""
        self._add(Direction.RECEIVED, text)

    def note(self, text: str) -> None:
        """Note what happened without a word of either side."""
        self._add(Direction.NOTE, text)

    def _add(self, direction: Direction, text: str) -> None:
        if len(self._lines) > MOST_LINES:
            return
        if len(self._lines) == MOST_LINES:
            direction, text = Direction.NOTE, _("The rest is left out.")
        self._lines.append(Line(direction, printable(text, self._hidden), self._clock()))

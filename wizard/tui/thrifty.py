"""A terminal at the end of a slow line: it is sent what differs from what it shows, and no more."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

from textual.app import App
from textual.events import Resize
from textual.message import Message

from wizard.ui.textual.screen_diff import Shown
from wizard.ui.textual.terminal import Terminal
from wizard.visible import shows_unicode

_WHOLE, _WHOLE_END = "\x1b[?2026h", "\x1b[?2026l"
"""Between these, the terminal shows nothing until everything has come."""
_POINTER = "\x1b]22;"
"""Another shape of the mouse pointer."""
_SHORT = 500
"""Characters that come in one piece anyway."""

_ASCII = str.maketrans(
    "✓✗▸·•→…–„“▊╭╮╰╯─│▁▂▃▄▅▆▇█",  # noqa: RUF001
    '+x>.*>.-""|++++-||||||||#',
)
"""What stands for our signs where there are none but those of ASCII: each as wide as before."""


class ThriftyTerminal(Terminal):
    """Sits where all bytes pass, so that it needs to know nothing of how textual made them."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._shown = Shown()
        self._as_a_whole = False
        self._pointer = ""
        encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
        self._ascii = not shows_unicode(os.environ, encoding)

    def start_application_mode(self) -> None:
        """Take the screen, and listen to changes of its size."""
        super().start_application_mode()
        if self._suspended:
            return
        tell = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            self.forget()  # terminals move lines around then, each in its own way
            if callable(tell):
                tell(number, frame)

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        """Learn of a change of size also where the terminal itself tells it."""
        if isinstance(message, Resize):
            self.forget()
        super().process_message(message)

    def forget(self) -> None:
        """Send again, next time, also what the terminal should be showing already."""
        self._shown.forget()

    def write(self, data: str) -> None:
        """Send what makes a difference."""
        if data in (_WHOLE, _WHOLE_END):
            self._as_a_whole = data == _WHOLE
            return
        if data.startswith(_POINTER):
            if not self._mouse or data == self._pointer:
                return
            self._pointer = data
        data = self._shown.change(data)
        if self._as_a_whole and len(data) > _SHORT:
            data = f"{_WHOLE}{data}{_WHOLE_END}"
        if data:
            super().write(data.translate(_ASCII) if self._ascii else data)

"""The driver of the full screen: it survives stops, stalls and lost terminals, and sends little.

It handles what textual's driver does not: signals that arrive while a line is being queued, being
continued without having been told of the stop, and a lost terminal. Over a slow connection, it
sends only what differs from what the terminal shows.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
from contextlib import suppress
from threading import Thread
from types import FrameType
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.message import Message

from wizard.text.display import supports_unicode
from wizard.ui.textual import textual_internals
from wizard.ui.textual.screen_diff import ScreenDiff

_LEAVE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What the driver writes when it leaves the screen: paste, mouse, keyboard, screen, cursor."""


class FullScreenDriver(LinuxDriver):
    """The driver of the wizard's full screen."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        textual_internals.wrap_output(self, _Tolerant)
        Thread(target=_watch, args=(self.fileno,), daemon=True, name="hangup").start()

    def start_application_mode(self) -> None:
        """Take the screen, unless the shell has put this process into the background."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._suspended:
            return
        # In the loop: a handler that interrupts the loop could wait for what it has interrupted.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._continue)

    def _run_input_thread(self) -> None:
        """Read keys until the end; a key in another encoding than UTF-8 is left out."""
        while True:
            try:
                self.run_input_thread()
            except UnicodeDecodeError:
                continue
            except OSError:  # the terminal has gone
                return
            except Exception as error:  # noqa: BLE001  (in the loop it is dealt with)
                textual_internals.raise_in_loop(self, error)
            return

    @property
    def _suspended(self) -> bool:
        return not textual_internals.has_screen(self)

    def write(self, data: str) -> None:
        """Write to the screen; without it, there is nothing to be seen."""
        if not self._suspended:
            super().write(data)

    def _suspend(self) -> None:
        self.suspend_application_mode()
        textual_internals.forget_writer(self)

    def _stop(self) -> None:
        """Give the terminal back, and stop like any other program."""
        if not self._suspended:
            self._suspend()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        """Take the screen again, unless the wizard is about to end.

        The system sends this signal after the one for a lost terminal, too.
        After a SIGSTOP, of which nobody is told, the shell may have changed the terminal: it is
        given back first, so that it will be left in the end as it was found.
        """
        if textual_internals.is_ending(self._app):
            return
        if not self._suspended:
            self._suspend()
        self.start_application_mode()
        self._app.refresh(layout=True)

    def give_back_now(self) -> None:
        """Restore the terminal without waiting for it, as far as that is possible."""
        with suppress(termios.error, OSError):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            termios.tcflush(self.fileno, termios.TCOFLUSH)
            os.set_blocking(self.fileno, False)
            try:
                os.write(self.fileno, _LEAVE)
            finally:
                os.set_blocking(self.fileno, True)


class _Tolerant:
    """A stream that does not mind when its reader has gone: another one tells the wizard."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except OSError:
            self._abandon()

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._abandon()

    def _abandon(self) -> None:
        """Let what is still to be written go nowhere, also when Python ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        for descriptor in (1, 2):  # both are the terminal
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _watch(descriptor: int) -> None:
    """Wait until the terminal has gone, and make sure that the wizard is told.

    The system tells only the foreground of the terminal's own session, and nobody who ignores
    it; reading from what has gone would go on for ever.
    """
    waiting = select.poll()
    waiting.register(descriptor, 0)  # being hung up is reported without being asked for
    for _, event in waiting.poll():
        if event & select.POLLHUP:
            os.kill(os.getpid(), signal.SIGHUP)


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


class DiffDriver(FullScreenDriver):
    """Sits where all bytes pass, so that it needs to know nothing of how textual made them."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._shown = ScreenDiff()
        self._as_a_whole = False
        self._pointer = ""
        encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
        self._ascii = not supports_unicode(os.environ, encoding)

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
            if not textual_internals.uses_mouse(self) or data == self._pointer:
                return
            self._pointer = data
        data = self._shown.change(data)
        if self._as_a_whole and len(data) > _SHORT:
            data = f"{_WHOLE}{data}{_WHOLE_END}"
        if data:
            super().write(data.translate(_ASCII) if self._ascii else data)

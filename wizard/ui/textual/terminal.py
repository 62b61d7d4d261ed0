"""The driver of the full screen: it survives stops, stalls and lost terminals, and sends little.

It handles what textual's driver does not: signals that arrive while output is being queued, SIGCONT
after an unnoticed SIGSTOP, and a lost terminal. It sends only what the terminal does not show yet.
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
"""What the driver writes to leave the screen: paste, mouse, keyboard, screen, cursor, focus."""


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
        textual_internals.wrap_output(self, _ForgivingStream)
        Thread(target=_watch_for_hangup, args=(self.fileno,), daemon=True, name="hangup").start()

    def start_application_mode(self) -> None:
        """Take the screen, unless this process is in the background."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._suspended:
            return
        # Handled by the loop: a handler that interrupts it could wait for what it has interrupted.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._continue)

    def _run_input_thread(self) -> None:
        """Read keys until the end; skip those that are not in UTF-8."""
        while True:
            try:
                self.run_input_thread()
            except UnicodeDecodeError:
                continue
            except OSError:  # the terminal is gone
                return
            except Exception as error:  # noqa: BLE001  (handled in the loop)
                textual_internals.raise_in_loop(self, error)
            return

    @property
    def _suspended(self) -> bool:
        return not textual_internals.has_screen(self)

    def write(self, data: str) -> None:
        """Write to the screen, if there is one."""
        if not self._suspended:
            super().write(data)

    def _suspend(self) -> None:
        self.suspend_application_mode()
        textual_internals.forget_writer(self)

    def _stop(self) -> None:
        """Restore the terminal, and stop like any other program."""
        if os.getpid() == 1:  # the first process of a container, which nothing can stop
            return
        if not self._suspended:
            self._suspend()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        """Take the screen again, unless the wizard is about to end.

        The system also sends SIGCONT after the SIGHUP for a lost terminal. After a SIGSTOP, which
        no process notices, the shell may have changed the modes: the terminal is restored first, so
        that its original modes are the ones restored at the end.
        """
        app = textual_internals.app_of(self)
        if textual_internals.is_ending(app):
            return
        if not self._suspended:
            self._suspend()
        self.start_application_mode()
        app.refresh(layout=True)

    def restore_now(self) -> None:
        """Restore the terminal, as far as possible without waiting for it."""
        with suppress(termios.error, OSError):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            termios.tcflush(self.fileno, termios.TCOFLUSH)
            os.set_blocking(self.fileno, False)
            try:
                os.write(self.fileno, _LEAVE)
            finally:
                os.set_blocking(self.fileno, True)


class _ForgivingStream:
    """A stream that ignores a lost terminal: the wizard learns of it from a signal."""

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
        """Discard all further output, including what Python writes when it ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        for descriptor in (1, 2):  # both are the terminal
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _watch_for_hangup(descriptor: int) -> None:
    """Wait until the terminal is gone, and send SIGHUP to the wizard.

    The system sends it only to the foreground of the terminal's own session; without it, the
    wizard would go on reading from the lost terminal for ever.
    """
    poller = select.poll()
    poller.register(descriptor, 0)  # a hangup is always reported
    for _, event in poller.poll():
        if event & select.POLLHUP:
            os.kill(os.getpid(), signal.SIGHUP)


_SYNCHRONIZED, _SYNCHRONIZED_END = "\x1b[?2026h", "\x1b[?2026l"
"""The terminal shows output between these only once it is complete."""
_POINTER = "\x1b]22;"
"""Begins a change of the shape of the mouse pointer."""
_SHORT = 500
"""Characters; shorter output arrives in one piece anyway."""
_ASCII = str.maketrans(
    "✓✗▸·•●→←↑↓…–„“▊▌╭╮╰╯┏┓┗┛─━│┃‹›▲▼▁▂▃▄▅▆▇█",  # noqa: RUF001
    '+x>.**><^v.-""|>++++++++-=||<>^v|||||||#',
)
"""ASCII in place of the wizard's signs, of the same width."""


class DiffDriver(FullScreenDriver):
    """Sends only changed cells, worked out from textual's final output."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._screen = ScreenDiff()
        self._synchronized = False
        self._pointer = ""
        encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
        self._ascii = not supports_unicode(os.environ, encoding)

    def start_application_mode(self) -> None:
        """Take the screen, and forget its cells whenever its size changes."""
        super().start_application_mode()
        if self._suspended:
            return
        previous_handler = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            self.forget_screen()  # each terminal rearranges its lines in its own way
            if callable(previous_handler):
                previous_handler(number, frame)

        signal.signal(signal.SIGWINCH, resized)

    def process_message(self, message: Message) -> None:
        """Notice a change of size that the terminal itself reports, too."""
        if isinstance(message, Resize):
            self.forget_screen()
        super().process_message(message)

    def forget_screen(self) -> None:
        """Send everything with the next update, even what the terminal should show already."""
        self._screen.forget()

    def write(self, data: str) -> None:
        """Send what changes the screen."""
        if data in (_SYNCHRONIZED, _SYNCHRONIZED_END):
            self._synchronized = data == _SYNCHRONIZED
            return
        if data.startswith(_POINTER):
            if not textual_internals.uses_mouse(self) or data == self._pointer:
                return
            self._pointer = data
        data = self._screen.change(data)
        with suppress(OSError):  # the terminal is gone
            columns, lines = os.get_terminal_size(self.fileno)
            if self._screen.reach[0] > columns or self._screen.reach[1] > lines:
                # Drawn for the size before: a terminal moves what is beyond its edge to the edge.
                self.forget_screen()
        if self._synchronized and len(data) > _SHORT:
            data = f"{_SYNCHRONIZED}{data}{_SYNCHRONIZED_END}"
        if data:
            super().write(data.translate(_ASCII) if self._ascii else data)

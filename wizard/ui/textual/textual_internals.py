"""Everything that relies on textual's private names, checked with textual 8.2.8.

textual offers no other way. ``tests/ui_textual/test_textual_internals.py`` fails where another
version has other names, also for the private methods that the wizard's own classes override.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from textual.widgets import RadioButton, RadioSet


def is_ending(app: App[Any]) -> bool:
    """Whether the app has been told to exit, and has not done so yet."""
    return app._exit  # noqa: SLF001


def unexpected_error(app: App[Any]) -> Exception | None:
    """Return what has ended the app; kept by textual for its own tests."""
    return app._exception  # noqa: SLF001


def end_at_once(app: App[Any]) -> None:
    """End without the traceback that textual would print, with values of variables in it."""
    app._close_messages_no_wait()  # noqa: SLF001


def raise_in_loop(driver: LinuxDriver, error: Exception) -> None:
    """Hand an error of the input thread to the app, which ends by it."""
    handle = driver._app._handle_exception  # noqa: SLF001
    driver._loop.call_soon_threadsafe(handle, error)  # noqa: SLF001


def wrap_output(driver: LinuxDriver, wrap: Callable[[Any], Any]) -> None:
    """Let the driver write to something else: all it does with it is writing and flushing."""
    driver._file = wrap(driver._file)  # noqa: SLF001


def has_screen(driver: LinuxDriver) -> bool:
    """Whether the driver has taken the terminal: only then there is a thread that writes."""
    return driver._writer_thread is not None  # noqa: SLF001


def forget_writer(driver: LinuxDriver) -> None:
    """Let no write wait for a thread that has ended with the application mode."""
    driver._writer_thread = None  # noqa: SLF001


def uses_mouse(driver: LinuxDriver) -> bool:
    """Whether the terminal reports the mouse."""
    return driver._mouse  # noqa: SLF001


def select(choice: RadioSet, index: int) -> None:
    """Let the arrows go on from this button."""
    choice._selected = index  # noqa: SLF001


def set_pressed(choice: RadioSet, button: RadioButton) -> None:
    """Make this the pressed button at once, while textual's own way takes a message."""
    choice._pressed_button = button  # noqa: SLF001

"""Everything that relies on textual's private names, for want of public ones (textual 8.2.8).

``tests/ui_textual/test_textual_internals.py`` fails if another version has other names, also for
the private methods that the wizard's own classes override.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


def driver_of(app: App[Any]) -> Driver | None:
    """Return the app's driver; None before the app runs."""
    return app._driver  # noqa: SLF001


def app_of(driver: LinuxDriver) -> App[Any]:
    """Return the app that the driver serves."""
    return driver._app  # noqa: SLF001


def is_ending(app: App[Any]) -> bool:
    """Whether the app has been told to exit, but has not done so yet."""
    return app._exit  # noqa: SLF001


def unexpected_error(app: App[Any]) -> Exception | None:
    """Return the error that ended the app; textual keeps it for its own tests."""
    return app._exception  # noqa: SLF001


def end_at_once(app: App[Any]) -> None:
    """End without textual's traceback, which shows values of variables."""
    app._close_messages_no_wait()  # noqa: SLF001


def raise_in_loop(driver: LinuxDriver, error: Exception) -> None:
    """Pass an error of the input thread to the app, which ends because of it."""
    handle = app_of(driver)._handle_exception  # noqa: SLF001
    driver._loop.call_soon_threadsafe(handle, error)  # noqa: SLF001


def wrap_output(driver: LinuxDriver, wrap: Callable[[Any], Any]) -> None:
    """Wrap the stream that the driver writes to; it only writes and flushes."""
    driver._file = wrap(driver._file)  # noqa: SLF001


def has_screen(driver: LinuxDriver) -> bool:
    """Whether the driver has taken the screen: only then does it have a writer thread."""
    return driver._writer_thread is not None  # noqa: SLF001


def forget_writer(driver: LinuxDriver) -> None:
    """Keep writes from waiting for a thread that ended with the application mode."""
    driver._writer_thread = None  # noqa: SLF001


def uses_mouse(driver: LinuxDriver) -> bool:
    """Whether the terminal reports the mouse."""
    return driver._mouse  # noqa: SLF001

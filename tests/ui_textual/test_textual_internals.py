"""textual still has the private names that the wizard relies on, and they mean the same."""

from __future__ import annotations

import inspect
from io import StringIO

import pytest
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import Input

from wizard.ui.textual import textual_internals


class Example(App[None]):
    pass


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (App, "_fatal_error"),
        (App, "_handle_exception"),
        (App, "_close_messages_no_wait"),
        (LinuxDriver, "_run_input_thread"),
        (Input, "_on_paste"),
    ],
)
def test_private_method_exists(owner: type, name: str) -> None:
    assert callable(inspect.getattr_static(owner, name))


async def test_app_says_that_it_ends_and_why() -> None:
    app = Example()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert isinstance(textual_internals.driver_of(app), Driver)
        assert not textual_internals.is_ending(app)
        assert textual_internals.unexpected_error(app) is None
        app.exit()
        assert textual_internals.is_ending(app)


async def test_driver_has_its_output_its_mouse_and_no_screen_yet() -> None:
    app = Example()
    driver = LinuxDriver(app, mouse=False)
    assert textual_internals.app_of(driver) is app
    assert textual_internals.driver_of(app) is None
    output = StringIO()
    textual_internals.wrap_output(driver, lambda stream: output if stream else None)
    driver.flush()
    assert vars(driver)["_file"] is output
    assert not textual_internals.uses_mouse(driver)
    assert not textual_internals.has_screen(driver)
    assert {"_loop", "_writer_thread"} <= vars(driver).keys()

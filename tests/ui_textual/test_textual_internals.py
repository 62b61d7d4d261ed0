"""textual still has the private names that the wizard relies on, and they mean the same."""

from __future__ import annotations

import inspect
from io import StringIO

import pytest
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import Input, RadioButton, RadioSet

from wizard.ui.textual import textual_internals


class Example(App[None]):
    def compose(self) -> ComposeResult:
        yield RadioSet(RadioButton("one", value=True), RadioButton("two"))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (App, "_fatal_error"),
        (App, "_handle_exception"),
        (App, "_close_messages_no_wait"),
        (LinuxDriver, "_run_input_thread"),
        (RadioSet, "_on_mount"),
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


async def test_button_is_pressed_without_a_message() -> None:
    app = Example()
    async with app.run_test() as pilot:
        choice = app.query_one(RadioSet)
        _, second = app.query(RadioButton)
        textual_internals.set_pressed(choice, second)
        assert choice.pressed_button is second
        textual_internals.select(choice, 0)
        choice.focus()
        await pilot.press("down", "space")
        assert choice.pressed_button is second
        assert second.value


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

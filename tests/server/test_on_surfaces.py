"""The wait for the server's log, on the screen and line by line."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.scenarios.german import german
from tests.server.conftest import (
    FILE_MOUNT,
    LOG,
    SECRET,
    Docker,
    StartServer,
    composed,
    load,
    standalone,
    until,
)
from tests.ui_plain.pty_terminal import PtyTerminal
from tests.ui_textual.conftest import Operator
from wizard.cli.check_command import find_problems
from wizard.live_test.run import run_live_test
from wizard.server.reload import STOPPED
from wizard.text.language import _
from wizard.ui.account.session import WizardSession
from wizard.ui.textual.app import WizardApp

MORE = f"{LOG}\n[user]\n"
PROJECT = Path(__file__).parents[2]


@asynccontextmanager
async def reviewed(config: Path, **environ: str) -> AsyncGenerator[Operator, None]:
    """Run the wizard on the screen up to the review; skipping needs no mail server."""
    now = load(config, **environ)
    app = WizardApp(
        WizardSession(now, run_live_test, 5.0, check=partial(find_problems, now.layout))
    )
    async with app.run_test(size=(80, 24)) as pilot:
        operator = Operator(pilot)
        await operator.settled()
        await operator.choose("verify", _("not at all"))
        await operator.press("enter")
        assert operator.screen == "ReviewScreen"
        yield operator


@asynccontextmanager
async def written(config: Path, **environ: str) -> AsyncGenerator[Operator, None]:
    """Run the wizard on the screen up to the written file."""
    async with reviewed(config, **environ) as operator:
        operator.burst("enter")
        await until(lambda: operator.screen == "DoneScreen")
        await operator.handled()
        yield operator


class Plain:
    """The wizard line by line, up to the written file."""

    def __init__(self, config: Path, home: Path, **environ: str) -> None:
        self.terminal = PtyTerminal(
            ["-m", "wizard", "--plain", "-c", str(config)],
            home,
            {"PYTHONPATH": str(PROJECT), **environ},
        )
        for question, answer in (
            ("Enter tests", "6"),
            ("Verify users", "2"),
            ("Enter reviews", ""),
            ("Enter writes", ""),
        ):
            self.terminal.prompt(question)
            self.terminal.enter(answer)
        self.terminal.wait("Written")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


async def test_screen_says_that_the_server_has_reloaded(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path, MORE)
    start_server(config, config.with_name("server.log"), "append")
    async with written(config) as operator:
        await until(lambda: "has reloaded" in operator.text())
        await operator.settled()
        assert "reloads config.toml by itself" not in operator.text()
        operator.burst("enter")
        await until(lambda: operator.app.return_value is not None)
        done = operator.app.return_value
    assert done is not None
    assert any("has reloaded" in line for line in done.lines)


async def test_what_the_server_has_done_is_no_longer_a_step_in_german_either(
    tmp_path: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path, MORE)
    start_server(config, config.with_name("server.log"), "append")
    with german():
        async with written(config) as operator:
            await until(lambda: "Der Server hat config.toml neu geladen" in operator.text())
            await operator.settled()
            assert "lädt config.toml von selbst neu" not in operator.text()
            assert "Was jetzt zu tun ist" in operator.text()


@pytest.mark.parametrize("layout", ["standalone", "compose"])
async def test_screen_shows_the_servers_own_error_without_the_secret(
    tmp_path: Path, docker: Docker, start_server: StartServer, layout: str
) -> None:
    in_container = layout == "compose"
    config = composed(tmp_path, "[user]\n") if in_container else standalone(tmp_path, MORE)
    log = docker.log if in_container else config.with_name("server.log")
    start_server(config, log, "refuse")
    async with written(config, PATH=docker.path) as operator:
        await until(lambda: "cannot use the new config.toml" in operator.text())
        await operator.settled()
        text = operator.text()
        assert "TOML parse error at line 5, column 1" in text
        assert "undo" in text
        assert "test-email" not in text
        assert SECRET not in text


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_screen_counts_down_and_one_key_goes_on_without(tmp_path: Path, key: str) -> None:
    async with written(standalone(tmp_path, MORE)) as operator:
        assert re.search(r"at most|has reloaded", operator.drawn())
        left = [int(number) for number in re.findall(r"log: (\d+) s at most", operator.text())]
        assert left
        assert left[0] <= 10
        assert "Esc do not wait" in operator.drawn()
        operator.burst(key)
        await until(lambda: STOPPED in operator.text())
        assert "reloads config.toml by itself" in operator.text()
        assert operator.screen == "DoneScreen"
        operator.burst(key)
        await until(lambda: operator.app.return_value is not None)


async def test_leaving_the_screen_during_the_wait_ends_docker(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("hangs")
    async with written(composed(tmp_path, "[user]\n"), PATH=docker.path) as operator:
        processes = docker.directory / "processes"
        await until(lambda: processes.exists() and bool(processes.read_text()))
        operator.burst("ctrl+c")
        await until(lambda: operator.app.return_value is not None)
    started = [Path("/proc") / number for number in processes.read_text().split()]
    await until(lambda: not any(map(is_running, started)))


def is_running(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_screen_says_nothing_of_a_log_that_cannot_be_read(
    tmp_path: Path, docker: Docker
) -> None:
    docker.behave("denied")
    async with written(composed(tmp_path, "[user]\n"), PATH=docker.path) as operator:
        await until(lambda: "log:" not in operator.text())
        assert "reloads config.toml by itself" in operator.text()
        operator.burst("enter")
        await until(lambda: operator.app.return_value is not None)


async def test_config_mounted_as_a_file_is_said_to_need_a_restart(
    tmp_path: Path, docker: Docker
) -> None:
    config = composed(tmp_path, "[user]\n", FILE_MOUNT)
    async with reviewed(config, PATH=docker.path) as operator:
        assert "must be started again" in operator.text()
        operator.burst("enter")
        command = f"docker compose --project-directory {tmp_path} restart server"
        await until(lambda: command in operator.text())
        assert "reloads" not in operator.text()
    assert docker.calls == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_during_the_wait_loses_nothing_and_leaves_no_process(
    tmp_path: Path, home: Path, docker: Docker, number: signal.Signals
) -> None:
    docker.behave("hangs")
    config = composed(tmp_path, "[user]\n")
    terminal = Plain(config, home, PATH=docker.path).terminal
    try:
        terminal.wait("Ctrl+C goes on without.")
        processes = docker.directory / "processes"
        asyncio.run(until(lambda: processes.exists() and bool(processes.read_text())))
        terminal.process.send_signal(number)
        assert terminal.end() == 128 + number
        assert "reloads config.toml by itself" in terminal.text
        started = [Path("/proc") / each for each in processes.read_text().split()]
        asyncio.run(until(lambda: not any(map(is_running, started))))
    finally:
        terminal.close()


def test_lines_say_that_the_server_has_reloaded(
    tmp_path: Path, home: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path, MORE)
    start_server(config, config.with_name("server.log"), "append")
    terminal = Plain(config, home).terminal
    try:
        assert terminal.end() == 0
        shown = terminal.text.partition("Written")[2]
        assert shown.count("Listening to the server's log") == 1
        assert "✓ The server has reloaded" in shown
        assert shown.index("has reloaded") < shown.index("What to do now")
    finally:
        terminal.close()


def test_lines_show_the_servers_own_error_without_the_secret(
    tmp_path: Path, home: Path, start_server: StartServer
) -> None:
    config = standalone(tmp_path, MORE)
    start_server(config, config.with_name("server.log"), "refuse")
    terminal = Plain(config, home).terminal
    try:
        assert terminal.end() == 0
        assert "TOML parse error at line 5, column 1" in " ".join(terminal.text.split())
        assert SECRET not in terminal.text
    finally:
        terminal.close()


def test_ctrl_c_goes_on_without_waiting(tmp_path: Path, home: Path, docker: Docker) -> None:
    docker.behave("hangs")
    config = composed(tmp_path, "[user]\n")
    terminal = Plain(config, home, PATH=docker.path).terminal
    try:
        terminal.wait("Ctrl+C goes on without.")
        terminal.type("\x03")
        terminal.wait("reloads config.toml by itself")
        assert terminal.end() == 0
        assert STOPPED in terminal.text  # after 10 seconds it would say something else
    finally:
        terminal.close()

"""The program line by line, on pseudo-terminals that are closed afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.scenarios.scenario import PASSWORD
from tests.ui_plain.pty_terminal import PtyTerminal

PROJECT = Path(__file__).parents[2]
Start = Callable[..., PtyTerminal]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the program runs; its home is beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def start(directory: Path) -> Iterator[Start]:
    """Return a function that starts the program, or with ``staged`` only the wizard of a scenario.

    The latter has the demo's mail servers; it may be "keyring" for a keyring that is offered, and
    whatever else :mod:`tests.scenarios.on_stage` knows.
    """
    started: list[PtyTerminal] = []

    def run(
        *arguments: str, staged: bool | str = False, environ: Mapping[str, str] | None = None
    ) -> PtyTerminal:
        command = ["-m", "wizard", "--no-lookup", *arguments]
        if staged:
            config = directory / "config.toml"
            command = ["-m", "tests.scenarios.on_stage", str(config), PASSWORD]
            command += [staged] if isinstance(staged, str) else []
        state = str(directory.with_name("state"))
        base = {"PYTHONPATH": str(PROJECT), "XDG_STATE_HOME": state}
        terminal = PtyTerminal(command, directory, base | dict(environ or {}))
        started.append(terminal)
        return terminal

    yield run
    for terminal in started:
        terminal.close()

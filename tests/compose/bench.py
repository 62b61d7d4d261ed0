"""Runs the wizard in layouts, as their operators would, on a machine with or without Docker."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import schemas
from tests.compose import layouts, login_recorder
from tests.compose.docker_host import DockerHost
from tests.compose.layouts import PORT, Layout, Truth
from tests.mail_servers.machine import STRANGER

_PROJECT = Path(__file__).parents[2]
_DEFAULT_CONFIG = "bomnipotent_config/config.toml"
NEW = "n3w $ecret 'of #today'"
"""A secret that needs quoting everywhere."""
REFUSED = 4
"""The exit code for files that cannot be edited safely."""
Login = dict[str, str | None]


@dataclass(frozen=True)
class Said:
    """What a command said with ``--json``."""

    code: int
    json: Any

    @property
    def verdict(self) -> str | None:
        verdict: str | None = self.json.get("verdict")
        return verdict

    @property
    def doubts(self) -> list[str]:
        """By which codes it says that the container may have something else."""
        said = [*self.json.get("warnings", ()), self.json.get("diagnosis") or {}]
        codes = [str(each.get("code")) for each in said]
        return [code for code in codes if code.startswith("compose-") or code == "environment-wins"]

    @property
    def errors(self) -> list[str]:
        """The codes of the errors that ``check`` found."""
        return [each["code"] for each in self.json["findings"] if each["severity"] == "error"]


class Bench:
    """Keeps what Compose says of each layout, and runs the wizard in it."""

    def __init__(self, host: DockerHost, directory: Path) -> None:
        self._host = host
        self._directory = directory
        self._truths: dict[str, Truth] = {}
        self._logins = directory / "logins"
        self._logins.touch()
        machine = host.machine
        machine.start(
            sys.executable, "-m", login_recorder.__name__, STRANGER, str(PORT), self._logins,
            environ={"PATH": os.environ["PATH"], "PYTHONPATH": str(_PROJECT)},
        )  # fmt: skip
        connect = f"import socket; socket.create_connection(({STRANGER!r}, {PORT})).close()"
        machine.wait_until(
            lambda: machine.run(sys.executable, "-c", connect).returncode == 0,
            "logins are recorded",
        )

    def before(self, layout: Layout) -> Truth:
        """Return what the container has at first; Compose is asked once."""
        if layout.name not in self._truths:
            directory = layout.write(self._directory / f"{len(self._truths)}")
            self._truths[layout.name] = self.ask(layout, directory)
        return self._truths[layout.name]

    def ask(self, layout: Layout, directory: Path) -> Truth:
        """Return what the container has now."""
        return layouts.ask(self._host, layout, directory)

    def run(
        self, layout: Layout, directory: Path, *command: str, stdin: str = "", docker: bool = True
    ) -> Said:
        """Run a command in the layout's directory."""
        named = () if layout.config == _DEFAULT_CONFIG else ("-c", layout.config)
        path = () if docker else ("env", "PATH=/nonexistent")
        state = {"PYTHONPATH": str(_PROJECT), "XDG_STATE_HOME": f"{directory}.state"}
        said = self._host.run(
            *path, sys.executable, "-m", "wizard", *named, *command, "--json", directory=directory,
            stdin=stdin.encode(), environ={**state, **layout.environ},
        )  # fmt: skip
        assert said.stdout, said.stderr
        document = json.loads(said.stdout)
        assert schemas.problems(document, schemas.of_command(command, document)) == []
        return Said(said.returncode, document)

    def test(
        self, layout: Layout, directory: Path, *, docker: bool = True
    ) -> tuple[Said, list[Login]]:
        """Run ``test``; return what it says, and what the mail server heard.

        That is the name, user and secret of each connection.
        """
        self._logins.write_text("")
        said = self.run(layout, directory, "test", "--no-alternatives", docker=docker)
        return said, [json.loads(line) for line in self._logins.read_text().splitlines()]

    def set(self, layout: Layout, directory: Path, *, docker: bool = True) -> Said:
        """Let ``set`` store a new secret."""
        return self.run(
            layout, directory, "set", "--secret-stdin", "--no-test", stdin=NEW, docker=docker
        )

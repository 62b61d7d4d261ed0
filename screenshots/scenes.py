"""What the pictures show: walks through the wizard, and the scenes on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from screenshots.picture import Row
from screenshots.stage import (
    GOOGLE,
    OWN,
    OWN_USER,
    PASSWORD,
    USER,
    Operator,
    mail_server,
    scratch_directory,
    wizard,
)
from wizard.cli.check_command import find_problems
from wizard.config import layout
from wizard.demo.stage import write_demo_files
from wizard.discovery.dns import FixedRecords
from wizard.live_test.failure import Stage

WRONG = "not-the-password"


class Variant(NamedTuple):
    """How the wizard is run."""

    size: tuple[int, int] = (80, 24)
    in_language: str = "en"
    coloured: bool = True


# Files


def _without_tls(place: Path) -> Path:
    """Leave something out that the server needs besides."""
    config = write_demo_files(place)
    before, _, after = config.read_text("utf-8").partition("[tls]")
    config.write_text(before + after[after.index("# Publisher") :], "utf-8")
    return config


def _set_up(place: Path) -> Path:
    """Write files with mail settings, and one mistake."""
    config = write_demo_files(place)
    with config.open("a", encoding="utf-8") as file:
        file.write(
            f'\n[smtp]\nuser = "{OWN_USER}"\nendpoint = "{OWN}"\nsecret = "${{SMTP_SECRET}}"\n'
        )
    with (place / ".env").open("a", encoding="utf-8") as file:
        file.write(f"SMTP_SECRET={PASSWORD.reveal()}\n")
    (place / ".env").chmod(0o644)
    return config


def _two_servers(place: Path) -> Path:
    """Write what a second server has, which systemd starts."""
    other = _system_config(place)
    other.parent.mkdir(parents=True)
    other.write_text(f'[smtp]\nuser = "{USER}"\nendpoint = "{GOOGLE}"\n', "utf-8")
    return write_demo_files(place)


def _system_config(place: Path) -> Path:
    return place / "etc/bomnipotent_server/configs/config.toml"


# Walks


async def _login_refused(operator: Operator) -> None:
    operator.look("empty")
    await operator.type(USER)
    await operator.press("enter")
    operator.look("recognised")
    operator.test.held_before = {Stage.AUTH}
    await operator.type(WRONG)
    await operator.press("enter")
    operator.look("testing")
    operator.test.release()
    await operator.settled()
    operator.look("failed")
    await operator.press("ctrl+t")
    operator.look("details")
    await operator.press("escape", "f1")
    operator.look("help")
    await operator.press("escape", *["tab"] * 5, "right", "enter")
    await operator.arrive("ReviewScreen")
    operator.look("review")
    await operator.press("right", "enter")
    await operator.arrive("DoneScreen")
    operator.look("done-anyway")


async def _passes(operator: Operator) -> None:
    await operator.type(USER)
    await operator.press("enter")
    await operator.type(PASSWORD.reveal())
    await operator.press("enter")
    operator.look("passed")
    await operator.press("enter")
    await operator.arrive("ReviewScreen")
    operator.look("review-passed")
    await operator.press("enter")
    await operator.arrive("DoneScreen")
    operator.look("done")


async def _suggestions(operator: Operator) -> None:
    await operator.type(OWN_USER)
    await operator.press("enter")
    await operator.type(PASSWORD.reveal())
    await operator.press("enter")
    operator.look("suggestions")


async def _another_way(operator: Operator) -> None:
    await operator.type(OWN_USER)
    await operator.press("enter")
    await operator.type(PASSWORD.reveal())
    await operator.press("enter")
    await operator.type(OWN)
    await operator.press("enter")
    operator.look("alternative")


async def _later(operator: Operator) -> None:
    operator.look("stored")
    await operator.press(*["shift+tab"] * 4)
    await operator.type(OWN.replace("mail", "smtp"))
    operator.look("reconfigure")
    await operator.press("escape")
    operator.look("quit")


async def _skips(operator: Operator) -> None:
    await operator.press(*["tab"] * 5, "right")
    operator.look("skip")


async def _chooses_files(operator: Operator) -> None:
    await operator.press("ctrl+o")
    operator.look("files")


class Walk(NamedTuple):
    """One run of the wizard."""

    steps: Callable[[Operator], Awaitable[None]]
    scenes: tuple[str, ...]
    """What it looks at."""
    files: Callable[[Path], Path] = write_demo_files
    user: str = USER
    options: Mapping[str, Any] = {}


WALKS = (
    Walk(
        _login_refused,
        ("empty", "recognised", "testing", "failed", "details", "help", "review", "done-anyway"),
        _without_tls,
    ),
    Walk(_passes, ("passed", "review-passed", "done")),
    Walk(_suggestions, ("suggestions",), user=OWN_USER),
    Walk(_another_way, ("alternative",), user=OWN_USER, options={"records": FixedRecords()}),
    Walk(_later, ("stored", "reconfigure", "quit"), _set_up, options={"persistent": True}),
    Walk(_skips, ("skip",)),
    Walk(_chooses_files, ("files",), _two_servers),
)


@asynccontextmanager
async def run(walk: Walk, variant: Variant) -> AsyncGenerator[Operator, None]:
    """Start the wizard for a walk."""
    with (
        mail_server(walk.user) as server,
        scratch_directory(walk.files) as config,
        patch.object(layout, "_SYSTEM_CONFIG", _system_config(config.parents[1])),
    ):
        checks = {"check": partial(find_problems, layout.find_layout(config))}
        options = {**variant._asdict(), **checks, **walk.options}
        async with wizard(config, server, **options) as operator:
            yield operator


async def walk_through(walk: Walk, variant: Variant) -> Mapping[str, list[Row]]:
    """Return what the screen shows in each scene, by its name."""
    async with run(walk, variant) as operator:
        await walk.steps(operator)
        return dict(operator.pictures)

"""Make the pictures of the wizard from the real program: ``python screenshots/make.py [--check]``.

The wizard, the files and the mail server are real. What would differ from one run to the next is
replaced: the seconds of the live test, and the ports that the system chose for the mail server.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from textual.pilot import Pilot

from wizard.compose.container import Container
from wizard.config.current import load_config
from wizard.config.layout import find_layout
from wizard.config.settings import SmtpSettings
from wizard.demo import stage
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.demo.network import DEMO_RECORDS, DemoNetwork
from wizard.demo.stage import write_demo_files
from wizard.live_test.events import Event, StageFinished, TestFinished
from wizard.live_test.run import run_live_test
from wizard.text import language
from wizard.ui.steps.done import Done
from wizard.ui.steps.mail_server_search import MailServerSearch
from wizard.ui.steps.session import WizardSession
from wizard.ui.textual.app import WizardApp

PICTURES = Path(__file__).parent
SCENE = Path(tempfile.gettempdir()) / "bomnipotent"
"""A fixed place, since its name is on the pictures."""
TIMEOUT = 15.0


@dataclass(frozen=True, slots=True)
class SteadyProbe:
    """The live test with the same seconds and ports on every run."""

    network: DemoNetwork

    async def __call__(
        self,
        settings: SmtpSettings,
        *,
        container: Container | None = None,
        recipient: str | None = None,
        deliver: bool = False,
    ) -> AsyncGenerator[Event, None]:
        """Test for real, and say so in the same words each time."""
        async for event in run_live_test(
            settings,
            recipient=recipient,
            deliver=deliver,
            timeout=TIMEOUT,
            container=container,
            network=self.network,
        ):
            match event:
                case StageFinished():
                    yield _steady(event)
                case TestFinished(report):
                    stages = tuple(_steady(stage) for stage in report.stages)
                    yield TestFinished(replace(report, stages=stages, seconds=0.1))
                case _:
                    yield event


def _steady(event: StageFinished) -> StageFinished:
    message = re.sub(r"Port \d+ (?=of|von)", "Port 40465 ", event.message)
    return replace(event, seconds=0.012, message=message)


async def _walk(pilot: Pilot[Done], keys: Sequence[str]) -> None:
    for key in keys:
        await pilot.press(*(key[1:] if key.startswith(" ") else [key]))
        await _settled(pilot)


async def _settled(pilot: Pilot[Done]) -> None:
    """Wait until the search and the live test are over and everything is drawn."""
    for _ in range(200):
        await pilot.pause()
        if not [worker for worker in pilot.app.workers if worker.node is pilot.app.screen]:
            break
        await asyncio.sleep(0.05)
    await pilot.pause()


Scenes = Sequence[tuple[str, list[str]]]

FIRST_RUN: Scenes = (
    ("1-files", []),
    ("2-delivery", ["enter"]),
    ("3-user", ["enter", f" {DEMO_USER}"]),
    ("4-server-suggested", ["enter"]),
    ("4-server", ["enter"]),
    ("5-secret", ["enter", " not the password"]),
    ("6-test-failed", ["enter"]),
    ("6-test-passed", ["escape", f" {stage.PASSWORD.reveal()}", "enter"]),
    ("7-review", ["enter"]),
    ("8-done", ["enter"]),
)
"""Name of the picture → the keys that lead to it from the one before; a blank begins text."""
RECONFIGURATION: Scenes = (("9-summary", []), ("9-summary-help", ["f1"]))


async def _take(
    server: MailServer,
    config: Path,
    scenes: Scenes,
    target: Path,
    size: tuple[int, int] = (80, 24),
    suffix: str = "",
) -> None:
    now = load_config(find_layout(config), environ={})
    network = DemoNetwork(server)
    discovery = MailServerSearch(online=True, network=network, records=DEMO_RECORDS)
    app = WizardApp(WizardSession(now, SteadyProbe(network), TIMEOUT, discovery=discovery))
    async with app.run_test(size=size) as pilot:
        await _settled(pilot)
        for name, keys in scenes:
            await _walk(pilot, keys)
            picture = app.export_screenshot(title="smtp-wizard")
            # textual's number changes with the widgets, also where the picture stays the same.
            picture = re.sub(r"terminal-\d+", f"terminal-{name}{suffix}", picture)
            (target / f"{name}{suffix}.svg").write_text(picture, encoding="utf-8")


async def take_all(target: Path) -> None:
    """Write all pictures into ``target``."""
    with MailServer(DEMO_USER, stage.PASSWORD) as mail:
        SCENE.mkdir()
        try:
            config = write_demo_files(SCENE)
            await _take(mail, config, FIRST_RUN, target)
            await _take(mail, config, RECONFIGURATION, target)
            shutil.rmtree(SCENE)
            SCENE.mkdir()
            config = write_demo_files(SCENE)
            names = [name for name, _ in FIRST_RUN]
            server, failure = "4-server-suggested", "6-test-failed"
            begin, end = names.index(server) + 1, names.index(failure) + 1
            to_server = [key for _, keys in FIRST_RUN[:begin] for key in keys]
            to_failure = [key for _, keys in FIRST_RUN[begin:end] for key in keys]
            scenes = ((server, to_server), (failure, to_failure))
            await _take(mail, config, scenes, target, (40, 12), "-40x12")
            language.use("de")
            await _take(mail, config, [(failure, to_server + to_failure)], target, suffix="-de")
        finally:
            language.use("en")
            shutil.rmtree(SCENE)


def check() -> int:
    """Compare the pictures with freshly made ones; return the exit code."""
    with tempfile.TemporaryDirectory() as fresh:
        asyncio.run(take_all(Path(fresh)))
        made = {path.name: path.read_bytes() for path in Path(fresh).iterdir()}
    kept = {path.name: path.read_bytes() for path in PICTURES.glob("*.svg")}
    stale = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    for name in stale:
        print(f"out of date: screenshots/{name}")
    if stale:
        print("make them again: python screenshots/make.py")
    return 1 if stale else 0


def main() -> int:
    """Make or check the pictures."""
    if "--check" in sys.argv[1:]:
        return check()
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    asyncio.run(take_all(PICTURES))
    return 0


if __name__ == "__main__":
    sys.exit(main())

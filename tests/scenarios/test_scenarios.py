"""One list of scenarios, carried out on the full screen and line by line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.scenarios.german import SPOKEN, german, in_german
from tests.scenarios.in_lines import in_lines
from tests.scenarios.on_screen import on_screen
from tests.scenarios.scenario import SCENARIOS, Scenario
from wizard.config.current import load_config
from wizard.config.layout import find_layout

on_both = pytest.mark.parametrize(
    "scenario", SCENARIOS, ids=[scenario.name.replace(" ", "-") for scenario in SCENARIOS]
)


@on_both
async def test_on_the_full_screen(scenario: Scenario, tmp_path: Path) -> None:
    before = prepare(scenario, tmp_path)
    judge(scenario, tmp_path, before, *await on_screen(scenario, tmp_path))


@on_both
def test_line_by_line(scenario: Scenario, tmp_path: Path) -> None:
    before = prepare(scenario, tmp_path)
    judge(scenario, tmp_path, before, *in_lines(scenario, tmp_path))


@pytest.mark.parametrize("name", SPOKEN, ids=["refused", "review", "moved", "kept"])
async def test_german_on_both_surfaces_writes_the_very_same_files(
    name: str, tmp_path: Path
) -> None:
    scenario = next(each for each in SCENARIOS if each.name == name)
    written = []
    for surface, words in (("lines", str), ("lines", in_german), ("screen", in_german)):
        directory = tmp_path / f"{surface}-{words.__name__}"
        directory.mkdir()
        before = prepare(scenario, directory)
        if surface == "lines":
            ended = in_lines(scenario, directory, words)
        else:
            with german():
                ended = await on_screen(scenario, directory, words)
        judge(scenario, directory, before, *ended)
        written.append(on_disk(directory))
    assert written[1] == written[0]
    assert written[2] == written[0]


def prepare(scenario: Scenario, directory: Path) -> dict[str, str]:
    """Write the files that are there at first; return them as they are on the disk."""
    for name, text in scenario.before.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    return on_disk(directory)


def on_disk(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text("utf-8")
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def judge(
    scenario: Scenario, directory: Path, before: dict[str, str], code: int, shown: str
) -> None:
    """Compare what came of it with what the scenario says."""
    after = on_disk(directory)
    for secret in scenario.secrets:
        assert secret not in shown
    assert code == scenario.code
    if scenario.written is None:
        assert after == before
        return
    compare_settings(scenario, directory)
    for name, lines in scenario.lines.items():
        assert not Counter(lines) - Counter(after[name].splitlines()), name
    for name, text in scenario.missing.items():
        assert text not in after.get(name, ""), name


def compare_settings(scenario: Scenario, directory: Path) -> None:
    """Read the files as a server does."""
    wanted = scenario.written
    now = load_config(find_layout(directory / scenario.config), environ={})
    if wanted is None or wanted.user is None:
        return
    settings = now.settings()
    assert (settings.user, settings.endpoint.text) == (wanted.user, wanted.endpoint)
    assert wanted.starttls is None or settings.starttls == wanted.starttls
    secret = None if settings.secret is None else settings.secret.reveal()
    assert secret == wanted.secret

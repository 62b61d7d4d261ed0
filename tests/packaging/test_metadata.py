"""What the package index shows, and what an installation without extras has."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import build as builder
import pytest
import sbom
from readme_renderer import markdown

from tests.line import Line
from tests.packaging.conftest import ROOT, no_registry
from wizard import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REPOSITORY = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]


@pytest.fixture
def about(built: Path) -> Message:
    (wheel,) = built.glob("*.whl")
    return sbom.metadata(wheel)


def test_the_index_takes_both_files(built: Path) -> None:
    files = [*built.glob("*.whl"), *built.glob("*.tar.gz")]
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_every_python_that_the_single_file_is_compiled_for_is_named(about: Message) -> None:
    named = re.findall(r"(?m)^Classifier: .* :: 3\.(\d+)$", about.as_string())
    assert [*map(int, named)] == [*builder.MINORS]
    assert about["Requires-Python"] == f">=3.{named[0]}"


def page(about: Message) -> str:
    """Return what the index makes of the description."""
    rendered = markdown.render(str(about.get_payload()))
    assert rendered is not None
    return rendered


def addresses(about: Message) -> Iterator[str]:
    """Yield where the page of the index leads to, with its pictures."""
    yield from re.findall(r'(?:href|src)="([^"]*)"', page(about))
    yield from (each.partition(", ")[2] for each in about.get_all("Project-URL", []))


def test_no_link_on_the_page_of_the_index_is_broken(about: Message) -> None:
    found = list(addresses(about))
    assert len(found) > 25
    for address in found:
        if address.startswith("#"):
            assert f'id="{address[1:]}"' in page(about)
            continue
        assert re.match(r"https://[\w.-]+", address), address
        below = re.match(rf"{re.escape(REPOSITORY)}/(?:blob|raw)/v{__version__}/(.*)", address)
        if below is not None:
            assert (ROOT / below[1].partition("#")[0]).is_file(), address
        elif address.startswith(REPOSITORY):
            assert address in (REPOSITORY, f"{REPOSITORY}/issues")


def test_the_picture_is_shown_on_the_page_of_the_index(about: Message) -> None:
    picture = f'<img src="{REPOSITORY}/raw/v{__version__}/screenshots/tour.svg"'
    assert picture in page(about)


def test_the_address_of_the_repository_stands_in_one_place() -> None:
    name = REPOSITORY.removeprefix("https://")
    found = subprocess.run(
        ["git", "grep", "--untracked", "-lF", name, "--", ".", ":!CHANGELOG.md"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout == "pyproject.toml\n"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed without any extra; return the program."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=True)
    (wheel,) = built.glob("*.whl")
    done = subprocess.run(
        [place / "bin" / "pip", "install", "--quiet", wheel],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and no_registry(done.stderr):
        pytest.skip("the package registry is out of reach")
    assert done.returncode == 0, done.stderr
    return place / "bin" / "smtp-wizard"


def test_the_demo_says_which_packages_it_lacks_and_how_to_add_them(
    installed: Path, tmp_path: Path
) -> None:
    with Line([str(installed), "demo"], cwd=tmp_path) as line:
        line.until(lambda received: b"pipx inject smtp-wizard aiosmtpd trustme" in received)
        assert line.process.wait(30) == 2
        assert b"aiosmtpd and trustme" in b" ".join(line.received.split())


def test_everything_else_works_without_the_demo(installed: Path, tmp_path: Path) -> None:
    values = ["--user", "me@example.org", "--endpoint", "127.0.0.1", "--secret-stdin"]
    done = subprocess.run(
        [installed, "set", *values, "--no-test"], input=b"hunter22", cwd=tmp_path,
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, (tmp_path / "config.toml").exists()) == (0, True), done.stderr
    tested = subprocess.run([installed, "test"], cwd=tmp_path, capture_output=True, check=False)
    assert tested.returncode == 3, tested.stderr  # nobody listens on that port

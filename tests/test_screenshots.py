"""The pictures show no secret, and are seen wherever they are shown; CI makes them again."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from screenshots.picture import Cell, draw
from screenshots.scenes import WRONG
from screenshots.stage import PASSWORD

PROJECT = Path(__file__).parents[1]
PICTURES = sorted((PROJECT / "screenshots").glob("*.svg"))


def test_no_picture_shows_a_secret() -> None:
    assert len(PICTURES) > 30
    for picture in PICTURES:
        text = html.unescape(picture.read_text(encoding="utf-8"))
        for secret in (PASSWORD.reveal(), WRONG, "only-a-demo"):
            assert secret not in text, picture.name


@pytest.mark.parametrize("readme", ["README.md", "README.de.md"])
def test_readme_shows_the_tour_first_and_only_pictures_that_exist(readme: str) -> None:
    shown = re.findall(r"\((screenshots/[^)]+)\)", (PROJECT / readme).read_text("utf-8"))
    assert shown[0] == "screenshots/tour.svg"
    for path in shown:
        assert (PROJECT / path).is_file()


def test_pictures_are_small_and_need_nothing_else() -> None:
    for picture in PICTURES:
        text = picture.read_text("utf-8")
        assert len(text.encode()) < (300_000 if picture.name == "tour.svg" else 20_000)
        assert "<script" not in text
        assert "@import" not in text
        assert re.findall(r'(?:href|url|src)\W{1,2}([^"#)]*)', text.replace('href="#', "")) == []


def test_every_sign_of_a_frame_is_drawn_and_every_word_has_its_place() -> None:
    row = [Cell(character) for character in "││  two words  and ✓ ╭──╮"]
    svg = draw(row)
    assert 'x="40" textLength="90">two words</text>' in svg
    assert 'x="150" textLength="30">and</text>' in svg
    assert 'x="195" text-anchor="middle">✓</text>' in svg
    assert svg.count("v21") == 2
    assert "h20" in svg

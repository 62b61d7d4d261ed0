"""The pictures show the real program and no secret; CI makes them again and compares."""

from __future__ import annotations

import html
import re
from pathlib import Path

from wizard.demo import stage

PROJECT = Path(__file__).parents[1]
PICTURES = sorted((PROJECT / "screenshots").glob("*.svg"))


def test_no_picture_shows_a_secret() -> None:
    assert len(PICTURES) > 10
    for picture in PICTURES:
        text = html.unescape(picture.read_text(encoding="utf-8")).replace("\xa0", " ")
        for secret in (stage.PASSWORD.reveal(), "not the password", "only-a-demo"):
            assert secret not in text, picture.name


def test_readme_shows_pictures_that_exist() -> None:
    shown = re.findall(r"\((screenshots/[^)]+)\)", (PROJECT / "README.md").read_text("utf-8"))
    assert shown
    for path in shown:
        assert (PROJECT / path).is_file()

"""Make the pictures of the wizard from the real program: ``python -m screenshots.make``.

With ``--check``, they are only compared with what is there. With ``--all DIRECTORY``, every scene
is put there in every size and language, as PNG if ``rsvg-convert`` is installed: to be looked at.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from screenshots.picture import DARK, LIGHT, Row, in_ascii, picture
from screenshots.scenes import WALKS, Variant, walk_through
from screenshots.tour import make_tour

PICTURES = Path(__file__).parent
NORMAL = Variant()
SMALL, WIDE = Variant(size=(40, 12)), Variant(size=(120, 36))
GERMAN, COLOURLESS = Variant(in_language="de"), Variant(coloured=False)


class Picture(NamedTuple):
    """Which scene a file shows, and how."""

    scene: str
    variant: Variant = NORMAL
    palette: str = DARK
    ascii: bool = False


KEPT = {
    "01-empty": Picture("empty"),
    "02-recognised": Picture("recognised"),
    "03-suggestions": Picture("suggestions"),
    "04-testing": Picture("testing"),
    "05-failed": Picture("failed"),
    "05-failed-de": Picture("failed", GERMAN),
    "05-failed-light": Picture("failed", palette=LIGHT),
    "05-failed-no-color": Picture("failed", COLOURLESS),
    "05-failed-ascii": Picture("failed", ascii=True),
    "05-failed-40x12": Picture("failed", SMALL),
    "05-failed-120x36": Picture("failed", WIDE),
    "02-recognised-40x12": Picture("recognised", SMALL),
    "02-recognised-120x36": Picture("recognised", WIDE),
    "06-alternative": Picture("alternative"),
    "07-passed": Picture("passed"),
    "07-passed-light": Picture("passed", palette=LIGHT),
    "08-review": Picture("review"),
    "08-review-passed": Picture("review-passed"),
    "08-review-de": Picture("review", GERMAN),
    "08-review-light": Picture("review", palette=LIGHT),
    "08-review-no-color": Picture("review", COLOURLESS),
    "08-review-40x12": Picture("review", SMALL),
    "08-review-120x36": Picture("review", WIDE),
    "09-done": Picture("done"),
    "09-done-de": Picture("done", GERMAN),
    "10-done-anyway": Picture("done-anyway"),
    "11-reconfigure": Picture("reconfigure"),
    "11-stored": Picture("stored"),
    "12-quit": Picture("quit"),
    "13-skip": Picture("skip"),
    "14-files": Picture("files"),
    "15-help": Picture("help"),
}
"""The name of each file, and what it shows."""


async def make_all() -> Mapping[str, str]:
    """Return all pictures, by the names of their files."""
    made = {"tour.svg": await make_tour()}
    for variant in dict.fromkeys(each.variant for each in KEPT.values()):
        wanted = {name: each for name, each in KEPT.items() if each.variant == variant}
        scenes = {each.scene for each in wanted.values()}
        screens: dict[str, list[Row]] = {}
        for walk in WALKS:
            if scenes & set(walk.scenes):
                screens |= await walk_through(walk, variant)
        for name, each in wanted.items():
            rows = screens[each.scene]
            drawn = in_ascii(rows) if each.ascii else rows
            made[f"{name}.svg"] = picture(drawn, each.palette)
    return made


async def _show_all(directory: Path) -> None:
    """Put every scene in every variant into ``directory``."""
    converter = shutil.which("rsvg-convert")
    sizes, languages = (NORMAL.size, SMALL.size, WIDE.size), ("en", "de")
    for variant in (*(Variant(s, la) for s in sizes for la in languages), COLOURLESS):
        for walk in WALKS:
            for scene, rows in (await walk_through(walk, variant)).items():
                colour = "" if variant.coloured else "-no-color"
                name = f"{scene}-{variant.size[0]}-{variant.in_language}{colour}"
                for palette, ending in ((DARK, ""), (LIGHT, "-light")):
                    file = directory / f"{name}{ending}.svg"
                    file.write_text(picture(rows, palette), "utf-8")
                    if converter is not None:
                        subprocess.run(  # noqa: ASYNC221, S603
                            [converter, "-o", file.with_suffix(".png"), file], check=True
                        )


def check() -> int:
    """Compare the pictures with freshly made ones; return the exit code."""
    made = asyncio.run(make_all())
    kept = {path.name: path.read_text("utf-8") for path in PICTURES.glob("*.svg")}
    stale = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    for name in stale:
        print(f"out of date: screenshots/{name}")
    if stale:
        print("make them again: python -m screenshots.make")
    return 1 if stale else 0


def main(arguments: list[str]) -> int:
    """Make, check or show the pictures."""
    match arguments:
        case []:
            made = asyncio.run(make_all())
            for old in PICTURES.glob("*.svg"):
                old.unlink()
            for name, text in made.items():
                (PICTURES / name).write_text(text, "utf-8")
            return 0
        case ["--check"]:
            return check()
        case ["--all", directory]:
            Path(directory).mkdir(parents=True, exist_ok=True)
            asyncio.run(_show_all(Path(directory)))
            return 0
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

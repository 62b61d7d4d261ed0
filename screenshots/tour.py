"""The tour: a whole set-up as one animated SVG, without scripts."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from screenshots.picture import DARK, HEIGHT, Row, draw, window
from screenshots.scenes import WRONG, Variant, Walk, run
from screenshots.stage import PASSWORD, USER, Operator
from wizard.live_test.failure import Stage

_KEY, _STAGE, _GLANCE, _READ = 0.09, 0.35, 1.2, 4.0
"""Seconds for which a frame is shown."""


class Frame(NamedTuple):
    """One screen, and for how long it is shown."""

    rows: list[Row]
    seconds: float


class _Tour:
    """An operator who shows how it goes, with the usual mistake."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.still = 0
        """The frame for viewers that do not move."""

    async def __call__(self, operator: Operator) -> None:
        self._show(operator, 2.0)
        await self._type(operator, USER)
        self._show(operator, _GLANCE)
        await operator.press("enter")
        self._show(operator, _READ)
        await self._type(operator, WRONG)
        await self._test(operator)
        self.still = len(self.frames)
        self._show(operator, _READ + 1)
        await operator.paste(" ".join(PASSWORD.reveal()[at : at + 4] for at in (0, 4, 8, 12)))
        self._show(operator, _GLANCE)
        await self._test(operator)
        self._show(operator, _READ - 1)
        await operator.press("enter")
        await operator.arrive("ReviewScreen")
        self._show(operator, _READ)
        await operator.press("enter")
        await operator.arrive("DoneScreen")
        self._show(operator, _READ + 1)

    async def _type(self, operator: Operator, text: str) -> None:
        for character in text:
            await operator.type(character)
            self._show(operator, _KEY)

    async def _test(self, operator: Operator) -> None:
        operator.test.held_before = set(Stage)
        await operator.press("enter")
        while operator.test.held:
            self._show(operator, _STAGE)
            operator.test.release()
            await operator.settled()

    def _show(self, operator: Operator, seconds: float) -> None:
        rows = operator.screen()
        if self.frames and self.frames[-1].rows == rows:
            rows, before = self.frames.pop()
            seconds += before
        self.frames.append(Frame(rows, seconds))


async def make_tour() -> str:
    """Return the SVG of the tour."""
    tour = _Tour()
    async with run(Walk(tour, ()), Variant()) as operator:
        await tour(operator)
    return animation(tour.frames, tour.still)


def animation(frames: list[Frame], still: int) -> str:
    """Return the SVG: the frames below each other, in a window that jumps from one to the next.

    Rows that several frames share are drawn once. Where nothing moves, frame ``still`` is shown.
    """
    drawn: dict[str, str] = {}
    film = ""
    lines = len(frames[0].rows)
    for number, frame in enumerate(frames):
        top = number * lines * HEIGHT
        for at, row in enumerate(frame.rows):
            svg = draw(row)
            if svg:
                name = drawn.setdefault(svg, f"r{len(drawn)}")
                film += f'<use href="#{name}" y="{top + at * HEIGHT}"/>'
        film += "\n"
    definitions = "".join(f'<g id="{name}">{svg}</g>\n' for svg, name in drawn.items())
    still_at = -still * lines * HEIGHT
    body = f'<defs>\n{definitions}</defs>\n<g class="f" transform="translate(0 {still_at})">\n'
    return window(
        len(frames[0].rows[0]), lines, DARK, f"{body}{film}</g>\n", _keyframes(frames, lines)
    )


def _keyframes(frames: list[Frame], lines: int) -> str:
    total = sum(frame.seconds for frame in frames)
    begins = accumulate((frame.seconds for frame in frames[:-1]), initial=0.0)
    steps = "".join(
        f"{begin / total * 100:.3f}%{{transform:translateY({-number * lines * HEIGHT}px)}}"
        for number, begin in enumerate(begins)
    )
    return (
        f"@keyframes f{{{steps}}}"
        "@media (prefers-reduced-motion:no-preference)"
        f"{{.f{{animation:f {total:.2f}s steps(1,end) infinite}}}}"
    )

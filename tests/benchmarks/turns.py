"""Measuring in turn: a busy machine is busy for all of them then, and medians compare."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

RUNS = 5
Measured = TypeVar("Measured")


def in_turn(
    ways: Mapping[str, Callable[[], Measured]], runs: int = RUNS
) -> dict[str, list[Measured]]:
    """Carry out A B C, A B C …; return what each of them gave."""
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            found[name].append(way())
    return found


def spread(values: Sequence[float]) -> str:
    """Return how far the middle half is apart, in percent of the median."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{(high - low) / middle:.0%}" if middle else "0%"

"""All points of a scenario: every call of its save, made to fail in every way."""

from __future__ import annotations

import contextlib
import importlib
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.runner import Run, run
from tests.faults.scenario import Scenario
from tests.faults.shim import KILLED, KILLED_AFTER, SECOND_FAULTS, Call, Fault, Shim
from tests.faults.site import Site
from tests.faults.state import State, differences
from tests.faults.verdict import End, Promise, Verdict

NEXT_START = ("set", "--no-test", "--json")
"""Changes nothing by itself; exits with 2 where nothing is configured yet."""


@dataclass(frozen=True, slots=True)
class Point:
    """One fault at one call, and how it ended."""

    scenario: str
    fault: str
    call: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sample:
    """Which points are tried: one in ``stride``, at random, but the same ones each time."""

    stride: int = 1
    seed: int = 0
    least: int = 1

    def of(self, points: Sequence[Spoiled], name: str, least: int = 0) -> Sequence[Spoiled]:
        """Return the sample of ``points``: at least ``least`` of them, if there are that many."""
        wanted = min(len(points), max(least or self.least, len(points) // self.stride))
        return random.Random(f"{self.seed} {name}").sample(points, wanted)  # noqa: S311


Spoiled = tuple[Fault, Call]


def _spoiled(faults: Sequence[Fault], calls: Sequence[Call]) -> list[Spoiled]:
    return [(fault, call) for fault in faults for call in calls if fault.concerns(call)]


class Sweep:
    """Plays one scenario over and over."""

    def __init__(self, shim: Shim, site: Site, scenario: Scenario) -> None:
        self._shim, self._site, self._scenario = shim, site, scenario
        self._begin()
        for rehearsal in (self._faultless(scenario.save), self._next()):
            for name in rehearsal.imported:
                with contextlib.suppress(ImportError):  # a name that a library made up
                    importlib.import_module(name)
        self._begin()
        site.keep("old")
        old = site.state()
        self.calls = self._faultless(scenario.save).calls
        self.promise = Promise(old, site.state())
        self._next()
        if old == self.promise.new or site.final_state() != self.promise.new:
            raise RuntimeError(f"{scenario.name} does not lead from one state to another")

    def _begin(self) -> None:
        """Put everything into the state before the save."""
        self._site.empty()
        self._scenario.prepare(self._site.files)
        for command in self._scenario.first:
            self._faultless(command)

    def points(self, faults: Sequence[Fault], sample: Sample) -> Iterator[Point]:
        """Try every point of the sample."""
        for fault, call in sample.of(_spoiled(faults, self.calls), self._scenario.name):
            yield self._point(fault, call)

    def double_points(self, sample: Sample) -> Iterator[Point]:
        """Make the start after a killed save fail, too, at each of its calls; then start again.

        Most ways to be killed leave the same state, so each of these is tried once.
        """
        for name, cause in self._crashes(sample).items():
            self._site.bring_back(name)
            points = _spoiled(SECOND_FAULTS, self._next().calls)
            for fault, call in sample.of(points, f"{self._scenario.name} {name}", 3):
                self._site.bring_back(name)
                start = self._next(fault, call.number)
                last = self._next()
                verdict = self.promise.judge_start(start, last, self._site.final_state())
                story = f"{call.number} {call.text} after {cause}"
                yield Point(self._scenario.name, f"killed, {fault.name}", story, verdict)

    def one(self, fault: Fault, at: int) -> str:
        """Play one point; return what happened, in lines."""
        spoiled = self._play(fault, self.calls[at - 1])
        at_once = self._site.state()
        after = self._next()
        final = self._site.final_state()
        lines = [f"{'>' if call.number == at else ' '} {call}" for call in spoiled.calls]
        lines += [f"exit code {spoiled.code}, {spoiled.spoiled} spoiled", spoiled.output]
        lines += ["at once, from old:", *differences(at_once, self.promise.old)]
        lines += ["at once, from new:", *differences(at_once, self.promise.new)]
        lines += [f"next start: exit code {after.code}", after.output]
        lines += ["in the end, from old:", *differences(final, self.promise.old)]
        lines += ["in the end, from new:", *differences(final, self.promise.new)]
        return "\n".join(lines)

    def _crashes(self, sample: Sample) -> dict[str, str]:
        """Keep every state that a killed save leaves; return its name → what led to it."""
        found: dict[str, str] = {}
        states: list[State] = []
        changing = [call for call in self.calls if call.changes]
        points = _spoiled((KILLED, KILLED_AFTER), changing)
        for fault, call in sample.of(points, f"crashes of {self._scenario.name}", 2):
            self._play(fault, call)
            state = self._site.everything()
            if state not in states:
                states.append(state)
                name = f"crash {len(states)}"
                self._site.keep(name)
                found[name] = f"{fault.name} {call.text}"
        return found

    def _point(self, fault: Fault, call: Call) -> Point:
        spoiled = self._play(fault, call)
        at_once = self._site.state()
        after = self._next()
        verdict = self.promise.judge(spoiled, at_once, after, self._site.final_state())
        return Point(self._scenario.name, fault.name, f"{call.number} {call.text}", verdict)

    def _play(self, fault: Fault, call: Call) -> Run:
        self._site.bring_back("old")
        command = self._scenario.command(self._site.files, self._scenario.save)
        return run(self._shim, command, fault, call.number)

    def _next(self, fault: Fault | None = None, at: int = 0) -> Run:
        command = self._scenario.command(self._site.files, NEXT_START)
        return run(self._shim, command, fault, at)

    def _faultless(self, command: tuple[str, ...]) -> Run:
        done = run(self._shim, self._scenario.command(self._site.files, command))
        if done.code != 0:
            raise RuntimeError(f"{self._scenario.name} fails without a fault: {done.output}")
        return done


def unusable(scenario: Scenario) -> str:
    """Return why a scenario cannot be played here; empty where it can."""
    if scenario.needs and shutil.which(scenario.needs) is None:
        return f"{scenario.needs} is not installed"
    return ""


def losses(points: Sequence[Point]) -> list[str]:
    """Return what was lost: one line for each kind of loss, with an example."""
    kinds: dict[tuple[str, str], list[Point]] = {}
    for point in points:
        if point.verdict.end is End.LOST:
            call = re.sub(r"^\d+ (\w+) .*?([^/]*)$", r"\1 \2", point.call)
            kind = _generic(point.verdict.problem), re.sub(r"[0-9a-f]{12,}", "*", call)
            kinds.setdefault(kind, []).append(point)
    return [
        f"{len(alike):4} x {problem}: {call} ({', '.join(dict.fromkeys(p.fault for p in alike))}) "
        f"({alike[0].scenario}, {alike[0].call})"
        for (problem, call), alike in sorted(kinds.items())
    ]


def _generic(problem: str) -> str:
    """Remove from a problem what differs at random."""
    return re.sub(r"[0-9a-f]{12,}|(?<= )/\S+", "*", problem)


def table(points: Sequence[Point]) -> str:
    """Return the table: points, and how they ended."""
    rows: dict[tuple[str, str], Counter[End]] = {}
    for point in points:
        rows.setdefault((point.scenario, point.fault), Counter())[point.verdict.end] += 1
    heads = " ".join(f"{end:>6}" for end in End)
    lines = [f"{'scenario':26} {'fault':24} {'points':>7} {heads}"]
    for (scenario, fault), ends in rows.items():
        figures = " ".join(f"{ends[end]:6}" for end in End)
        lines.append(f"{scenario:26} {fault:24} {ends.total():7} {figures}")
    total = Counter(point.verdict.end for point in points)
    figures = " ".join(f"{total[end]:6}" for end in End)
    lines.append(f"{'all':26} {'':24} {total.total():7} {figures}")
    return "\n".join(lines)

"""Whether a run that met a fault, and the start after it, kept what is promised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.faults.runner import Run
from tests.faults.scenario import NEW_SECRET, OLD_SECRET
from tests.faults.state import State, differences

_NOT_PUT_BACK = "could not be put back"
_DONE_BUT_NOT_PRINTED = "cannot be printed"


class End(StrEnum):
    """Which state is on the disk in the end."""

    OLD = "old"
    NEW = "new"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problem`` says what was not kept, in words without secrets; empty where all was."""

    end: End
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a save may lead to: ``old`` or ``new``, and nothing else."""

    old: State
    new: State

    def judge(self, run: Run, at_once: State, next_run: Run, after: State) -> Verdict:
        """Judge one point: the run with the fault, and the next start without any."""
        end = self._which(after)
        if end is End.LOST:
            return Verdict(end, f"neither old nor new: {self._distance(after)}")
        for words in (_misbehaviour(run), _misbehaviour(next_run)):
            if words:
                return Verdict(End.LOST, words)
        if next_run.code not in (None, 0, 2):
            words = next_run.output.strip().splitlines()[-1][:100]
            return Verdict(End.LOST, f"the next start ends with exit code {next_run.code}: {words}")
        if run.code is None:
            return Verdict(end)
        return self._truthful(run, at_once, end)

    def _truthful(self, run: Run, at_once: State, end: End) -> Verdict:
        """Compare what a run has said with what it has done."""
        said = End.NEW if run.code == 0 or _DONE_BUT_NOT_PRINTED in run.output else End.OLD
        if said is not end:
            return Verdict(End.LOST, f"said {said} (exit code {run.code}), in the end it is {end}")
        wanted = self.new if said is End.NEW else self.old
        if at_once != wanted and _NOT_PUT_BACK not in run.output:
            words = "; ".join(differences(at_once, wanted))
            return Verdict(End.LOST, f"said {said} (exit code {run.code}), but at once: {words}")
        return Verdict(end)

    def _which(self, state: State) -> End:
        if state == self.old:
            return End.OLD
        return End.NEW if state == self.new else End.LOST

    def _distance(self, state: State) -> str:
        ways = (differences(state, self.old), differences(state, self.new))
        return "; ".join(min(ways, key=len))


def _misbehaviour(run: Run) -> str:
    """Say what no run may do, whatever happens."""
    if run.hung:
        return "hangs"
    if "Traceback" in run.output:
        return "ends with a traceback: " + run.output.strip().splitlines()[-1]
    if run.code == 1 and _DONE_BUT_NOT_PRINTED not in run.output:
        return "ends with exit code 1: " + run.output.strip().splitlines()[-1][:100]
    if OLD_SECRET in run.output or NEW_SECRET in run.output:
        return "shows a secret"
    return ""

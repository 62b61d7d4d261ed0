"""Whether a run that met a fault, and the start after it, kept the promise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.faults.runner import Run
from tests.faults.scenario import NEW_SECRET, OLD_SECRET
from tests.faults.state import CREDENTIAL, KEYRING, State, differences

_NOT_PUT_BACK = "could not be put back"
_NOT_KNOWN = "how far it has come"
_OLD_COPY_REMAINS = "may still be in"
_REMOVED = "is removed."
_DONE_BUT_NOT_PRINTED = "cannot be printed"


class End(StrEnum):
    """Which state is on the disk in the end."""

    OLD = "old"
    NEW = "new"
    LOST = "lost"
    MISSED = "missed"
    """The run did not get as far as that call, so there is no verdict."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``problem`` says how the promise was broken, without secrets; empty where it was kept."""

    end: End
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A save may lead to ``old`` or to ``new``, and to nothing else."""

    old: State
    new: State

    def judge(self, run: Run, at_once: State, next_run: Run, after: State) -> Verdict:
        """Judge one point: the run with the fault, and the next start without any.

        A run that says that it cannot tell, or cannot put everything back, may leave that to the
        next start.
        """
        if not run.spoiled:
            return Verdict(End.MISSED)
        end = self._which(after, run)
        if end is End.LOST:
            return Verdict(end, f"neither old nor new: {self._distance(after)}")
        for words in (_misbehaviour(run), _misbehaviour(next_run)):
            if words:
                return Verdict(End.LOST, words)
        if next_run.code not in (None, 0, 2):
            words = _last_line(next_run)
            return Verdict(End.LOST, f"the next start ends with exit code {next_run.code}: {words}")
        if run.code is None or _NOT_PUT_BACK in run.output or _NOT_KNOWN in run.output:
            return Verdict(end)
        return self._truthful(run, at_once, end)

    def judge_start(self, start: Run, next_run: Run, after: State) -> Verdict:
        """Judge a fault during the start after a crash, by the start after that."""
        if not start.spoiled:
            return Verdict(End.MISSED)
        end = self._which(after, start)
        if end is End.LOST:
            return Verdict(end, f"neither old nor new: {self._distance(after)}")
        for words in (_misbehaviour(start), _misbehaviour(next_run)):
            if words:
                return Verdict(End.LOST, words)
        return Verdict(end)

    def _truthful(self, run: Run, at_once: State, end: End) -> Verdict:
        """Compare what a run said with what it did."""
        said = End.NEW if run.code == 0 or _DONE_BUT_NOT_PRINTED in run.output else End.OLD
        if said is not end:
            return Verdict(End.LOST, f"said {said} (exit code {run.code}), in the end it is {end}")
        wanted = self.new if said is End.NEW else self.old
        if run.spoiled > 1:  # what cannot be removed may also be left to the next start
            at_once = {name: it for name, it in at_once.items() if not _is_ours(name)}
            wanted = {name: it for name, it in wanted.items() if not _is_ours(name)}
        if at_once != wanted and _OLD_COPY_REMAINS not in run.output:
            words = "; ".join(differences(at_once, wanted))
            return Verdict(End.LOST, f"said {said} (exit code {run.code}), but at once: {words}")
        return Verdict(end)

    def _which(self, state: State, run: Run) -> End:
        if state == self.old:
            return End.OLD
        if state == self.new:
            return End.NEW
        # A failing store does not stop a move away from it, as long as the run says so.
        told = _OLD_COPY_REMAINS in run.output
        return End.NEW if told and _only_files(state) == _only_files(self.new) else End.LOST

    def _distance(self, state: State) -> str:
        ways = (differences(state, self.old), differences(state, self.new))
        return "; ".join(sorted(ways, key=len)[0])


def _only_files(state: State) -> State:
    """Leave out what is in a store other than a file."""
    return {name: it for name, it in state.items() if not name.startswith((CREDENTIAL, KEYRING))}


def _is_ours(name: str) -> bool:
    """Whether a file only serves the write: unfinished, or a copy of the old secret."""
    return name.endswith(".tmp") or f"{CREDENTIAL}.before-" in name


def _last_line(run: Run) -> str:
    return "".join(run.output.strip().splitlines()[-1:])[:100]


def _misbehaviour(run: Run) -> str:
    """Return what this run did that no run may do; empty if nothing."""
    if run.hung:
        return "hangs"
    if "Traceback" in run.output:
        return "ends with a traceback: " + _last_line(run)
    if run.code == 1 and _DONE_BUT_NOT_PRINTED not in run.output:
        return "ends with exit code 1: " + _last_line(run)
    if OLD_SECRET in run.output or NEW_SECRET in run.output:
        return "shows a secret"
    if _OLD_COPY_REMAINS in run.output and _REMOVED in run.output:
        return "says both that the old secret is removed and that it may not be"
    return ""

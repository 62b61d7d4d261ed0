"""All benchmarks, or the named ones: ``python -m tests.benchmarks [NAME…]``.

Each prints its tables, side by side in one run; what cannot be measured here is named. What they
mean is told in ``docs/benchmarks.md``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import say_skipped

REPOSITORY = Path(__file__).parents[2]
ARCHIVE = REPOSITORY / "dist" / "smtp-wizard.pyz"


@dataclass(frozen=True)
class Benchmark:
    """A module of this package, which a process of its own runs."""

    name: str
    about: str
    arguments: Sequence[str] = ()
    leaves_out: Sequence[str] = ()
    """Programs that it leaves out without a word where they are not installed."""
    needs: Path | None = None
    """A file that `packaging/build.py` makes."""

    def run(self) -> bool:
        """Print the tables; return whether nothing went wrong."""
        sys.stdout.write(f"\n== {self.name}: {self.about}\n")
        if self.needs is not None and not self.needs.exists():
            say_skipped([f"{self.needs.relative_to(REPOSITORY)}: packaging/build.py makes it"])
            return True
        say_skipped(f"{each}: not installed" for each in self.leaves_out if not shutil.which(each))
        sys.stdout.flush()
        command = [sys.executable, "-m", f"tests.benchmarks.{self.name}", *self.arguments]
        return subprocess.run(command, cwd=REPOSITORY, check=False).returncode == 0


BENCHMARKS = (
    Benchmark("verdict", "time and round trips to a verdict, on a line of 100 ms"),
    Benchmark("screens", "start, bytes and answers of a question on the terminal"),
    Benchmark("lines", "bytes of everything else", leaves_out=("whiptail", "dialog")),
    Benchmark("start", "start of commands and of the full screen", arguments=("5",)),
    Benchmark("rewriting", "changing three settings in a file of 1 to 100 KB"),
    Benchmark("memory", "the most memory that one process takes"),
    Benchmark("single_file", "start of the single file", (str(ARCHIVE), "5"), needs=ARCHIVE),
)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks that are named, or all; return the exit status."""
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.\n")
        return 2
    failed = [name for name in names or known if not known[name].run()]
    if failed:
        sys.stderr.write(f"These went wrong: {', '.join(failed)}.\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

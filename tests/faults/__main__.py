"""``python -m tests.faults``: try every point, print the table; exit with 1 if any is lost."""
# ruff: noqa: T201  (this is a program)

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from tests.faults import shim, sweep
from tests.faults.runner import prepare_process
from tests.faults.scenario import KEYRING_SCENARIOS, SCENARIOS
from tests.faults.site import Site

UNUSABLE = 77
"""The exit code where no point can be tried."""
_PRELOAD = "LD_PRELOAD"


def main() -> int:
    """Start again with the library preloaded, and try the points there."""
    options = _options()
    if why := shim.missing():
        print(why)
        return UNUSABLE
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="faults-", dir=options.directory)
        )
        library = shim.build(Path(root).resolve())
        environ = {**os.environ, _PRELOAD: str(library)}
        if options.keyring:
            from tests.secrets.session_bus import session_bus  # only here: it needs pytest

            bus = stack.enter_context(session_bus())
            bus.keyring(unlocked=True)
            environ |= bus.environ
        command = [
            sys.executable,
            "-m",
            "tests.faults",
            *sys.argv[1:],
            "--inside",
            str(library.parent),
        ]
        return subprocess.run(command, env=environ, check=False).returncode


def inside(options: argparse.Namespace) -> int:
    """Try the points in this process, which has the library loaded."""
    library = shim.Shim(options.inside / "shim.so")
    os.environ.pop(_PRELOAD)
    site = Site(options.inside / "play", options.keyring)
    site.root.mkdir()
    site.create()
    prepare_process(site)
    points: list[sweep.Point] = []
    for scenario in KEYRING_SCENARIOS if options.keyring else SCENARIOS:
        if not fnmatch(scenario.name, options.scenario):
            continue
        if why := sweep.unusable(scenario):
            print(f"{scenario.name}: {why}")
            continue
        trial = sweep.Sweep(library, site, scenario)
        if options.calls:
            print(*trial.calls, sep="\n")
        elif options.at:
            print(trial.one(_fault(options.fault), options.at))
        else:
            points += _try(trial, options)
    if points:
        print(sweep.table(points))
    return 1 if sweep.losses(points) else 0


def _try(trial: sweep.Sweep, options: argparse.Namespace) -> list[sweep.Point]:
    """Try the points of one scenario, and print at once which of them are lost."""
    sample = sweep.Sample(options.stride, options.seed, options.least)
    faults = [fault for fault in shim.FAULTS if fnmatch(fault.name, options.fault)]
    points = [] if options.only_twice else list(trial.points(faults, sample))
    if options.twice or options.only_twice:
        points += trial.double_points(sample)
    for line in sweep.losses(points):
        print(line, flush=True)
    return points


def _fault(name: str) -> shim.Fault:
    return next(fault for fault in shim.FAULTS if fault.name == name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--stride", type=int, default=1, help="try only every N-th point")
    parser.add_argument(
        "--least", type=int, default=10, help="but at least this many of each scenario"
    )
    parser.add_argument("--seed", type=int, default=0, help="which of them")
    parser.add_argument("--scenario", default="*", help="only those with a name like this")
    parser.add_argument("--fault", default="*", help="only those with a name like this")
    parser.add_argument(
        "--at", type=int, default=0, help="tell what happens at one call, for --fault NAME"
    )
    parser.add_argument("--calls", action="store_true", help="only list the calls of the save")
    parser.add_argument("--twice", action="store_true", help="kill the next start, too")
    parser.add_argument("--only-twice", action="store_true", help="try nothing else")
    parser.add_argument(
        "--keyring", action="store_true", help="try those with a real keyring instead"
    )
    parser.add_argument("--directory", type=Path, help="where the files are (default: $TMPDIR)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    sys.exit(main() if chosen.inside is None else inside(chosen))

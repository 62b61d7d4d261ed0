"""``python -m tests.faults``: try every point, print the table; 1 if any point is lost."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from tests.faults import shim, sweep
from tests.faults.runner import prepare_process
from tests.faults.scenario import SCENARIOS
from tests.faults.site import Site

_PRELOAD = "LD_PRELOAD"


def main() -> int:
    """Start again with the library preloaded, then try the points."""
    options = _options()
    if why := shim.missing():
        print(why)
        return 77
    with tempfile.TemporaryDirectory(prefix="faults-", dir=options.directory) as name:
        root = Path(name).resolve()
        library = shim.build(root)
        child = os.spawnve(
            os.P_WAIT,
            sys.executable,
            [sys.executable, "-m", "tests.faults", *sys.argv[1:], "--inside", str(root)],
            {**os.environ, _PRELOAD: str(library)},
        )
    return child


def inside(options: argparse.Namespace) -> int:
    """Try the points in this process, which has the library."""
    library = shim.Shim(options.inside / "shim.so")
    os.environ.pop(_PRELOAD)
    site = Site(options.inside / "play")
    site.root.mkdir()
    site.create()
    prepare_process(site)
    sample = sweep.Sample(options.stride, options.seed)
    points: list[sweep.Point] = []
    for scenario in SCENARIOS:
        if not fnmatch(scenario.name, options.scenario):
            continue
        if why := sweep.unusable(scenario):
            print(f"{scenario.name}: {why}")
            continue
        played = sweep.Sweep(library, site, scenario)
        if options.at:
            print(played.one(_fault(options.fault), options.at))
            continue
        faults = [fault for fault in shim.FAULTS if fnmatch(fault.name, options.fault)]
        new = [] if options.only_twice else list(played.points(faults, sample))
        if options.twice or options.only_twice:
            new += played.double_points(sample)
        print(*sweep.losses(new), sep="\n", end="\n" if sweep.losses(new) else "", flush=True)
        points += new
    print(sweep.table(points))
    return 1 if sweep.losses(points) or not points else 0


def _fault(name: str) -> shim.Fault:
    return next(fault for fault in shim.FAULTS if fault.name == name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--stride", type=int, default=1, help="try every N-th point only")
    parser.add_argument("--seed", type=int, default=0, help="which of them")
    parser.add_argument("--scenario", default="*", help="only those with such a name")
    parser.add_argument("--fault", default="*", help="only those with such a name")
    parser.add_argument("--at", type=int, default=0, help="tell one call's story, for --fault NAME")
    parser.add_argument("--twice", action="store_true", help="kill the next start, too")
    parser.add_argument("--only-twice", action="store_true", help="try nothing else")
    parser.add_argument("--directory", type=Path, help="where the files are (default: $TMPDIR)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _options()
    sys.exit(main() if chosen.inside is None else inside(chosen))

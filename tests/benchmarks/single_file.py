"""How fast smtp-wizard.pyz starts: ``python -m tests.benchmarks.single_file PYZ [RUNS]``.

Beside it, in turn: the program that is installed for the Python that runs this, and the archive
without its byte code, as a Python sees it that it was not compiled for. *Cold* means that the
system has forgotten the files of the program; Python's own stay where they are.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import wizard
from tests.line import Line

_FIRST_FRAME = b"nothing is written yet"


def main(archive: Path, runs: int) -> None:
    """Measure, and print one table of medians in milliseconds."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "config.toml").write_text('[smtp]\nuser = "a@x.example"\nendpoint = "x"\n')
        (scratch / "empty").mkdir()
        sources = _without_byte_code(archive, scratch / "sources.pyz")
        installed = [Path(wizard.__file__).parent, Path(sysconfig.get_path("purelib"))]
        programs = {
            "installed": ([sys.executable, "-m", "wizard"], list(_files(installed))),
            "pyz": ([sys.executable, str(archive)], [archive]),
            "pyz, sources": ([sys.executable, str(sources)], [sources]),
        }
        measures: dict[str, Callable[[list[str]], float]] = {
            "--version": lambda program: _run([*program, "--version"], scratch),
            "show": lambda program: _run([*program, "show"], scratch),
            "first screen": lambda program: _screen(program, scratch / "empty"),
        }
        _say(f"{'median of ' + str(runs):<20}" + "".join(f"{each:>14}" for each in programs))
        for temperature in ("warm", "cold"):
            for label, measure in measures.items():
                took: dict[str, list[float]] = {each: [] for each in programs}
                for _ in range(runs):
                    for each, (program, files) in programs.items():
                        if temperature == "cold":
                            _forget(files)
                        took[each].append(measure(program))
                values = "".join(f"{statistics.median(t) * 1000:>11.0f} ms" for t in took.values())
                _say(f"{temperature + ' ' + label:<20}{values}")


def _run(command: list[str], directory: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=directory, capture_output=True, check=True)
    return time.perf_counter() - began


def _screen(program: list[str], directory: Path) -> float:
    with Line(program, cwd=directory) as line:
        return line.until(lambda received: _FIRST_FRAME in received)


def _without_byte_code(archive: Path, copy: Path) -> Path:
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if not entry.filename.startswith("compiled/"):
                new.writestr(entry, old.read(entry))
    return copy


def _files(places: Iterable[Path]) -> Iterable[Path]:
    for place in places:
        yield from (path for path in place.rglob("*") if path.is_file())


def _forget(files: Iterable[Path]) -> None:
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5)

"""Build everything that is published: ``python3 packaging/build.py [--out DIR] [--python PATH]…``.

Wheel, sdist, smtp-wizard.pyz, the .deb where dpkg-deb is installed, man page, completions, the
pinned constraints, the bill of materials, and the checksums of all of them. The same sources give
the same bytes: times are those of the last commit, or of SOURCE_DATE_EPOCH; tools and dependencies
are pinned by their hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import deb
import pins
import pyz
import sbom

HERE = Path(__file__).parent
ROOT = HERE.parent
MINORS = range(11, 15)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build into ``--out``; byte code is made for every ``--python``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument(
        "--python",
        action="append",
        metavar="PATH",
        help="a Python that smtp-wizard.pyz is compiled for (default: python3.11 to 3.14, as far "
        "as they are on PATH); all others can run it, and start more slowly",
    )
    options = parser.parse_args(arguments)
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    epoch = source_date_epoch()
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="smtp-wizard-build-") as name:
        scratch = Path(name)
        tools = _tools(scratch / "tools")
        built = scratch / "built"
        _run(tools, "-m", "hatchling", "build", "-d", str(built))
        (wheel,) = built.glob("*.whl")
        pip = [str(tools), "-m", "pip", "--disable-pip-version-check"]
        needed = pins.read(HERE / "constraints.txt")
        wheels = _download(needed, pip, scratch)
        carried = [path for name, path in wheels.items() if name not in pyz.LEFT_OUT]
        pythons = options.python or _pythons()
        archive = built / "smtp-wizard.pyz"
        pyz.make([*carried, wheel], pip, pythons, scratch, archive, epoch)
        _take_out(wheel, built)
        make_deb(wheel, built, scratch, epoch)
        released = [wheel, *built.glob("*.tar.gz"), archive, *built.glob("*.deb")]
        sbom.make(released, wheels, needed, pyz.LEFT_OUT, built / "smtp-wizard.cdx.json", epoch)
        shutil.copyfile(HERE / "constraints.txt", built / "constraints.txt")
        _sums(built)
        for path in sorted(built.iterdir()):
            shutil.copy(path, out / path.name)
            sys.stdout.write(f"{path.stat().st_size:>10}  {out / path.name}\n")


def source_date_epoch() -> int:
    """Return the time of the sources, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    try:
        command = ["git", "log", "-1", "--format=%ct"]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 1767225600  # no repository: the sdist, whose own files have no other date either


def _tools(place: Path) -> Path:
    """Make an environment with the pinned tools; return its Python."""
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    pins = HERE / "tools.txt"
    _run(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
         "--require-hashes", "--only-binary=:all:", "-r", str(pins))  # fmt: skip
    return python


def _run(python: Path, *arguments: str) -> None:
    # Isolated: neither the directory of this file nor PYTHON… variables decide what is imported.
    subprocess.run([str(python), "-I", *arguments], cwd=ROOT, check=True)


def _download(needed: Sequence[pins.Pin], pip: Sequence[str], scratch: Path) -> dict[str, Path]:
    """Return the wheels of all that is pinned, by the name of the package."""
    listed, place = scratch / "pins.txt", scratch / "wheels"
    listed.write_text("".join(f"{pin.requirement}\n" for pin in needed), "utf-8")
    subprocess.run(
        [*pip, "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:",
         "--dest", str(place), "-r", str(listed)],
        check=True,
    )  # fmt: skip
    return {sbom.normal(path.name.partition("-")[0]): path for path in sorted(place.iterdir())}


def _pythons() -> list[str]:
    found = []
    for minor in MINORS:
        python = shutil.which(f"python3.{minor}")
        # It may be the stub of a version manager that has no such version.
        if python and not subprocess.run([python, "-c", ""], capture_output=True).returncode:
            found.append(python)
    return found or [sys.executable]


def _take_out(wheel: Path, out: Path) -> None:
    """Put man page and completions beside the wheel that they are in."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if ".data/data/share/" in name:
                (out / shared_name(name)).write_bytes(archive.read(name))


def shared_name(name: str) -> str:
    """Return a name that tells which shell a completion is for."""
    last = name.rpartition("/")[2]
    shell = "bash" if "bash-completion" in name else "zsh"
    return last if last.endswith(".1") else f"smtp-wizard.{shell}"


def make_deb(wheel: Path, built: Path, scratch: Path, epoch: int) -> None:
    """Make the .deb from what is built, where that is possible."""
    if shutil.which("dpkg-deb"):
        deb.make(built, wheel.name.split("-")[1], scratch, epoch)
    else:
        sys.stderr.write("There is no .deb: dpkg-deb is not installed.\n")


def _sums(out: Path) -> None:
    paths = sorted(path for path in out.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()

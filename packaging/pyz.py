"""smtp-wizard.pyz: the program and all that it needs in one file, in pure Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
LEFT_OUT = {
    "cryptography": "the demo's mail server and the keyring need it; it is machine code",
    "cffi": "only cryptography needs it; it is machine code",
    "pycparser": "only cffi needs it",
    "pywin32-ctypes": "Windows",
}
OPTIONAL = ("yaml/_yaml.*.so",)
"""Machine code that has a counterpart in Python, in the same package."""
_NOT_NEEDED = ("bin/*", "share/*", "*.dist-info/RECORD", "*.dist-info/INSTALLER",
               "*.dist-info/REQUESTED", "*.dist-info/WHEEL", "*.dist-info/direct_url.json",
               "**/py.typed", "**/__pycache__")  # fmt: skip


def make(
    wheels: Iterable[Path], pip: Sequence[str], pythons: Iterable[str], scratch: Path, out: Path,
    epoch: int,
) -> None:  # fmt: skip
    """Write the archive of ``wheels`` to ``out``.

    ``pip`` is the command that installs, ``pythons`` are those that byte code is made for,
    ``epoch`` is the time of every entry, in seconds since 1970.
    """
    site, compiled = scratch / "site", scratch / "compiled"
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--no-compile",
         "--target", str(site), *map(str, wheels)],
        check=True,
    )  # fmt: skip
    _make_pure(site)
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    for python in pythons:
        command = [python, "-I", str(HERE / "compile.py"), str(site), str(compiled)]
        subprocess.run(command, check=True, env=environ)
    _write(site, compiled, out, epoch)


def _make_pure(site: Path) -> None:
    """Remove what is not for every machine; refuse what would be missing then."""
    for pattern in (*OPTIONAL, *_NOT_NEEDED):
        for path in list(site.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    bound = [path for suffix in ("so", "pyd", "dll", "dylib") for path in site.rglob(f"*.{suffix}")]
    if bound:
        names = ", ".join(str(path.relative_to(site)) for path in bound)
        raise SystemExit(f"Machine code has no place in smtp-wizard.pyz: {names}")


def _write(site: Path, compiled: Path, out: Path, epoch: int) -> None:
    entries = {"__main__.py": HERE / "pyz_main.py"}
    for base, top in ((site, site), (compiled.parent, compiled)):
        entries |= {path.relative_to(base).as_posix(): path for path in top.rglob("*")}
    with out.open("wb") as stream:
        stream.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(stream, "w") as archive:
            for name, path in sorted(entries.items()):
                if path.is_file():
                    archive.writestr(_entry(name, epoch), path.read_bytes(), compresslevel=9)
                else:  # without these Python finds no package that has no __init__.py
                    archive.writestr(_entry(f"{name}/", epoch), b"")
    out.chmod(0o755)


def _entry(name: str, epoch: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = (0o40755 if name.endswith("/") else 0o100644) << 16
    return entry

"""Compile a directory of packages, for the Python that runs this: ``python compile.py SITE OUT``.

Writes ``OUT/NUMBER/…``, where NUMBER is that of this Python's byte code. Imports nothing but the
standard library, because every Python that is compiled for has to run it.
"""

from __future__ import annotations

import importlib.util
import py_compile
import shutil
import sys
from pathlib import Path

SLOW = ("pygments",)
"""Large, and loaded for nothing that the program shows: sources are enough."""


def main(site: Path, out: Path) -> None:
    """Write byte code that is taken as it is, without a look at its source."""
    out /= str(int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little"))
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site)
        if not path.is_file() or name.parts[0] in SLOW or name.parts[0].endswith(".dist-info"):
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            py_compile.compile(
                str(path),
                str(target.with_suffix(".pyc")),
                # The same wherever it is built; what a report shows as the place in the code.
                dfile=str(name),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        else:
            shutil.copyfile(path, target)  # data is looked for beside the code


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

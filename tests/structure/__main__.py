"""The structure of the package, in figures.

``python -m tests.structure [CHECKOUT]``; with another checkout, its figures are beside ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.structure.package import Imports, Package, cycles, longest_chain

REPOSITORY = Path(__file__).parents[2]


def figures(package: Package) -> dict[str, str]:
    files = package.files.values()
    doubled = package.names_defined_twice
    return {
        "rooms": f"{len(package.rooms)}",
        "floors between rooms": _floors(package.room_imports),
        "floors between files": _floors(package.file_imports),
        "cycles between rooms": f"{len(cycles(package.room_imports))}",
        "cycles between files": f"{len(cycles(package.file_imports))}",
        "pairs of rooms with an import": f"{sum(map(len, package.room_imports.values()))}",
        "pairs of files with an import": f"{len(package.pairs)}",
        "  of these across rooms": f"{len(package.pairs_across_rooms)}",
        "files": f"{len(files)}",
        "  packages with a docstring only": f"{sum(file.is_empty_package for file in files)}",
        "lines": f"{sum(file.lines for file in files)}",
        "  of the largest file": f"{max(file.lines for file in files)}",
        "functions": f"{len(package.functions)}",
        "  over 25 lines": _share(package, 25),
        "  over 40 lines": _share(package, 40),
        "  of the longest": f"{max(package.functions.values(), default=0)}",
        "public names defined twice": f"{len(doubled)}",
    }


def _floors(imports: Imports) -> str:
    return "endless" if cycles(imports) else f"{len(longest_chain(imports))}"


def _share(package: Package, lines: int) -> str:
    longer = len(package.functions_over(lines))
    return f"{longer} ({longer / max(len(package.functions), 1):.1%})"


def main() -> None:
    packages = [checkout / "wizard" for checkout in [*map(Path, sys.argv[1:2]), REPOSITORY]]
    for directory in packages:
        if not directory.is_dir():
            sys.exit(f"There is no package {directory}.")
    columns = [figures(Package(directory)) for directory in packages]
    if len(columns) > 1:
        sys.stdout.write(f"{'':<32}{'there':>14}{'here':>14}\n")
    for what in columns[0]:
        sys.stdout.write(f"{what:<32}{''.join(f'{column[what]:>14}' for column in columns)}\n")


if __name__ == "__main__":
    main()

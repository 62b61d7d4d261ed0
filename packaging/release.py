"""Print the notes of a release: ``python3 packaging/release.py TAG REPOSITORY``.

Refuses what does not fit together: the tag, the version in ``wizard/__init__.py``, the newest
section of ``CHANGELOG.md``, and the address of the repository in ``pyproject.toml``.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from wizard import __version__  # noqa: E402

_SECTION = re.compile(r"^## \[(.+?)\](.*)\n", re.MULTILINE)
_DATE = re.compile(r" - \d{4}-\d{2}-\d{2}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the section of the changelog, or end with what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tag", help="the tag, such as v1.2.3")
    parser.add_argument("repository", help="the address of the repository that releases it")
    options = parser.parse_args(arguments)
    changelog = sections((ROOT / "CHANGELOG.md").read_text("utf-8"))
    wrong = list(problems(options.tag, options.repository, changelog))
    if wrong:
        raise SystemExit("\n".join(wrong))
    sys.stdout.write(changelog[__version__][1].strip() + "\n")


def sections(changelog: str) -> dict[str, tuple[str, str]]:
    """Return the sections, newest first: version → the rest of its title, and its text."""
    _, *parts = _SECTION.split(changelog)
    return {
        version: (rest, text)
        for version, rest, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }


def problems(tag: str, repository: str, changelog: dict[str, tuple[str, str]]) -> Iterator[str]:
    """Yield each thing that has to be changed before the release."""
    if tag != f"v{__version__}":
        yield f"The tag is {tag}, and wizard/__init__.py says {__version__}."
    released = [version for version in changelog if version != "Unreleased"]
    if released[:1] != [__version__]:
        yield f"The newest section of CHANGELOG.md has to be [{__version__}]."
    elif not _DATE.fullmatch(changelog[__version__][0]):
        yield f"CHANGELOG.md needs a date: ## [{__version__}] - YYYY-MM-DD"
    if changelog.get("Unreleased", ("", ""))[1].strip():
        yield "In CHANGELOG.md something is still under [Unreleased]."
    if f'image.version="{__version__}"' not in (ROOT / "packaging/Dockerfile").read_text("utf-8"):
        yield "The label of packaging/Dockerfile has another version than wizard/__init__.py."
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    address = project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"]
    if address != repository:
        yield f"pyproject.toml says that the repository is {address}, and it is {repository}."


if __name__ == "__main__":
    main()

"""Everything that is published, built once from a copy of the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lock import locked

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
sys.path.insert(0, str(PACKAGING))  # whose files are scripts

EPOCH = 1_790_000_000
_NO_REGISTRY = (
    "Could not find a version", "NewConnectionError", "name resolution", "ReadTimeout",
    "Failed to fetch", "error sending request",
)  # fmt: skip


def sources(to: Path) -> Path:
    """Copy what belongs to the project, as it is at this moment."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def no_registry(said: str) -> bool:
    """Tell whether an installer has failed because there is nowhere to take packages from."""
    return any(sign in said for sign in _NO_REGISTRY)


def build(tree: Path, out: Path, **environ: str) -> Path:
    """Build everything; skip the test where there is no registry to take the pinned tools from."""
    done = subprocess.run(
        [sys.executable, str(tree / "packaging/build.py"), "--out", str(out),
         "--python", sys.executable],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), **environ},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and no_registry(done.stderr):
        pytest.skip("the package registry is out of reach")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="session")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with all that is published, which all processes of pytest-xdist share."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    published = shared / "dist"
    with locked(shared):
        if not published.exists():
            build(tree, tmp_path_factory.mktemp("built") / "dist").rename(published)
    return published

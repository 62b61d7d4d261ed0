"""The container image of smtp-wizard, built as its Dockerfile says, from what this machine can get.

No registry of images is asked: the base is Debian with Python, made by debootstrap, and stays in
the account's cache. The packages come from PyPI, by an index on the machine that has Docker.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs
import pytest

from tests.compose.docker_host import DockerHost
from tests.lock import locked
from tests.packaging.conftest import PACKAGING

RELEASE, PYTHON = "trixie", "3.13"
"""What the base is that the Dockerfile names."""
NAME = "smtp-wizard"
_BASE = "smtp-wizard-tests/python"
_PACKAGES = "python3-venv,ca-certificates"
_PORT = 8099


def prepare(host: DockerHost, directory: Path) -> None:
    """Give the machine the base, and an index with all packages that are pinned."""
    host.succeed("docker", "import", _base(), _BASE)
    index = directory / "index"
    for wheel in _wheels(directory / "wheels"):
        package = index / re.sub("[_.]", "-", wheel.name.partition("-")[0]).lower()
        package.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, package)
    serve = ("-m", "http.server", str(_PORT), "--bind", "127.0.0.1", "--directory", index)
    host.machine.start(sys.executable, *serve)
    host.machine.wait_for(_PORT)


def build(host: DockerHost, context: Path, name: str = NAME) -> None:
    """Build the image from the sources in ``context``, without anything from before."""
    arguments = {"BASE": _BASE, "PIP_INDEX_URL": f"http://127.0.0.1:{_PORT}"}
    flags = [word for each in arguments.items() for word in ("--build-arg", "=".join(each))]
    host.succeed(
        "docker", "build", "--no-cache", "--network", "host", *flags, "--tag", name,
        "--file", context / "packaging" / "Dockerfile", context, seconds=1500,
    )  # fmt: skip


def _base() -> Path:
    """Return an archive of a small Debian with Python."""
    if shutil.which("debootstrap") is None:
        pytest.skip("debootstrap is not installed")
    cached = platformdirs.user_cache_path("smtp-wizard-tests")
    archive = cached / f"{RELEASE}-python.tar"
    with locked(cached):
        if not archive.exists():
            _bootstrap(archive)
    return archive


def _bootstrap(archive: Path) -> None:
    unfinished = archive.with_suffix(".unfinished")
    with tempfile.TemporaryDirectory(dir=archive.parent) as root:
        made = _run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", RELEASE, root)
        if made.returncode:
            pytest.skip(f"debootstrap: {(made.stdout + made.stderr)[-300:]}")
        _run("tar", "--directory", root, "--create", "--file", str(unfinished), ".")
    unfinished.rename(archive)


def _wheels(directory: Path) -> list[Path]:
    """Fetch what is pinned, also what only other versions of Python need."""
    import pins  # found by what the packaging tests add to the path

    directory.mkdir()
    for name in ("tools.txt", "constraints.txt"):
        listed = directory / name
        needed = pins.read(PACKAGING / name)
        listed.write_text("".join(f"{pin.requirement}\n" for pin in needed))
        fetched = _run(
            sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
            "--only-binary=:all:", "--python-version", PYTHON, "--dest", str(directory),
            "--requirement", str(listed),
        )  # fmt: skip
        if fetched.returncode:
            pytest.skip(f"pip download: {fetched.stderr[-300:]}")
    return list(directory.glob("*.whl"))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)

"""Docker Compose as the client's plugin, built from its Go module.

A test is skipped where Go or the client is absent, or Go's registry out of reach. What is built
stays in the account's cache, since it takes minutes: every checkout finds it there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import platformdirs
import pytest

from tests.lock import locked

VERSION = os.environ.get("TEST_COMPOSE_VERSION", "v2.40.3")
"""Can be set, to try an older one."""
_MODULE = "github.com/docker/compose/v2"
_PLUGIN = Path("cli-plugins", "docker-compose")
_UNOPTIMIZED = "-gcflags=all=-N -l"  # optimizing takes a third longer, and gains nothing here


@cache
def docker_config() -> Path:
    """Return a directory for ``DOCKER_CONFIG`` that has the plugin."""
    for command in ("docker", "go"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    cached = platformdirs.user_cache_path("smtp-wizard-tests")
    directory = cached / f"compose-{VERSION}"
    directory.mkdir(parents=True, exist_ok=True)
    with locked(cached):
        if not (directory / _PLUGIN).exists():
            _build(directory / _PLUGIN)
    return directory


def _build(plugin: Path) -> None:
    plugin.parent.mkdir(exist_ok=True)
    fetched = _go(plugin.parent, "mod", "download", "-json", f"{_MODULE}@{VERSION}")
    if fetched.returncode:
        pytest.skip(f"go mod download: {fetched.stderr.strip() or fetched.stdout.strip()}")
    source = Path(json.loads(fetched.stdout)["Dir"])
    linking = f"-s -w -X {_MODULE}/internal.Version={VERSION}"
    unfinished = plugin.with_suffix(".unfinished")
    flags = ("-trimpath", _UNOPTIMIZED, "-ldflags", linking, "-o", str(unfinished))
    built = _go(source, "build", *flags, "./cmd")
    assert built.returncode == 0, built.stderr
    unfinished.rename(plugin)


def _go(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["go", *arguments], cwd=directory, capture_output=True, text=True, timeout=1500, check=False
    )

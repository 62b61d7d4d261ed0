"""Mail servers from other registries than Debian's, built or installed where they are needed.

A test is skipped where the toolchain is absent or its registry out of reach. What is built stays in
the ignored ``target`` directories.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.peers.readers import build, download

HERE = Path(__file__).parent


def maddy() -> Path:
    """Return the program of maddy, without the clients for DNS providers: they take minutes."""
    directory = HERE / "maddy_go"
    refusals = ("SECURITY ERROR", "updates to go.mod", "missing go.sum entry")
    download(directory, "go", "mod", "download", refusals=refusals)
    build(
        directory, "go", "build", "-mod=readonly", "-tags=libdns_separate", "-ldflags=-s -w",
        "-o=target/maddy", "github.com/foxcpp/maddy/cmd/maddy",
    )  # fmt: skip
    return directory / "target" / "maddy"


def haraka() -> Path:
    """Return the directory ``node_modules`` with Haraka and its plugins."""
    directory = HERE / "haraka_node"
    target = directory / "target"
    target.mkdir(exist_ok=True)
    lock = "package-lock.json"
    modules = target / "node_modules"
    complete = (modules / ".package-lock.json").exists()
    if not complete or (target / lock).read_bytes() != (directory / lock).read_bytes():
        for name in ("package.json", lock):
            shutil.copy(directory / name, target)
        download(
            target, "npm", "ci", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts",
            refusals=("EUSAGE", "EINTEGRITY"),
        )  # fmt: skip
    return modules

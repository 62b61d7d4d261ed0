"""Mail servers from other registries than Debian's, built or installed where they are needed.

A test is skipped where the toolchain is absent or its registry out of reach. What is built stays in
the ignored ``target`` directories.
"""

from __future__ import annotations

from pathlib import Path

from tests.lock import locked
from tests.peers.programs import build, download, node_modules

HERE = Path(__file__).parent


def maddy() -> Path:
    """Return the program of maddy, without the clients for DNS providers: they take minutes."""
    directory = HERE / "maddy_go"
    refusals = ("SECURITY ERROR", "updates to go.mod", "missing go.sum entry")
    with locked(directory / "target"):
        download(directory, "go", "mod", "download", refusals=refusals)
        build(
            directory, "go", "build", "-mod=readonly", "-tags=libdns_separate", "-ldflags=-s -w",
            "-o=target/maddy", "github.com/foxcpp/maddy/cmd/maddy",
        )  # fmt: skip
    return directory / "target" / "maddy"


def haraka() -> Path:
    """Return the directory ``node_modules`` with Haraka and its plugins."""
    return node_modules(HERE / "haraka_node", "--omit=optional", "--ignore-scripts")

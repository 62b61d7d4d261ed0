"""Mail servers from other registries than Debian's, built or installed where they are needed.

A test is skipped where the toolchain is absent or its registry out of reach. What is built stays in
the ignored ``target`` directories.
"""

from __future__ import annotations

from pathlib import Path

from tests.peers.programs import go_program, node_modules

HERE = Path(__file__).parent


def maddy() -> Path:
    """Return the program of maddy, without the clients for DNS providers: they take minutes."""
    return go_program(
        HERE / "maddy_go", "github.com/foxcpp/maddy/cmd/maddy",
        "-tags=libdns_separate", "-ldflags=-s -w",
    )  # fmt: skip


def haraka() -> Path:
    """Return the directory ``node_modules`` with Haraka and its plugins."""
    return node_modules(HERE / "haraka_node", "--omit=optional", "--ignore-scripts")

"""Fixtures for tests that ask the real readers of `.env`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from tests.peers import readers, systemd
from tests.peers.readers import Reader, ask


@pytest.fixture(scope="session")
def rust_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    with readers.rust_peer(tmp_path_factory.mktemp("dotenv_rust") / "env") as process:
        yield process


@pytest.fixture(scope="session")
def go_peer() -> Iterator[subprocess.Popen[bytes]]:
    with readers.go_peer() as process:
        yield process


@pytest.fixture(scope="session")
def node_peer() -> Iterator[subprocess.Popen[bytes]]:
    with readers.node_peer() as process:
        yield process


@pytest.fixture(scope="session")
def dotenvy(rust_peer: subprocess.Popen[bytes]) -> Reader:
    """The server: the variables are its environment after loading."""
    return partial(ask, rust_peer, "dotenvy")


@pytest.fixture(scope="session")
def elder_dotenv(rust_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, rust_peer, "dotenv")


@pytest.fixture(scope="session")
def compose(go_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, go_peer, "compose")


@pytest.fixture(scope="session")
def docker_run(go_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(ask, go_peer, "docker run")


@pytest.fixture(scope="session", params=["dotenv-16", "dotenv-18"])
def node(request: pytest.FixtureRequest, node_peer: subprocess.Popen[bytes]) -> Reader:
    return partial(readers.ask_node, node_peer, str(request.param))


@pytest.fixture(scope="session", params=["dash", "bash"])
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path = shutil.which(str(request.param))
    if path is None:
        pytest.skip(f"{request.param} is not installed")
    return partial(readers.ask_shell, path, tmp_path_factory.mktemp("shell") / "sourced")


@pytest.fixture(scope="session")
def systemd_reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return partial(systemd.ask, systemd.library(), tmp_path_factory.mktemp("systemd") / "env")

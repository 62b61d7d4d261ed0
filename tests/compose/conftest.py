"""Docker and Compose, started once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compose.bench import Bench
from tests.compose.docker_host import DockerHost
from tests.mail_servers import postfix


@pytest.fixture(scope="session")
def docker_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerHost]:
    """Return a machine with Docker."""
    with DockerHost(tmp_path_factory.mktemp("docker")) as host:
        yield host


@pytest.fixture(scope="session")
def mail_host(docker_host: DockerHost) -> DockerHost:
    """Return the same machine, with Postfix at its port 465, for containers as well."""
    postfix.start(docker_host.machine)
    return docker_host


@pytest.fixture(scope="session")
def bench(docker_host: DockerHost, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the wizard on that machine."""
    return Bench(docker_host, tmp_path_factory.mktemp("layouts"))

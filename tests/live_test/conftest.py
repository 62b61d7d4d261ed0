"""Fixtures for tests against mail servers on loopback."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import trustme

from tests.live_test import certificates
from tests.live_test.servers import (
    HOST,
    PASSWORD,
    Answers,
    LoopbackNetwork,
    Run,
    Script,
    Serve,
    run_test,
    serving,
)
from wizard.demo.mail_server import DEMO_USER, MailServer
from wizard.live_test.events import TestReport
from wizard.secrets.secret import Secret
from wizard.system.network import Network


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def catalogue_authority() -> trustme.CA:
    """The authority that the catalogue's servers have their certificates from."""
    return certificates.authority()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture
def friendly() -> Iterator[MailServer]:
    with MailServer(DEMO_USER, Secret(PASSWORD)) as server:
        yield server


@pytest.fixture
def network(authority: trustme.CA) -> Callable[[int], LoopbackNetwork]:
    return lambda port: LoopbackNetwork(port, authority)


@pytest.fixture
def run(network: Callable[[int], Network]) -> Run:
    """Run the test of an endpoint against the server on a port, or through another network."""

    async def run(
        port: int, endpoint: str = HOST, *, through: Network | None = None, **options: Any
    ) -> TestReport:
        return await run_test(through or network(port), endpoint, **options)

    return run


@pytest.fixture
def serve(server_tls: ssl.SSLContext) -> Serve:
    """Serve connections by a script; the context manager yields the port."""

    def serve(
        script: Script | Answers, *, tls: ssl.SSLContext | bool = False
    ) -> AbstractAsyncContextManager[int]:
        return serving(script, server_tls, tls=tls)

    return serve

"""Fixtures for discovery: an authority that everybody trusts, and servers with its certificates."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
import trustme

from tests.live_test.servers import Script, serving
from wizard.text import language

Serve = Callable[..., AbstractAsyncContextManager[int]]
Listen = Callable[[Script], AbstractAsyncContextManager[int]]
NAMES = ("example.org", "*.example.org", "elsewhere.example", "*.elsewhere.example")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def listen() -> Listen:
    """Serve connections by a script, without encryption, on a port of its own."""

    def listen(script: Script) -> AbstractAsyncContextManager[int]:
        return serving(script, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))

    return listen


@pytest.fixture
def serve(authority: trustme.CA) -> Serve:
    """Serve connections by a script, encrypted, on a port of its own."""

    def serve(
        script: Script, *names: str, by: trustme.CA | None = None
    ) -> AbstractAsyncContextManager[int]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (by or authority).issue_cert(*(names or NAMES)).configure_cert(context)
        return serving(script, context, tls=True)

    return serve


@pytest.fixture(params=["en", "de"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Speak one language after the other."""
    language.use(request.param)
    yield request.param
    language.use("en")

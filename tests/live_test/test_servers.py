"""The mail servers of these tests leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket

import pytest

from tests.live_test.servers import Serve


@pytest.mark.parametrize("tls", [False, True], ids=["clear text", "TLS"])
async def test_a_connection_that_arrives_as_the_server_closes_is_closed(
    serve: Serve, tls: bool
) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    for turns in range(8):
        async with serve(play, tls=tls) as port:
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
            for _ in range(turns):
                await asyncio.sleep(0)
        with client, contextlib.suppress(ConnectionResetError):  # nobody had accepted it yet
            assert client.recv(1) == b""
        gc.collect()  # complains about transports that are still open

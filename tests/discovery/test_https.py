"""One small file by HTTPS: where it may come from, and what is refused."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.discovery import web
from tests.discovery.conftest import Listen, Serve
from tests.discovery.internet import PUBLIC, Internet
from tests.live_test.servers import Script
from wizard.discovery.https import LARGEST, HttpsClient, NotFound, UnusableResponse

URL = "https://autoconfig.example.org/mail/config-v1.1.xml"
HOST = "autoconfig.example.org"


PIECES = [
    b"\r\n", b"\n", b"\r\n\r\n", b" ", b":", b"A: b\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 3\r\n", b"Content-Length: \xb2\r\n", b"4\r\n", b"<x/>", b"0\r\n", b"\0",
    b"\xff", b"HTTP/1.1 101 x\r\n", b"HTTP/1.1 ", b"ffffffff\r\n", b"1;\r\n",
]  # fmt: skip


def client_for(network: Internet) -> HttpsClient:
    return HttpsClient(network, network.tls_context(), "example.org")


async def fetch(serve: Serve, authority: trustme.CA, script: Script, *names: str) -> bytes:
    """Fetch the file from a server that runs ``script``; check that every connection is closed."""
    async with serve(script, *names) as port:
        network = Internet(authority, {(HOST, 443): port})
        try:
            return await client_for(network).get(URL)
        finally:
            assert await network.all_closed()


async def test_the_file_arrives_and_the_request_reveals_nothing_about_the_operator(
    serve: Serve, authority: trustme.CA
) -> None:
    asked: list[str] = []
    body = await fetch(serve, authority, web.always(web.response(b"<x/>"), asked))
    assert body == b"<x/>"
    [request] = asked
    assert request == (
        "GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: autoconfig.example.org\r\n"
        "User-Agent: smtp-wizard\r\nAccept: text/xml, application/xml\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<x/>\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nTransfer-Encoding: cHunked\n\n2;\r\n<x\r\n02\r\n/>\r\n0\r\nA: b\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n<x/>",
        b"HTTP/1.1 200\n\n<x/>",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<x/>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<x/>and more",
        web.response(b"<x/>", "Content-Type: text/xml"),
    ],
    ids=[
        "chunked", "chunked, careless", "until the end", "careless", "after an interim one",
        "with a length", "usual",
    ],
)  # fmt: skip
async def test_every_form_of_a_response_is_read(
    serve: Serve, authority: trustme.CA, answer: bytes
) -> None:
    assert await fetch(serve, authority, web.always(answer)) == b"<x/>"


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oops", "204 Nothing"])
async def test_another_status_means_that_there_is_no_file(
    serve: Serve, authority: trustme.CA, status: str
) -> None:
    with pytest.raises(NotFound):
        await fetch(serve, authority, web.always(web.response(b"<x/>", status=status)))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example.org ESMTP\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<x/>\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<x/>0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<x/>\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\n<x/>\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n<x/>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000000000000000\r\n\r\n<x/>",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        web.response(b"x" * (LARGEST + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000,
        b"\0" * 1000,
    ],
    ids=[
        "nothing", "smtp", "no number", "cut off", "wrong chunk", "chunk cut off",
        "chunk of another size", "no last chunk", "another coding", "negative length",
        "length of 24 digits",
        "only interim", "many headers", "long header",
        "large", "huge", "binary",
    ],
)  # fmt: skip
async def test_what_is_not_a_small_file_is_unusable(
    serve: Serve, authority: trustme.CA, answer: bytes
) -> None:
    with pytest.raises(UnusableResponse):
        await fetch(serve, authority, web.always(answer))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=10).map(b"".join))
async def test_nothing_that_a_server_sends_is_unexpected(
    serve: Serve, authority: trustme.CA, answer: bytes
) -> None:
    with suppress(UnusableResponse, NotFound):
        await fetch(serve, authority, web.always(b"HTTP/1.1 200 OK\r\n" + answer))


async def test_the_largest_file_is_still_read(serve: Serve, authority: trustme.CA) -> None:
    body = b"x" * LARGEST
    assert await fetch(serve, authority, web.always(web.response(body))) == body


async def test_a_certificate_for_another_name_gets_no_request(
    serve: Serve, authority: trustme.CA
) -> None:
    asked: list[str] = []
    with pytest.raises(ssl.SSLCertVerificationError):
        await fetch(serve, authority, web.always(web.response(b"<x/>"), asked), "other.example")
    assert asked == []


async def test_a_certificate_of_an_unknown_authority_gets_no_request(
    serve: Serve, authority: trustme.CA
) -> None:
    asked: list[str] = []
    async with serve(web.always(web.response(b""), asked), by=trustme.CA()) as port:
        network = Internet(authority, {(HOST, 443): port})
        with pytest.raises(ssl.SSLCertVerificationError):
            await client_for(network).get(URL)
        assert await network.all_closed()
    assert asked == []


async def test_a_server_without_tls_counts_as_none(listen: Listen, authority: trustme.CA) -> None:
    async def clear_text(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listen(clear_text) as port:
        network = Internet(authority, {(HOST, 443): port})
        with pytest.raises(NotFound):
            await client_for(network).get(URL)
        assert await network.all_closed()


@pytest.mark.parametrize("ports", [{}, {(HOST, 80): 1}], ids=["no name", "closed port"])
async def test_no_server_means_that_there_is_no_file(
    authority: trustme.CA, ports: dict[tuple[str, int], int]
) -> None:
    with pytest.raises(NotFound):
        await client_for(Internet(authority, ports)).get(URL)


async def test_a_redirection_is_followed(serve: Serve, authority: trustme.CA) -> None:
    script = web.pages(
        {
            "/mail/config-v1.1.xml": web.redirect("/a?b=c"),
            "/a?b=c": web.redirect("//elsewhere.example/d"),
            "/d": web.response(b"<x/>"),
        }
    )
    async with serve(script) as port:
        network = Internet(authority, {(HOST, 443): port, ("elsewhere.example", 443): port})
        assert await client_for(network).get(URL) == b"<x/>"
        assert await network.all_closed()


async def test_circular_redirections_come_to_an_end(serve: Serve, authority: trustme.CA) -> None:
    asked: list[str] = []
    with pytest.raises(UnusableResponse):
        await fetch(serve, authority, web.always(web.redirect(URL), asked))
    assert len(asked) == 4


@pytest.mark.parametrize(
    "to",
    [
        "http://autoconfig.example.org/x",
        "https://autoconfig.example.org:8443/x",
        "https://user@autoconfig.example.org/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[/x",
        "https://localhost/x",
        "https://autoconfig.example.org/ü",
        "https://autoconfig.example.org/a b",
        "https://autoconfig.example.org:99999/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
    ids=[
        "http",
        "other port",
        "user",
        "IPv4",
        "IPv6",
        "open bracket",
        "localhost",
        "not ASCII",
        "blank",
        "no port",
        "file",
        "javascript",
    ],
)
async def test_a_redirection_to_anything_but_https_is_not_followed(
    serve: Serve, authority: trustme.CA, to: str
) -> None:
    answer = web.redirect(to).decode().encode("latin-1")
    asked: list[str] = []
    with pytest.raises(UnusableResponse):
        await fetch(serve, authority, web.always(answer, asked))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("host", "addresses", "allowed"),
    [
        (HOST, ["10.0.0.1"], True),
        (HOST, ["fd00::1"], True),
        (HOST, ["127.0.0.1"], False),
        (HOST, ["::1"], False),
        (HOST, ["::ffff:127.0.0.1"], False),
        (HOST, ["::127.0.0.1"], False),
        (HOST, ["::ffff:0:127.0.0.1"], False),
        (HOST, ["64:ff9b::127.0.0.1"], False),
        (HOST, ["64:ff9b::169.254.169.254"], False),
        (HOST, ["64:ff9b::10.0.0.1"], True),
        (HOST, ["2002:7f00:1::"], False),
        (HOST, ["2002:7f00:1::8.8.8.8"], False),
        (HOST, ["169.254.169.254"], False),
        (HOST, ["fe80::1%eth0"], False),
        (HOST, ["0.0.0.0"], False),  # noqa: S104  (an address that is refused)
        (HOST, ["224.0.0.1"], False),
        (HOST, ["127.0.0.1", PUBLIC], True),
        ("elsewhere.example", [PUBLIC], True),
        ("elsewhere.example", ["10.0.0.1"], False),
        ("elsewhere.example", ["::ffff:192.168.0.1"], False),
        ("elsewhere.example", ["fd00::1"], False),
        ("elsewhere.example", ["fec0::1"], False),
        ("elsewhere.example", ["64:ff9b::10.0.0.1"], False),
        ("elsewhere.example", ["64:ff9b:1::1"], False),
        ("elsewhere.example", ["2002:a00:1::"], False),
        ("elsewhere.example", ["::10.0.0.1"], False),
        ("elsewhere.example", ["64:ff9b::8.8.8.8"], True),
    ],
    ids=[
        "own private IPv4",
        "own private IPv6",
        "own IPv4 loopback",
        "own IPv6 loopback",
        "own mapped loopback",
        "own compatible loopback",
        "own translated loopback",
        "own NAT64 loopback",
        "own NAT64 link-local",
        "own NAT64 private",
        "own 6to4 loopback",
        "own 6to4 loopback with another end",
        "own link-local IPv4",
        "own link-local IPv6",
        "own unspecified",
        "own multicast",
        "own public among two",
        "public elsewhere",
        "private IPv4 elsewhere",
        "mapped private elsewhere",
        "private IPv6 elsewhere",
        "site-local elsewhere",
        "private NAT64 elsewhere",
        "NAT64 of a network elsewhere",
        "private 6to4 elsewhere",
        "private compatible elsewhere",
        "public NAT64 elsewhere",
    ],
)
async def test_only_allowed_addresses_are_connected_to(
    serve: Serve, authority: trustme.CA, host: str, addresses: Sequence[str], allowed: bool
) -> None:
    async with serve(web.always(web.response(b"<x/>"))) as port:
        network = Internet(authority, {(host, 443): port}, {host: addresses})
        getting = client_for(network).get(f"https://{host}/x")
        if allowed:
            assert await getting == b"<x/>"
        else:
            with pytest.raises(NotFound):
                await getting
            assert network.sockets == []
        assert await network.all_closed()


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(100_000)
    await asyncio.Event().wait()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def cancel_in_the_middle(network: Internet) -> None:
    getting = asyncio.ensure_future(client_for(network).get(URL))
    await network.connecting.wait()
    await asyncio.sleep(0.3)  # into the middle of it
    getting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await getting
    assert len(network.sockets) == 1
    assert await network.all_closed()


@pytest.mark.parametrize("script", [silent, drip])
async def test_cancelling_closes_a_connection_that_would_never_end(
    serve: Serve, authority: trustme.CA, script: Script
) -> None:
    async with serve(script) as port:
        await cancel_in_the_middle(Internet(authority, {(HOST, 443): port}))


async def test_cancelling_in_the_middle_of_the_handshake_closes_the_connection(
    listen: Listen, authority: trustme.CA
) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listen(mute) as port:
        await cancel_in_the_middle(Internet(authority, {(HOST, 443): port}))

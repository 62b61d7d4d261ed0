"""Real HTTPS servers on loopback, and the files that they publish."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.live_test.servers import Script

SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.org">
    <domain>example.org</domain>
    <incomingServer type="imap">
      <hostname>imap.example.org</hostname><port>993</port><socketType>SSL</socketType>
    </incomingServer>
    {servers}
  </emailProvider>
</clientConfig>
"""


def server(
    host: str = "mail.example.org",
    port: str = "465",
    socket_type: str = "SSL",
    user: str = "%EMAILADDRESS%",
    *authentication: str,
) -> str:
    ways = "".join(f"<authentication>{way}</authentication>" for way in authentication)
    return (
        f'<outgoingServer type="smtp"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{socket_type}</socketType><username>{user}</username>{ways}</outgoingServer>"
    )


def settings(*servers: str) -> bytes:
    return SETTINGS.format(servers="".join(servers or (server(),))).encode()


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def redirect(to: str) -> bytes:
    return response(b"", f"Location: {to}", status="302 Found")


NOT_FOUND = response(b"", status="404 Not Found")


def pages(pages: Mapping[str, bytes], asked: list[str] | None = None) -> Script:
    """Answer requests for these paths, each with a whole response."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if asked is not None:
            asked.append(head)
        path = head.split()[1]
        writer.write(pages.get(path, NOT_FOUND))
        await writer.drain()
        writer.close()

    return play


def always(answer: bytes, asked: list[str] | None = None) -> Script:
    """Answer every request alike."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if asked is not None:
            asked.append(head)
        writer.write(answer)
        await writer.drain()
        writer.close()

    return play

"""Fetches one small public file by HTTPS, from a server that may be hostile.

Only HTTPS with a valid certificate, on port 443: a file sent in clear text could be anybody's, and
it decides where a password is sent. The certificate is checked before the request, so a name that
leads to somebody else's machine gets none. Outside the operator's own domain, where a redirection
can lead, only public addresses are connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, parse_headers
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from wizard.discovery.providers import is_within
from wizard.discovery.suggestion import as_host
from wizard.system.network import Address, Network, connect_first

LARGEST = 64 * 1024
"""Bytes of a file."""
_HEADERS = 16 * 1024
_REDIRECTIONS = 3
_REDIRECTED = frozenset({301, 302, 303, 307, 308})
_PATIENCE = 0.5
"""Seconds that an earlier address has left once a later one of the same name has answered."""
_WITH_IPV4 = (
    ipaddress.ip_network("::ffff:0:0/96"),  # mapped
    ipaddress.ip_network("::/96"),  # compatible
    ipaddress.ip_network("::ffff:0:0:0/96"),  # translated
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64
    ipaddress.ip_network("64:ff9b:1:ffff::/96"),  # NAT64 of one's own, with the usual length
)
"""IPv6 addresses that end with an IPv4 address, to which a gateway may connect."""
_LOCAL_USE, _SITE_LOCAL = ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("fec0::/10")
"""Networks of one's own that Python calls global."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\n]*)?\r?\n")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")


class NotFound(Exception):
    """There is no such file, or no server that answers."""


class NoServer(NotFound):
    """There is no server that answers."""


class UnusableResponse(Exception):
    """The response is too large, not HTTP, or a redirection that is not followed."""


class _Response(NamedTuple):
    status: int
    headers: HTTPMessage
    content: BytesIO
    """What follows the headers, as it was sent."""


@dataclass(frozen=True, slots=True)
class HttpsClient:
    """Fetches files on behalf of ``domain``, the operator's own."""

    network: Network
    context: ssl.SSLContext
    domain: str

    async def get(self, url: str) -> bytes:
        """Return the file; raise `NotFound`, `UnusableResponse` or `ssl.SSLCertVerificationError`.

        There is no deadline here; cancelling closes the connection at once.
        """
        for _ in range(_REDIRECTIONS + 1):
            host, path = _parts(url)
            response = await self._ask(host, path)
            if response.status in _REDIRECTED:
                url = _join(url, response.headers.get("Location", ""))
            elif response.status == 200:
                return _body(response)
            else:
                raise NotFound
        raise UnusableResponse

    async def _ask(self, host: str, path: str) -> _Response:
        try:
            addresses = await self.network.resolve(host, 443)
            allowed = [a for a in addresses if self._may_connect(host, a)]
            if not allowed:
                raise NoServer
            connected = await connect_first(self.network, allowed, _PATIENCE)
        except (OSError, UnicodeError) as error:
            raise NoServer from error
        try:
            reader, writer = await asyncio.open_connection(
                sock=connected.sock, ssl=self.context, server_hostname=host
            )
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            raise NoServer from error
        try:
            writer.write(_request(host, path))
            return _response(await _read(reader))
        except OSError as error:
            raise NoServer from error
        finally:
            writer.transport.abort()

    def _may_connect(self, host: str, address: Address) -> bool:
        """Whether a request for ``host`` may go to ``address``.

        A company's own network is fine for its own domain. This machine never is: nobody
        publishes settings for mail programs on it, but other services listen there.
        """
        ip = _destination(address.ip)
        local_use = ip in _LOCAL_USE or ip in _SITE_LOCAL
        if ip.is_global and not ip.is_multicast and not local_use:
            return True
        own = (ip.is_private or local_use) and not (
            ip.is_loopback or ip.is_link_local or ip.is_unspecified
        )
        return own and is_within(host, self.domain)


def _destination(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return where a connection ends: for an IPv4 address inside of an IPv6 one, that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address) or int(ip) <= 1:
        return ip
    if ip.sixtofour is not None:
        return ip.sixtofour
    if any(ip in network for network in _WITH_IPV4):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise UnusableResponse from error


def _parts(url: str) -> tuple[str, str]:
    """Return host, and path with query; raise `UnusableResponse` for what is not followed."""
    try:
        parts = urlsplit(url)
        host, port = as_host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise UnusableResponse from error
    if parts.scheme != "https" or host is None or port not in {None, 443} or "@" in parts.netloc:
        raise UnusableResponse
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    if not (path.isascii() and path.isprintable() and " " not in path):
        raise UnusableResponse
    return host, path


def _request(host: str, path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: smtp-wizard",
        "Accept: text/xml, application/xml",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Return everything up to the end of the connection."""
    received = bytearray()
    while piece := await reader.read(8192):
        received += piece
        if len(received) > LARGEST + _HEADERS:
            raise UnusableResponse
    return bytes(received)


def _response(received: bytes) -> _Response:
    """Parse a response, skipping the interim ones (1xx) before it."""
    content = BytesIO(received)
    status = 0
    while status < 200:
        line = _STATUS_LINE.fullmatch(content.readline())
        if line is None:
            raise UnusableResponse
        status = int(line[1])
        try:
            headers = parse_headers(content)
        except HTTPException as error:
            raise UnusableResponse from error
    return _Response(status, headers, content)


def _body(response: _Response) -> bytes:
    coding = response.headers.get("Transfer-Encoding")
    length = response.headers.get("Content-Length")
    if coding is not None:
        if coding.strip().lower() != "chunked":
            raise UnusableResponse
        body = b"".join(_chunks(response.content))
    elif length is None:
        body = response.content.read()
    else:
        if not re.fullmatch("[0-9]{1,8}", length.strip()):
            raise UnusableResponse
        body = response.content.read(int(length))
        if len(body) < int(length):
            raise UnusableResponse
    if len(body) > LARGEST:
        raise UnusableResponse
    return body


def _chunks(content: BytesIO) -> Iterator[bytes]:
    """Yield the chunks of a body up to the empty one; the trailers after it are ignored."""
    while True:
        line = _CHUNK_LINE.fullmatch(content.readline())
        if line is None:
            raise UnusableResponse
        if (size := int(line[1], 16)) == 0:
            return
        chunk = content.read(size)
        if len(chunk) < size or content.read(2) != b"\r\n":
            raise UnusableResponse
        yield chunk

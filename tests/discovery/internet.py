"""A small internet: names with public addresses, all of which lead to servers on loopback."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import trustme

from wizard.system.network import Address, SystemNetwork, match_server_tls

PUBLIC = "1.2.3.4"
"""Never connected to: every connection goes to loopback or nowhere."""


@dataclass(frozen=True, slots=True)
class NamedAddress(Address):
    """An address that remembers which name led to it: many share one."""

    host: str


class Internet(SystemNetwork):
    """``hosts`` maps names to addresses, ``ports`` a host and port to a port on loopback.

    The port None never answers. All other names do not exist, and all other ports are closed.
    """

    def __init__(
        self,
        authority: trustme.CA,
        ports: Mapping[tuple[str, int], int | None] | None = None,
        hosts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._authority = authority
        self._ports = ports or {}
        self._hosts = hosts or {}
        self.resolved: list[str] = []
        self.sockets: list[socket.socket] = []
        self.connecting = asyncio.Event()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        self.resolved.append(host)
        if host in self._hosts:
            addresses = self._hosts[host]
        elif any(name == host for name, _ in self._ports):
            addresses = [PUBLIC]
        else:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [NamedAddress(ip, port, host) for ip in addresses]

    async def connect(self, address: Address) -> socket.socket:
        assert isinstance(address, NamedAddress)
        key = address.host, address.port
        if key not in self._ports:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        self.connecting.set()
        port = self._ports[key]
        if port is None:
            await asyncio.Event().wait()
            raise AssertionError
        sock = await super().connect(Address("127.0.0.1", port))
        self.sockets.append(sock)
        return sock

    def tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authority.configure_trust(context)
        return match_server_tls(context)

    async def all_closed(self) -> bool:
        """Whether every connection is closed, after waiting for the event loop to do it."""
        for _ in range(200):
            if all(sock.fileno() == -1 for sock in self.sockets):
                return True
            await asyncio.sleep(0.01)
        return False

"""How the live test gets at names, connections and trust, so that the demo can bring its own."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wizard.system.background import in_background
from wizard.text.language import _


@dataclass(frozen=True, slots=True)
class Address:
    """One IP address and port that a name leads to."""

    ip: str
    port: int

    @property
    def family(self) -> socket.AddressFamily:
        """The address family, from the form of the address."""
        return socket.AF_INET6 if ":" in self.ip else socket.AF_INET

    def __str__(self) -> str:
        return _("{ip}, port {port}", ip=self.ip, port=self.port)


class Network(Protocol):
    """What the live test needs from the machine it runs on."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of ``host`` in the order of preference.

        Raises :class:`socket.gaierror` if there are none.
        """

    async def connect(self, address: Address) -> socket.socket:
        """Return a connected, non-blocking socket; raise :class:`OSError`."""

    def tls_context(self) -> ssl.SSLContext:
        """Return a context that trusts and verifies what the server's client does."""


class SystemNetwork:
    """The network and the trust store of this machine."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Ask the system's resolver, which the server asks as well."""
        with contextlib.suppress(ValueError):
            ipaddress.ip_address(host)
            return [Address(host, port)]
        # Bytes, because text would be changed by IDNA, and the server's client changes nothing.
        name = host.encode("ascii")
        found = await in_background(lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(Address(str(entry[4][0]), port) for entry in found))

    async def connect(self, address: Address) -> socket.socket:
        """Connect by TCP."""
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, (address.ip, address.port))
        except BaseException:
            sock.close()
            raise
        return sock

    def tls_context(self) -> ssl.SSLContext:
        """Trust the system's store, honouring ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``."""
        return strict(ssl.create_default_context())


def strict(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make ``context`` judge as the server's client does, whatever this Python's defaults are."""
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python 3.13 switched on both: the first refuses, the second accepts more than the server.
    context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN)
    return context

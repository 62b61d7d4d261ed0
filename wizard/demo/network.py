"""The demo's own network and DNS, in which all names lead to the embedded mail server."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Mapping, Sequence

from wizard.demo.mail_server import DEMO_HOST, DEMO_USER, MailServer
from wizard.discovery.dns import FixedRecords, MxRecord, SrvRecord
from wizard.system.network import Address, SystemNetwork, match_server_tls

RELAY_PORT = 2500


class DemoNetwork:
    """A :class:`wizard.system.network.Network` in which only the embedded server exists.

    Its host name and the usual ports lead to the ports that the system has chosen; all other ports
    are closed and all other names unknown. Nothing leaves this machine.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._system = SystemNetwork()

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """Return the address on loopback that answers for ``host`` and ``port``."""
        ports = self._ports().get(host.lower())
        if ports is None:
            raise socket.gaierror(socket.EAI_NONAME, "the demo does not know this name")
        return [Address("127.0.0.1", ports.get(port, port))]

    async def connect(self, address: Address) -> socket.socket:
        """Connect to the embedded server, and to nothing else."""
        if not any(address.port in ports.values() for ports in self._ports().values()):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return await self._system.connect(address)

    def tls_context(self) -> ssl.SSLContext:
        """Return a context that trusts only the demo's throw-away authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._server.trust(context)
        return match_server_tls(context)

    def is_trusted_only_here(self, tls: ssl.SSLObject) -> bool:
        """Take the demo's authority for a public one."""
        return False

    def _ports(self) -> Mapping[str, Mapping[int, int]]:
        """Return host → usual port → real port."""
        ports = self._server.ports
        relay = {25: ports.relay, RELAY_PORT: ports.relay}
        return {
            DEMO_HOST: {465: ports.smtps, 587: ports.starttls, 25: ports.relay},
            "localhost": relay,
            "127.0.0.1": relay,
        }


_DOMAIN = DEMO_USER.rpartition("@")[2]
DEMO_RECORDS = FixedRecords(
    mx_records={_DOMAIN: [MxRecord(10, DEMO_HOST)]},
    srv_records={
        f"_submissions._tcp.{_DOMAIN}": [SrvRecord(0, 1, 465, DEMO_HOST)],
        f"_submission._tcp.{_DOMAIN}": [SrvRecord(0, 1, 587, DEMO_HOST)],
    },
)
"""Goes with :class:`DemoNetwork`; no DNS server is asked."""

"""MX and SRV records from the name servers of this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from wizard.discovery.records import Mx, Srv
from wizard.system.background import in_background

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.name import Name

_ONE_TRY = 1.5
"""Seconds for one question to one name server."""
_LONGEST = 15.0
"""Seconds after which a question ends by itself; whoever asks sets the real deadline."""
_MOST = 20
"""Records of one name that are looked at."""


class SystemRecords:
    """Implements :class:`wizard.discovery.records.Records` with the resolver's configuration.

    ``nameserver`` is an IP address to ask instead. Cancelling a question closes its socket.
    """

    def __init__(self, nameserver: str | None = None, port: int = 53) -> None:
        self._nameserver = nameserver
        self._port = port

    async def mx(self, domain: str) -> Sequence[Mx]:
        """Ask for the MX records of ``domain``."""
        records = await self._ask(domain, "MX")
        return sorted(Mx(each.preference, _host(each.exchange)) for each in records)

    async def srv(self, name: str) -> Sequence[Srv]:
        """Ask for the SRV records of ``name``; of equal priority the heaviest comes first."""
        records = await self._ask(name, "SRV")
        found = [Srv(each.priority, each.weight, each.port, _host(each.target)) for each in records]
        return sorted(found, key=lambda record: (record.priority, -record.weight))

    async def _ask(self, name: str, kind: str) -> list[Any]:
        """Return the records as dnspython has them, whose fields depend on ``kind``."""
        resolver = await in_background(self._resolver)
        from dns.resolver import NXDOMAIN

        try:
            answer = await resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except NXDOMAIN as error:
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
        except Exception as error:  # whatever a hostile answer makes of dnspython
            raise socket.gaierror(socket.EAI_AGAIN, "the DNS gave no usable answer") from error
        return list(islice(answer.rrset or (), _MOST))

    def _resolver(self) -> Resolver:
        """Import dnspython, which takes a tenth of a second, and read its configuration."""
        from dns.asyncresolver import Resolver
        from dns.resolver import NoResolverConfiguration

        try:
            resolver = Resolver(configure=self._nameserver is None)
        except NoResolverConfiguration as error:
            raise socket.gaierror(socket.EAI_AGAIN, "no name servers are configured") from error
        if self._nameserver is not None:
            resolver.nameservers = [self._nameserver]
        resolver.port = self._port
        resolver.timeout, resolver.lifetime = _ONE_TRY, _LONGEST
        return resolver


def _host(name: Name) -> str:
    return name.to_text(omit_final_dot=True).removesuffix(".")  # the root is all dot

"""What the DNS says about the mail server of a domain: its MX and SRV records."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from wizard.config.endpoint import Route, Security
from wizard.discovery import sentences
from wizard.discovery.offers import (
    AdvertisedServer,
    suggestion_from_provider,
    suggestions_from,
)
from wizard.discovery.providers import is_filter, provider_by_mx
from wizard.discovery.suggestion import DiscoverySource, SourceResult, as_host
from wizard.system.background import run_in_thread

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.name import Name


R = TypeVar("R")


@dataclass(frozen=True, slots=True, order=True)
class MxRecord:
    """A host that receives mail; the lowest ``preference`` comes first. No host: a null MX."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """A server of a service; the lowest ``priority`` comes first. No host: not offered."""

    priority: int
    weight: int
    port: int
    host: str


class Records(Protocol):
    """The DNS queries that :class:`wizard.system.network.Network` does not have.

    Hosts are those in the DNS without the final dot, unchecked. A name without such records gives
    an empty sequence. :class:`socket.gaierror` with ``EAI_NONAME`` means that there is no such
    name, with any other code that the DNS could not be queried.
    """

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        """Return the MX records of ``domain``, in order."""

    async def srv(self, name: str) -> Sequence[SrvRecord]:
        """Return the SRV records of ``name``, for example ``_submissions._tcp.example.org``."""


@dataclass(frozen=True, slots=True)
class FixedRecords:
    """Fixed records, for the demo; no other name exists."""

    mx_records: Mapping[str, Sequence[MxRecord]] = field(default_factory=dict)
    srv_records: Mapping[str, Sequence[SrvRecord]] = field(default_factory=dict)

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        """Return the records of ``domain``."""
        return _fixed(self.mx_records, domain)

    async def srv(self, name: str) -> Sequence[SrvRecord]:
        """Return the records of ``name``."""
        return _fixed(self.srv_records, name)


def _fixed(records: Mapping[str, Sequence[R]], name: str) -> Sequence[R]:
    if name not in records:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    return records[name]


_SERVER_SECONDS = 1.5
"""For one query to one name server."""
_QUERY_SECONDS = 15.0
"""After that a query ends by itself; the caller sets the real deadline."""
_MAX_RECORDS = 20
"""More records of one name are ignored."""


class SystemRecords:
    """Queries the name servers of this machine, or ``nameserver`` (an IP address) instead.

    Cancelling a query closes its socket.
    """

    def __init__(self, nameserver: str | None = None, port: int = 53) -> None:
        self._nameserver = nameserver
        self._port = port

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        """Query the MX records of ``domain``."""
        records = await self._query(domain, "MX")
        return sorted(MxRecord(each.preference, _host(each.exchange)) for each in records)

    async def srv(self, name: str) -> Sequence[SrvRecord]:
        """Query the SRV records of ``name``; of equal priority, the greatest weight comes first."""
        records = await self._query(name, "SRV")
        found = [
            SrvRecord(each.priority, each.weight, each.port, _host(each.target)) for each in records
        ]
        return sorted(found, key=lambda record: (record.priority, -record.weight))

    async def _query(self, name: str, kind: str) -> list[Any]:
        """Return dnspython's records, whose attributes depend on ``kind``."""
        resolver = await run_in_thread(self._resolver)
        from dns.resolver import NXDOMAIN

        try:
            answer = await resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except NXDOMAIN as error:
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
        except Exception as error:  # whatever dnspython makes of a hostile answer
            raise socket.gaierror(socket.EAI_AGAIN, "the DNS gave no usable answer") from error
        return list(islice(answer.rrset or (), _MAX_RECORDS))

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
        resolver.timeout, resolver.lifetime = _SERVER_SECONDS, _QUERY_SECONDS
        return resolver


def _host(name: Name) -> str:
    return name.to_text(omit_final_dot=True).removesuffix(".")  # the root is nothing but a dot


_SERVICES = {"_submissions._tcp": Security.TLS, "_submission._tcp": Security.STARTTLS}
"""The better one first (RFC 8314)."""


async def by_mx(address: str, domain: str, records: Records) -> SourceResult:
    """Recognise the provider by the host that receives the mail of ``domain``.

    Only the most preferred hosts count: the others may belong to somebody else.
    """
    try:
        found = await records.mx(domain)
    except socket.gaierror as error:
        unknown = error.errno == socket.EAI_NONAME
        return SourceResult(
            remarks=(sentences.no_such_domain(domain) if unknown else sentences.dns_silent(domain),)
        )
    first = [record.host for record in found if record.preference == found[0].preference]
    if first == [""]:
        return SourceResult(remarks=(sentences.takes_no_mail(domain),))
    for provider in filter(None, map(provider_by_mx, first)):
        sentence = sentences.known_by_mx(provider, domain)
        return SourceResult(
            (suggestion_from_provider(provider, address, DiscoverySource.MX, sentence),)
        )
    filters = [sentences.behind_filter(domain, host) for host in first if is_filter(host)]
    return SourceResult(remarks=tuple(filters[:1]))


async def by_srv(domain: str, records: Records) -> SourceResult:
    """Take the servers that ``domain`` names, one for each service."""
    found = await asyncio.gather(*(_srv(f"{name}.{domain}", records) for name in _SERVICES))
    if not any(found) and None in found:
        return SourceResult(remarks=(sentences.dns_silent(domain),))
    first = [records[0] for records in found if records]
    if first and not any(record.host for record in first):
        return SourceResult(remarks=(sentences.not_offered(domain),))
    servers = [
        AdvertisedServer(Route(host, records[0].port, security))
        for records, security in zip(found, _SERVICES.values(), strict=True)
        if records and (host := as_host(records[0].host)) is not None
    ]
    return suggestions_from(DiscoverySource.SRV, domain, sentences.named_by_srv(domain), servers)


async def _srv(name: str, records: Records) -> Sequence[SrvRecord] | None:
    """Return the records, which may be none; None if the DNS could not be queried."""
    try:
        return await records.srv(name)
    except socket.gaierror as error:
        return () if error.errno == socket.EAI_NONAME else None

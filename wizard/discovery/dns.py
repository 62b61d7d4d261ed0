"""MX and SRV records from the name servers of this machine.

MX and SRV records: what is asked, and who asks it.

What the DNS says about the mail server of a domain.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from wizard.config.settings import Route, Security
from wizard.discovery import sentences
from wizard.discovery.offers import AdvertisedServer, of_provider, suggestions_from
from wizard.discovery.providers import provider_by_mx
from wizard.discovery.suggestion import DiscoverySource, SourceResult, as_host
from wizard.system.background import run_in_thread

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.name import Name


R = TypeVar("R")


@dataclass(frozen=True, slots=True, order=True)
class Mx:
    """A host that receives mails; the least ``preference`` comes first. No host: a null MX."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class Srv:
    """A server for a service; the least ``priority`` comes first. No host: not offered."""

    priority: int
    weight: int
    port: int
    host: str


class Records(Protocol):
    """The part of the DNS that :class:`wizard.system.network.Network` does not have.

    Hosts come as they stand in the DNS, without the dot at the end, and are not checked.
    A name without such records has none; :class:`socket.gaierror` says with ``EAI_NONAME`` that
    there is no such name, and with anything else that the DNS could not be asked.
    """

    async def mx(self, domain: str) -> Sequence[Mx]:
        """Return the MX records of ``domain``, in order."""

    async def srv(self, name: str) -> Sequence[Srv]:
        """Return the SRV records of ``name``, for example ``_submissions._tcp.example.org``."""


@dataclass(frozen=True, slots=True)
class FixedRecords:
    """Records that are told beforehand; every other name does not exist. For the demo."""

    mx_records: Mapping[str, Sequence[Mx]] = field(default_factory=dict)
    srv_records: Mapping[str, Sequence[Srv]] = field(default_factory=dict)

    async def mx(self, domain: str) -> Sequence[Mx]:
        """Return the records of ``domain``."""
        return _told(self.mx_records, domain)

    async def srv(self, name: str) -> Sequence[Srv]:
        """Return the records of ``name``."""
        return _told(self.srv_records, name)


def _told(records: Mapping[str, Sequence[R]], name: str) -> Sequence[R]:
    if name not in records:
        raise socket.gaierror(socket.EAI_NONAME, "the name is not among those that were told")
    return records[name]


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
        resolver = await run_in_thread(self._resolver)
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


_SERVICES = {"_submissions._tcp": Security.TLS, "_submission._tcp": Security.STARTTLS}
"""The better one first (RFC 8314)."""


async def by_mx(address: str, domain: str, records: Records) -> SourceResult:
    """Recognise the provider by the host that receives the mails of ``domain``.

    Only the most preferred hosts count: the others may be somebody else's.
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
        return SourceResult((of_provider(provider, address, DiscoverySource.MX, sentence),))
    return SourceResult()


async def by_srv(domain: str, records: Records) -> SourceResult:
    """Take the server that ``domain`` names, in the form of each service."""
    found = await asyncio.gather(*(_ask(f"{name}.{domain}", records) for name in _SERVICES))
    if not any(found) and None in found:
        return SourceResult(remarks=(sentences.dns_silent(domain),))
    first = [records[0] for records in found if records]
    if first and not any(record.host for record in first):
        return SourceResult(remarks=(sentences.not_offered(domain),))
    offers = [
        AdvertisedServer(Route(host, records[0].port, security))
        for records, security in zip(found, _SERVICES.values(), strict=True)
        if records and (host := as_host(records[0].host)) is not None
    ]
    return suggestions_from(DiscoverySource.SRV, domain, sentences.named_by_srv(domain), offers)


async def _ask(name: str, records: Records) -> Sequence[Srv] | None:
    """Return the records, none where there are none; None where the DNS could not be asked."""
    try:
        return await records.srv(name)
    except socket.gaierror as error:
        return () if error.errno == socket.EAI_NONAME else None

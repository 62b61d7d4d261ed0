"""What the DNS says about the mail server of a domain."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from wizard.config.settings import Route, Security
from wizard.discovery import providers, sentences
from wizard.discovery.domain import as_host
from wizard.discovery.known import of_provider
from wizard.discovery.offers import Offer, answer
from wizard.discovery.records import Records, Srv
from wizard.discovery.suggestion import Answer, Source

_SERVICES = {"_submissions._tcp": Security.TLS, "_submission._tcp": Security.STARTTLS}
"""The better one first (RFC 8314)."""


async def by_mx(address: str, domain: str, records: Records) -> Answer:
    """Recognise the provider by the host that receives the mails of ``domain``.

    Only the most preferred hosts count: the others may be somebody else's.
    """
    try:
        found = await records.mx(domain)
    except socket.gaierror as error:
        unknown = error.errno == socket.EAI_NONAME
        return Answer(
            remarks=(sentences.no_such_domain(domain) if unknown else sentences.dns_silent(domain),)
        )
    first = [record.host for record in found if record.preference == found[0].preference]
    if first == [""]:
        return Answer(remarks=(sentences.takes_no_mail(domain),))
    for provider in filter(None, map(providers.by_mx, first)):
        sentence = sentences.known_by_mx(provider, domain)
        return Answer((of_provider(provider, address, Source.MX, sentence),))
    return Answer()


async def by_srv(domain: str, records: Records) -> Answer:
    """Take the server that ``domain`` names, in the form of each service."""
    found = await asyncio.gather(*(_ask(f"{name}.{domain}", records) for name in _SERVICES))
    if not any(found) and None in found:
        return Answer(remarks=(sentences.dns_silent(domain),))
    first = [records[0] for records in found if records]
    if first and not any(record.host for record in first):
        return Answer(remarks=(sentences.not_offered(domain),))
    offers = [
        Offer(Route(host, records[0].port, security))
        for records, security in zip(found, _SERVICES.values(), strict=True)
        if records and (host := as_host(records[0].host)) is not None
    ]
    return answer(Source.SRV, domain, sentences.named_by_srv(domain), offers)


async def _ask(name: str, records: Records) -> Sequence[Srv] | None:
    """Return the records, none where there are none; None where the DNS could not be asked."""
    try:
        return await records.srv(name)
    except socket.gaierror as error:
        return () if error.errno == socket.EAI_NONAME else None

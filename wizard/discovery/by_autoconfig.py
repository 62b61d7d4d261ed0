"""Asks the web servers of a domain for the settings that it publishes for mail programs."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from wizard.discovery import sentences
from wizard.discovery.autoconfig import Unreadable, read
from wizard.discovery.https import NotThere, Unusable, Web
from wizard.discovery.offers import answer
from wizard.discovery.suggestion import Answer, Source
from wizard.probe.network import Network
from wizard.system.background import in_background

_PLACES = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
"""In the order of trust. Nothing about the operator is in the request: no ``emailaddress=``."""


async def by_autoconfig(address: str, domain: str, network: Network) -> Answer:
    """Take the file from the first place that has one."""
    context = await in_background(network.tls_context)  # reads a hundred certificates
    web = Web(network, context, domain)
    places = (place.format(domain=domain) for place in _PLACES)
    answers = await asyncio.gather(*(_ask(place, address, domain, web) for place in places))
    for each in answers:
        if each.suggestions:
            return each
    return Answer(remarks=tuple(dict.fromkeys(r for each in answers for r in each.remarks)))


async def _ask(place: str, address: str, domain: str, web: Web) -> Answer:
    host = urlsplit(place).hostname or domain
    try:
        offers = read(await web.get(place), address, domain)
    except NotThere:
        return Answer()
    except ssl.SSLCertVerificationError:
        return Answer(remarks=(sentences.wrong_certificate(host),))
    except (Unusable, Unreadable):
        return Answer(remarks=(sentences.unreadable(host),))
    return answer(Source.AUTOCONFIG, domain, sentences.named_by_autoconfig(domain), offers)

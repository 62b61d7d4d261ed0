"""Settings for mail programs that a domain publishes, in the format of Thunderbird's autoconfig.

https://www.ietf.org/archive/id/draft-ietf-mailmaint-autoconfig-00.html

Asks the web servers of a domain for the settings that it publishes for mail programs.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from wizard.config.settings import Route, Security
from wizard.discovery import sentences
from wizard.discovery.https import HttpsClient, NotFound, UnusableResponse
from wizard.discovery.offers import AdvertisedServer, suggestions_from
from wizard.discovery.sentences import autoconfig_unreadable
from wizard.discovery.suggestion import DiscoverySource, SourceResult, as_host
from wizard.system.background import run_in_thread
from wizard.system.network import Network

_MOST = 5
"""Servers of one file that are looked at."""
_SECURITY = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS, "plain": Security.NONE}
_BY_PASSWORD = frozenset({"password-cleartext", "plain"})
_WITHOUT_LOGIN = frozenset({"none", "client-IP-address", "smtp-after-pop"})
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._+@-]*\Z")


class InvalidAutoconfig(Exception):
    """The file is none of these."""


class _Builder(TreeBuilder):
    """Builds no tree of a file that declares a type: entities would be declared in there."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise InvalidAutoconfig


def parse_autoconfig(file: bytes, address: str, domain: str) -> list[AdvertisedServer]:
    """Return the servers for outgoing mail in the order of the file; raise :class:`Unreadable`.

    Servers that are no hosts on the internet are left out.
    """
    parser = XMLParser(target=_Builder())  # noqa: S314  (the builder refuses what is dangerous)
    try:
        parser.feed(file)
        root = parser.close()
    except (ParseError, LookupError, ValueError) as error:  # unknown encodings are the latter
        raise InvalidAutoconfig from error
    if not isinstance(root, Element) or root.tag != "clientConfig":
        raise InvalidAutoconfig
    servers = root.findall("emailProvider/outgoingServer[@type='smtp']")[:_MOST]
    return [offer for server in servers for offer in _offer(server, address, domain)]


def _offer(server: Element, address: str, domain: str) -> Iterator[AdvertisedServer]:
    host = as_host(_text(server, "hostname").replace("%EMAILDOMAIN%", domain))
    port = _text(server, "port")
    security = _SECURITY.get(_text(server, "socketType"))
    if host is None or security is None or not re.fullmatch(r"[1-9][0-9]{0,4}", port, re.ASCII):
        return
    if int(port) < 65536:
        user = _user(_text(server, "username"), address, domain)
        yield AdvertisedServer(Route(host, int(port), security), user, _takes_password(server))


def _text(server: Element, tag: str) -> str:
    return (server.findtext(tag) or "").strip()


def _user(template: str, address: str, domain: str) -> str | None:
    """Fill in ``template``; None if it names somebody, or has characters that no template has."""
    filled = {
        "%EMAILADDRESS%": address,
        "%EMAILLOCALPART%": address.rpartition("@")[0],
        "%EMAILDOMAIN%": domain,
    }
    pieces = re.split(f"({'|'.join(filled)})", template)
    fixed = pieces[::2]
    if not {"%EMAILADDRESS%", "%EMAILLOCALPART%"} & set(pieces) or not all(
        _PLAIN_TEXT.match(piece) for piece in fixed
    ):
        return None
    return "".join(filled.get(piece, piece) for piece in pieces)


def _takes_password(server: Element) -> bool:
    """Whether the server can log in with a password in clear text, or need not log in."""
    ways = {(each.text or "").strip() for each in server.findall("authentication")}
    return not ways or bool(ways & (_BY_PASSWORD | _WITHOUT_LOGIN))


_PLACES = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
"""In the order of trust. Nothing about the operator is in the request: no ``emailaddress=``."""


async def by_autoconfig(address: str, domain: str, network: Network) -> SourceResult:
    """Take the file from the first place that has one."""
    context = await run_in_thread(network.tls_context)  # reads a hundred certificates
    web = HttpsClient(network, context, domain)
    places = (place.format(domain=domain) for place in _PLACES)
    answers = await asyncio.gather(*(_ask(place, address, domain, web) for place in places))
    for each in answers:
        if each.suggestions:
            return each
    return SourceResult(remarks=tuple(dict.fromkeys(r for each in answers for r in each.remarks)))


async def _ask(place: str, address: str, domain: str, web: HttpsClient) -> SourceResult:
    host = urlsplit(place).hostname or domain
    try:
        offers = parse_autoconfig(await web.get(place), address, domain)
    except NotFound:
        return SourceResult()
    except ssl.SSLCertVerificationError:
        return SourceResult(remarks=(sentences.wrong_certificate(host),))
    except (UnusableResponse, InvalidAutoconfig):
        return SourceResult(remarks=(autoconfig_unreadable(host),))
    return suggestions_from(
        DiscoverySource.AUTOCONFIG, domain, sentences.named_by_autoconfig(domain), offers
    )
